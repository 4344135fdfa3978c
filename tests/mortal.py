"""A broker that a test kills with -9, or puts to sleep."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.brokers import ApacheBroker, embedded

if TYPE_CHECKING:
    from collections.abc import Iterator

GONE_WITHIN_S: Final = 20.0


class Mortal:
    """A broker with an end of its own."""

    def __init__(self, address: str, pid: int) -> None:
        self.address = address
        self._pid = pid

    def kill(self) -> None:
        """End it with -9; return once it is gone."""
        os.kill(self._pid, signal.SIGKILL)
        deadline = time.monotonic() + GONE_WITHIN_S
        while _runs(self._pid):
            assert time.monotonic() < deadline, "a broker survives a kill -9"
            time.sleep(0.01)

    def freeze(self) -> None:
        """It says nothing any more, and its connections stay."""
        os.kill(self._pid, signal.SIGSTOP)


@contextmanager
def mortal(kind: str, folder: Path) -> Iterator[Mortal]:
    """One of its ``kind``, gone after the ``with`` whatever was done to it."""
    if kind == "apache":
        broker = ApacheBroker(folder)
        broker.start()
        try:
            yield Mortal(broker.address, broker.pid or 0)
        finally:
            broker.kill()
        return
    with embedded(folder) as address:
        pid = embedded_pid(address)
        if pid is None:
            pytest.fail(f"no broker is to be found at {address}")
        try:
            yield Mortal(address, pid)
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def embedded_pid(address: str) -> int | None:
    """That of the program itself, not of its watchdog."""
    port = address.rpartition(":")[2].encode()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            program, *arguments = (process / "cmdline").read_bytes().split(b"\0")
            if program.endswith(b"noida-db") and port in arguments:
                return int(process.name)
    return None


def _runs(pid: int) -> bool:
    """A zombie does not: its parent has not looked yet."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
