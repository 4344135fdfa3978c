"""The command itself, given an archive, in a process whose peak of resident memory is measured."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

if TYPE_CHECKING:
    from pathlib import Path

MEMORY_MB: Final = 300
# A process begins with the memory of the one that starts it: so a small one does.
_MEASURED: Final = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(status)
"""


class Ran(NamedTuple):
    """How a command ended, and the peak of memory of it and of what it started."""

    status: int
    out: bytes
    problem: str
    memory_mb: float


def threadline(*args: object) -> Ran:
    """Run the command."""
    command = [sys.executable, "-m", "stream.cli", *map(str, args)]
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *command], capture_output=True, check=False
    )
    *problem, memory = done.stderr.decode().splitlines(keepends=True)
    return Ran(done.returncode, done.stdout, "".join(problem), int(memory) / 1024)


def refused(path: Path, *said: str, args: tuple[str, ...] = ()) -> None:
    """A replay of it ends with one line that says all of that, in bounded memory."""
    ran = threadline("replay", "--dry-run", path, *args)
    assert "Traceback" not in ran.problem
    assert ran.problem.startswith("error: ")
    assert len(ran.problem.splitlines()) == 1
    assert (ran.status, ran.out) == (3, b"")
    for words in said:
        assert words in ran.problem
    assert ran.memory_mb < MEMORY_MB


def inspected(path: Path, *args: str) -> dict[str, Any]:
    """What is found in it where what cannot be read is skipped, in bounded memory."""
    ran = threadline("inspect", path, "--json", "--skip-unreadable", *args)
    assert (ran.status, ran.problem) == (0, "")
    assert ran.memory_mb < MEMORY_MB
    found: dict[str, Any] = orjson.loads(ran.out)
    return found
