"""Folders for what is sorted or expanded: gone when that is done, whatever ends it.

What a process that was killed has left is removed by the next one: each folder holds a file that
its owner keeps locked, and the system unlocks it when the owner is no more.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX: Final = "threadline-"
LOCK: Final = ".in-use"


@contextmanager
def temporary_folder(within: Path | None = None) -> Iterator[Path]:
    """A new folder in ``within``, else where the system has temporary files."""
    within = within or Path(tempfile.gettempdir())
    _remove_abandoned(within)
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=within) as made:
        lock = _locked(Path(made))
        try:
            yield Path(made)
        finally:
            os.close(lock)


def _locked(folder: Path) -> int:
    """Its lock has its name only once it is locked: nobody may find it open meanwhile."""
    lock = os.open(folder / f"{LOCK}-new", os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    (folder / f"{LOCK}-new").rename(folder / LOCK)
    return lock


def _remove_abandoned(within: Path) -> None:
    for path in within.glob(f"{PREFIX}*/{LOCK}"):
        with suppress(OSError):  # Another's, or just gone.
            lock = os.open(path, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path.parent, ignore_errors=True)
            finally:
                os.close(lock)
