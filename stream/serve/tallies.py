"""How many threads of a community waited how long, kept while the rows of ``waits`` are written.

Most threads of a large community are long over. So a question about all of them takes these counts,
and of those only what has changed since the last such question (`tallied`).
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from stream.serve.bulk import put
from stream.serve.rows import STATUSES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from stream.serve.changes import Row

TOLD: Final = 500  # Transactions for which it can be told what they changed.
OPEN: Final = -(1 << 62)  # No bound; NULL would not be one and the same key.
OBSERVED, BETWEEN, WAITING, UNKNOWN = range(len(STATUSES))

_WIDTH: Final = 3  # Columns of a metric: status, after, by.
_ADD: Final = "ON CONFLICT DO UPDATE SET n = n + excluded.n, version = excluded.version"
_FORGET: Final = "DELETE FROM waited WHERE n = 0 AND version < ?"

_Waits: TypeAlias = tuple[int | None, ...]
"""Of a thread: its community, and the columns of each metric."""

_Alike: TypeAlias = tuple[int, int, int, int, int]
"""As the columns of ``waited``: metric, community, status, low, high."""


class Tallies:
    """The writer's side, used within its transactions."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def change(self, drops: Sequence[Row], puts: Sequence[Row], version: int) -> None:
        """To be called before ``waits`` lose the threads ``drops`` and get the rows ``puts``.

        ``version`` is the transaction's. What no thread waits any more stays for a while, as 0, so
        that who remembers the counts hears of it.
        """
        dropped = [cast("int", number) for (number,) in drops]
        rows = cast("list[tuple[int, ...]]", puts)
        held = self._held([*dropped, *(row[0] for row in rows)])
        moved: Counter[_Alike] = Counter()
        for number in dropped:
            moved.subtract(_alike(held.pop(number, ())))
        for number, *waits in rows:
            before, after = held.get(number, ()), tuple(waits)
            if before != after:
                moved.subtract(_alike(before))
                moved.update(_alike(after))
                held[number] = after
        counts = sorted((*alike, many, version) for alike, many in moved.items() if many)
        put(self._db, "INSERT INTO waited", counts, _ADD)
        self._db.execute(_FORGET, (version - TOLD,))

    def _held(self, numbers: Sequence[int]) -> dict[int, _Waits]:
        query = "SELECT * FROM waits WHERE no IN (SELECT value FROM json_each(?))"
        found = self._db.execute(query, (json.dumps(numbers),)).fetchall()
        return {number: tuple(waits) for number, *waits in found}


def _alike(waits: _Waits) -> list[_Alike]:
    """As what a thread of these waits is counted; a wait that has not begun is not."""
    if not waits:
        return []
    community = waits[0]
    assert community is not None  # noqa: S101 (the column is NOT NULL)
    found = []
    for metric, first in enumerate(range(1, len(waits), _WIDTH)):
        status, after, by = waits[first : first + _WIDTH]
        if status is not None:
            found.append((metric, community, *_sorted_in(status, after, by)))
    return found


def _sorted_in(status: int, after: int | None, by: int | None) -> tuple[int, int, int]:
    if status == WAITING and after is not None:
        return status, after, OPEN
    if status == OBSERVED and by is not None:
        return status, by, by
    if status in {OBSERVED, BETWEEN}:
        return BETWEEN, OPEN if after is None else after, OPEN if by is None else by
    return UNKNOWN, OPEN, OPEN
