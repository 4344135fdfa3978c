"""Threads and communities by number, in the order in which they are first seen."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3

REMEMBERED_MAX: Final = 200_000  # Some 40 MB; beyond it the table is asked again.
UNDER_WAY: Final = 2  # Transactions that were made, and are not committed yet.


class Numbers:
    """One table of names, which somebody else writes: what `fresh` gives, in turn.

    Some transactions may be under way: one that is being written, one that waits for that, and one
    that is made ready meanwhile. ``db`` sees what is committed, or more.
    """

    def __init__(self, db: sqlite3.Connection, table: str, column: str) -> None:
        self._db = db
        self._find = f"SELECT no FROM {table} WHERE {column} = ?"  # noqa: S608 (our own names)
        self._last = int(db.execute(f"SELECT ifnull(max(no), 0) FROM {table}").fetchone()[0])  # noqa: S608
        self._known: dict[str, int] = {}
        self._knows_all = self._last == 0
        self._new: dict[str, int] = {}
        self._under_way: deque[dict[str, int]] = deque(maxlen=UNDER_WAY)

    def of(self, name: str) -> int:
        """The number of ``name``, given to it now where it has none."""
        number = self._known.get(name)
        return self._looked_up(name) if number is None else number

    def fresh(self) -> list[tuple[int, str]]:
        """The rows for what is new since the last call.

        With `UNDER_WAY` calls more, what this one gave is to be committed.
        """
        new, self._new = self._new, {}
        self._under_way.append(new)
        return [(number, name) for name, number in new.items()]

    def _looked_up(self, name: str) -> int:
        made = (new[name] for new in (self._new, *self._under_way) if name in new)
        number = next(made, None) or self._stored(name)
        if number is None:
            number = self._last = self._last + 1
            self._new[name] = number
        if len(self._known) >= REMEMBERED_MAX:
            self._known.clear()
            self._knows_all = False
        self._known[name] = number
        return number

    def _stored(self, name: str) -> int | None:
        if self._knows_all:
            return None
        row = self._db.execute(self._find, (name,)).fetchone()
        return None if row is None else int(row[0])
