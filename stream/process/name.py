"""A worker's name: the same again after a crash, and never that of another that runs."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from contextlib import contextmanager
from hashlib import blake2b
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stream.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream.config import Settings

MAX_WORKERS: Final = 1000


@contextmanager
def held_name(settings: Settings, *, name: str | None, data: Path | None) -> Iterator[str]:
    """``name``, else the first of ``HOST-1``, ``HOST-2``, … that is free on this machine.

    Kafka gives a member that comes back under its name its partitions at once, where it would
    otherwise wait for the session of the dead one to run out (and the embedded broker waits
    for ever). A name is ours for as long as we hold the lock on its file, which the system
    releases however we end.
    """
    folder = data or Path(tempfile.gettempdir()) / f"threadline-{os.getuid()}"
    folder.mkdir(parents=True, exist_ok=True)
    cluster = blake2b(f"{settings.brokers} {settings.prefix}".encode(), digest_size=8).hexdigest()
    names = [name] if name else (f"{socket.gethostname()}-{n}" for n in count(1))
    for tried, wanted in enumerate(names):
        file = _locked(folder / f"worker-{cluster}-{_file_name(wanted)}.lock")
        if file is not None:
            try:
                yield wanted
            finally:
                os.close(file)
            return
        if tried > MAX_WORKERS:
            break
    msg = f"a worker named {name!r} runs here already; give another --name, or none"
    raise UsageError(msg)


def _locked(path: Path) -> int | None:
    file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return file


def _file_name(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-._" else f"%{ord(c):x}" for c in name)
