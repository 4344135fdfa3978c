"""The write-ahead log is folded into the database while more is written.

SQLite does that within a commit, once the log is long: whoever writes then stands until the disk
has all of it. What another connection has folded in by then is not left for that commit.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final

from stream.serve.schema import open_for_folding_in

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

ROWS: Final = 60_000  # Some 40 MB of the log, of 250.


class FoldIn:
    """A connection and a thread of their own; one fold at a time."""

    def __init__(self, db: sqlite3.Connection, thread: ThreadPoolExecutor) -> None:
        self._db = db
        self._thread = thread
        self._begun: Future[None] | None = None
        self._rows = 0

    def written(self, rows: int) -> None:
        """So many more are committed. Never waits; an error of a fold before is raised here."""
        self._rows += rows
        if self._rows < ROWS or (self._begun is not None and not self._begun.done()):
            return
        if self._begun is not None:
            self._begun.result()
        self._rows = 0
        self._begun = self._thread.submit(fold_in, self._db, "PASSIVE")


def fold_in(db: sqlite3.Connection, how: str) -> None:
    """``how``: PASSIVE takes nobody's turn, TRUNCATE waits for all and empties the log."""
    db.execute(f"PRAGMA wal_checkpoint({how})").fetchall()


@contextmanager
def folding_in(database: Path) -> Iterator[FoldIn]:
    """It ends what it has begun."""
    with closing(open_for_folding_in(database)) as db, ThreadPoolExecutor(1, "folder") as thread:
        yield FoldIn(db, thread)
