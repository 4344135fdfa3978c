"""Messages between two of our own processes: a kind, a length, so many bytes, through a pipe."""

from __future__ import annotations

import fcntl
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from io import FileIO

PIPE_BYTES: Final = 1 << 20  # Where the system gives so much: then neither waits for the other.

_HEAD: Final = struct.Struct(">BQ")


def widen(pipe: FileIO) -> None:
    """Let as much lie in ``pipe`` as it may; else it stays as narrow as it was."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def send(to: FileIO, kind: int, data: bytes = b"") -> None:
    """Send a message; ``to`` has no buffer, so that nothing of it waits."""
    for part in (_HEAD.pack(kind, len(data)), data):
        rest = memoryview(part)
        while rest:
            rest = rest[to.write(rest) :]


def receive(source: FileIO) -> tuple[int, bytearray] | None:
    """The next message; None where the other process has ended, though it be amid one."""
    head = _whole(source, _HEAD.size)
    if len(head) < _HEAD.size:
        return None
    kind, size = _HEAD.unpack(head)
    data = _whole(source, size)
    return (kind, data) if len(data) == size else None


def _whole(source: FileIO, size: int) -> bytearray:
    data = bytearray(size)
    view, have = memoryview(data), 0
    while have < size and (more := source.readinto(view[have:])):
        have += more
    view.release()
    del data[have:]
    return data
