"""Rows made and written in one process, a batch after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream.serve.store import Store
from stream.serve.tables import Tables

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from stream.serve.store import Arrived, Place
    from stream.serve.tables import Written


class Storing(Store):
    """A store that writes what it makes to ``db``."""

    def __init__(self, db: sqlite3.Connection, *, partitions: int, waiting_max: int = 50_000):
        super().__init__(db, partitions=partitions, waiting_max=waiting_max)
        self._tables = Tables(db)

    def write(self, written: Written) -> None:
        self._tables.write(written)

    def apply(
        self, batch: Mapping[Place, Sequence[Arrived]], positions: Mapping[Place, int]
    ) -> None:
        """Store ``batch``, after which the reader stands at ``positions``."""
        self.write(self.made(batch, positions))
