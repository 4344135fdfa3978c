"""Rows into tables, hundreds in one statement.

Python lets its other threads run while SQLite works on a statement. With a row a statement that
is a change of threads a row, which takes longer than the row does.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

SIZES: Final = (1024, 128, 16, 4, 1)  # Rows; SQLite takes 32,766 values at most.


def put(
    db: sqlite3.Connection, into: str, rows: Sequence[Sequence[object]], then: str = ""
) -> None:
    """``into``: the statement up to ``VALUES``; ``then``: what follows those."""
    at = 0
    for size in SIZES:
        while len(rows) - at >= size:
            statement = _statement(into, len(rows[0]), size, then)
            db.execute(statement, list(chain.from_iterable(rows[at : at + size])))
            at += size


@lru_cache(maxsize=128)
def _statement(into: str, columns: int, rows: int, then: str) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"{into} VALUES{', '.join([row] * rows)} {then}"
