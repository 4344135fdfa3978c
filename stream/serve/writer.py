"""What is done with the database, by the one who writes to it: rows of a batch, ends of the log.

It is a process of its own (`writer_process`), to which the follower gives orders: making rows and
writing them would else take each other Python's turn.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from stream.serve.ends import Ends
from stream.serve.fold_in import fold_in, folding_in
from stream.serve.notice import Notifier
from stream.serve.schema import open_writer
from stream.serve.tables import Tables, Written

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from stream.serve.fold_in import FoldIn


@dataclass(frozen=True, slots=True)
class KeepEnds:
    """Keep where all topics ended just now, by topic and partition."""

    ends: Mapping[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class KeepStarts:
    """Keep where the log begins, by partition."""

    starts: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Settle:
    """Fold in all that was written, and empty the write-ahead log."""


Order: TypeAlias = Written | KeepEnds | KeepStarts | Settle


class Writer:
    """The one connection that writes, and who is to know of it."""

    def __init__(self, db: sqlite3.Connection, folds: FoldIn, notifier: Notifier) -> None:
        self._db = db
        self._folds = folds
        self._notifier = notifier
        self._tables = Tables(db)
        self._ends = Ends(db)

    def do(self, order: Order) -> None:
        """Rows of a batch all or none; whoever reads is told of them."""
        match order:
            case KeepEnds(ends):
                self._ends.keep(ends)
            case KeepStarts(starts):
                self._ends.keep_starts(starts)
            case Settle():
                fold_in(self._db, "TRUNCATE")
            case _:
                self._tables.write(order)
                self._notifier.tell()
                self._folds.written(order.rows)


@contextmanager
def open_to_write(database: Path) -> Iterator[Writer]:
    """Who writes to ``database``, while the ``with`` lasts; what was begun is done at its end."""
    with (
        closing(open_writer(database)) as db,
        folding_in(database) as folds,
        closing(Notifier(database)) as notifier,
    ):
        yield Writer(db, folds, notifier)
