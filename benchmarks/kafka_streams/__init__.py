"""Kafka Streams' jars and the simple job's class, built by Maven once for all checkouts."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
SOURCES: Final = ("pom.xml", "SimpleJob.java")
COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


class UnbuiltError(Exception):
    """Maven has failed: what it said."""


def missing() -> str | None:
    """What is not on the PATH, in words; None where all is there."""
    absent = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
    return f"{' and '.join(absent)} not on the PATH" if absent else None


def jars() -> Path:
    """The folder with the class path; made at the first use, and anew when a source changes."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    says = b"".join((HERE / name).read_bytes() for name in SOURCES)
    folder = cache / "threadline" / f"kafka-streams-{hashlib.sha256(says).hexdigest()[:12]}"
    if folder.is_dir():
        return folder
    making = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}")
    making.mkdir(parents=True)
    try:
        for name in SOURCES:
            shutil.copy(HERE / name, making)
        _maven(making)
        with suppress(OSError):  # Another run may have been faster.
            (making / "jars").rename(folder)
    finally:
        shutil.rmtree(making)
    return folder


def _maven(folder: Path) -> None:
    command = ["mvn", "-q", "-B", "-f", str(folder / "pom.xml"), "package", COPY]
    command.append(f"-DoutputDirectory={folder / 'jars'}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 # Ours.
    if done.returncode:
        msg = f"Kafka Streams' jars cannot be built:\n{done.stdout}{done.stderr}"
        raise UnbuiltError(msg)
    shutil.copy(folder / "target" / "simple-job-1.jar", folder / "jars")
