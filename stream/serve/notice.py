"""How readers learn of a commit: a datagram to every socket in a folder beside the database.

A datagram may be lost, so a reader asks the database, never the message, and looks by itself
several times a second.
"""

from __future__ import annotations

import asyncio
import os
import socket
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

LOOKS_EVERY_S: Final = 0.25
PROC: Final = "/proc/self/fd"


def folder_of(database: Path) -> Path:
    """Where the sockets of those who read ``database`` are."""
    return database.with_name(f"{database.name}.notify")


@contextmanager
def _short(folder: Path) -> Iterator[str]:
    """A path to ``folder`` that fits into a socket's address, of some 100 characters."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        yield f"{PROC}/{opened}" if os.path.isdir(PROC) else str(folder)  # noqa: PTH112 (no Path)
    finally:
        os.close(opened)


class Notifier:
    """The writer's side."""

    def __init__(self, database: Path) -> None:
        self._folder = folder_of(database)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(0)

    def tell(self) -> None:
        """Wake all readers; one that is gone or has a message waiting is passed over."""
        if not self._folder.is_dir():
            return
        with _short(self._folder) as short:
            for path in self._folder.iterdir():
                try:
                    self._socket.sendto(b"", f"{short}/{path.name}")
                except ConnectionRefusedError:
                    path.unlink(missing_ok=True)  # Its reader was killed.
                except OSError:
                    continue

    def close(self) -> None:
        self._socket.close()


class Commits:
    """The reader's side: `next` is done at the next commit that its connection can see."""

    def __init__(self, db: sqlite3.Connection, database: Path) -> None:
        self._db = db
        self._folder = folder_of(database)
        self._poked = asyncio.Event()
        self._next = asyncio.get_running_loop().create_future()

    def next(self) -> asyncio.Future[None]:
        """Shared by all who wait: shield it."""
        return self._next

    async def run(self) -> None:
        """Watch until cancelled."""
        with self._listening():
            seen = self._version()
            while True:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._poked.wait(), LOOKS_EVERY_S)
                self._poked.clear()
                if self._version() != seen:
                    seen = self._version()
                    done, self._next = self._next, asyncio.get_running_loop().create_future()
                    done.set_result(None)

    def _version(self) -> int:
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    @contextmanager
    def _listening(self) -> Iterator[None]:
        self._folder.mkdir(exist_ok=True)
        path = self._folder / f"{uuid.uuid4().hex[:12]}"
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
            bound.settimeout(0)
            try:
                with _short(self._folder) as short:
                    bound.bind(f"{short}/{path.name}")
            except OSError:  # A path too long, where there is no /proc: looking will do.
                yield
                return
            loop.add_reader(bound, self._hear, bound)
            try:
                yield
            finally:
                loop.remove_reader(bound)
                path.unlink(missing_ok=True)

    def _hear(self, bound: socket.socket) -> None:
        with suppress(BlockingIOError):
            while True:
                bound.recv(1)
                self._poked.set()
