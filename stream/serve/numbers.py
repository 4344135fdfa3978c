"""Threads and communities by number, in the order in which they are first seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3

REMEMBERED_MAX: Final = 200_000  # Some 40 MB; beyond it the table is asked again.


class Numbers:
    """One table of names; forget what it remembers when a transaction is rolled back."""

    def __init__(self, db: sqlite3.Connection, table: str, column: str) -> None:
        self._db = db
        self._find = f"SELECT no FROM {table} WHERE {column} = ?"  # noqa: S608 (our own names)
        self._make = f"INSERT INTO {table}({column}) VALUES(?) RETURNING no"
        self._known: dict[str, int] = {}

    def of(self, name: str) -> int:
        """The number of ``name``, given to it now where it has none."""
        number = self._known.get(name)
        if number is None:
            row = self._db.execute(self._find, (name,)).fetchone()
            number = int((row or self._db.execute(self._make, (name,)).fetchall()[0])[0])
            if len(self._known) >= REMEMBERED_MAX:
                self._known.clear()
            self._known[name] = number
        return number

    def forget(self) -> None:
        self._known.clear()
