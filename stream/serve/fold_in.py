"""The write-ahead log is folded into the database while more is written.

SQLite does that within a commit, once the log is long: whoever writes then stands until the disk
has all of it. What another connection has folded in by then is not left for that commit.
"""

from __future__ import annotations

from contextlib import asynccontextmanager, closing
from functools import partial
from typing import TYPE_CHECKING, Final

from stream.serve.schema import open_for_folding_in
from stream.serve.turns import turns

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncIterator
    from pathlib import Path

    from stream.serve.turns import Turns

ROWS: Final = 60_000  # Some 40 MB of the log, of 250.


class FoldIn:
    """A connection and a thread of their own; one fold at a time."""

    def __init__(self, db: sqlite3.Connection, thread: Turns) -> None:
        self._db = db
        self._thread = thread
        self._rows = 0

    def written(self, rows: int) -> None:
        """So many more are committed. Never waits; an error of a fold before is raised here."""
        self._rows += rows
        if self._rows >= ROWS and self._thread.idle:
            self._rows = 0
            self._thread.begin(partial(fold_in, self._db, "PASSIVE"))


def fold_in(db: sqlite3.Connection, how: str) -> None:
    """``how``: PASSIVE takes nobody's turn, TRUNCATE waits for all and empties the log."""
    db.execute(f"PRAGMA wal_checkpoint({how})").fetchall()


@asynccontextmanager
async def folding_in(database: Path) -> AsyncIterator[FoldIn]:
    """It ends what it has begun."""
    with closing(open_for_folding_in(database)) as db:
        async with turns() as thread:
            yield FoldIn(db, thread)
