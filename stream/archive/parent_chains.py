"""From an item to the one that its thread began with, where items tell only their parents."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from stream.archive.holdings import CACHE_KIB

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

KNOWN_MAX: Final = 200_000  # Tops kept in memory; the rest is looked up again.
DEPTH_MAX: Final = 100_000


@contextmanager
def chains() -> Iterator[Chains]:
    """Empty ones, in a file without a name that is gone afterwards."""
    disk = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    try:
        disk.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        disk.execute("PRAGMA journal_mode = OFF")
        disk.execute("CREATE TABLE parents (id INTEGER PRIMARY KEY, parent INTEGER)")
        disk.execute("BEGIN")
        yield Chains(disk)
    finally:
        disk.close()


class Chains:
    """Made by `chains`; filled with whose parent is who, then asked for the top."""

    def __init__(self, disk: sqlite3.Connection) -> None:
        self._disk = disk
        self._known: dict[int, int] = {}

    def learn(self, parents: Iterable[tuple[int, int]]) -> None:
        """Take items with what they stand under."""
        self._disk.executemany("INSERT OR REPLACE INTO parents VALUES (?, ?)", parents)

    def top(self, id_: int, parent: int | None) -> int:
        """The topmost id above this one, whether or not the item is there.

        `ValueError` where its parents stand in a circle, or deeper than anybody talks.
        """
        passed: dict[int, None] = {}
        top, above = id_, parent
        while above is not None and top not in self._known:
            passed[top] = None
            if above in passed or len(passed) > DEPTH_MAX:
                msg = f"the parents of {id_} come back to it, or have no end"
                raise ValueError(msg)
            top, above = above, self._parent(above)
        top = self._known.get(top, top)
        if len(self._known) > KNOWN_MAX:
            self._known.clear()
        self._known.update(dict.fromkeys(passed, top))
        return top

    def _parent(self, id_: int) -> int | None:
        row = self._disk.execute("SELECT parent FROM parents WHERE id = ?", (id_,)).fetchone()
        return None if row is None else int(row[0])
