"""What is done with the database, by the one who writes to it: rows of a batch, ends of the log.

It is a process of its own (`writer_process`), to which the follower gives orders: making rows and
writing them would else take each other Python's turn.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from stream.serve.ends import Ends
from stream.serve.fold_in import fold_in, folding_in
from stream.serve.notice import Notifier
from stream.serve.schema import open_writer
from stream.serve.tables import Tables, Written

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Self


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
    """The one connection that writes to ``database``, while the ``with`` lasts."""

    def __init__(self, database: Path) -> None:
        with ExitStack() as opening:
            self._db = opening.enter_context(closing(open_writer(database)))
            self._folds = opening.enter_context(folding_in(database))
            self._notifier = opening.enter_context(closing(Notifier(database)))
            self._ending = opening.pop_all()
        self._tables = Tables(self._db)
        self._ends = Ends(self._db)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.__exit__(kind, error, trace)

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
