"""The counts of all waits, remembered; a question reads what has changed since the last one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeAlias

import orjson

from stream.core.latency import Tally, WaitValue
from stream.core.ordered import Ordered
from stream.core.waits import METRICS
from stream.serve.rows import STATUSES
from stream.serve.tallies import BETWEEN, OBSERVED, OPEN, TOLD, WAITING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream.serve.shown import Shown

KEPT_MAX: Final = 500_000  # Distinct waits, some 60 MB.

_Key: TypeAlias = tuple[int, int]  # A metric, and a community.

_OF: Final = "FROM waited WHERE metric = ? AND community = ?"
# It holds all that is asked for. Left to choose, SQLite goes through all waits of the metric.
_NEWEST: Final = _OF.replace("waited", "waited INDEXED BY waited_version", 1)
_ALL: Final = (  # Lists made by SQLite: with a row a wait, Python would take three times as long.
    "SELECT status, json_group_array(low), json_group_array(low) FILTER (WHERE n > 1),"
    f" json_group_array(n) FILTER (WHERE n > 1) {_OF} AND status <> ? AND n > 0 GROUP BY status"
)
_SINCE: Final = (
    "SELECT status, json_group_array(low) FILTER (WHERE n > 0),"
    " json_group_array(n) FILTER (WHERE n > 0), json_group_array(low) FILTER (WHERE n = 0)"
    f" {_NEWEST} AND status <> ? AND version > ? GROUP BY status"
)
_BOUNDED: Final = f"SELECT low, high, n {_OF} AND status = ?"
_BOUNDED_SINCE: Final = f"SELECT low, high, n {_NEWEST} AND status = ? AND version > ?"


@dataclass(slots=True)
class _Held:
    """What one community waited for one thing, as of a version of a database."""

    database: str
    version: int
    by_low: dict[int, Ordered] = field(default_factory=lambda: defaultdict(Ordered))
    between: dict[tuple[int, int], int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(map(len, self.by_low.values())) + len(self.between)

    def go_on(self, shown: Shown, key: _Key, version: int) -> None:
        """Take what changed after ``self.version``, up to ``version``."""
        for status, *lists in shown.rows(_SINCE, *key, BETWEEN, self.version):
            lows, many, none = map(orjson.loads, lists)
            self.by_low[status].change(dict(zip(lows, many, strict=True)), none)
        self.bound(shown.rows(_BOUNDED_SINCE, *key, BETWEEN, self.version))
        self.version = version

    def bound(self, rows: Iterable[tuple[int, int, int]]) -> None:
        """Take how many lie between each two bounds."""
        for low, high, many in rows:
            if many:
                self.between[low, high] = many
            else:
                self.between.pop((low, high), None)


class Tallied:
    """Several threads may ask at once, each of its own state of the views."""

    def __init__(self, kept_max: int = KEPT_MAX) -> None:
        self._kept_max = kept_max
        self._kept: dict[_Key, _Held] = {}
        self._lock = Lock()

    def tally(self, shown: Shown, metric: str, communities: Iterable[int]) -> Tally:
        """The waits of all threads of ``communities`` for ``metric``, as they stand."""
        tally, those = Tally(), list(communities)
        for community in those:
            with self._lock:
                held = self._held(shown, (METRICS.index(metric), community))
                _count(tally, held, alone=len(those) == 1)
        return tally

    def _held(self, shown: Shown, key: _Key) -> _Held:
        database, version = shown.database, shown.version
        kept = self._kept.get(key)
        if kept is not None and kept.database == database:
            if kept.version > version:
                return _read(shown, key, database, version)  # Another thread was ahead of us.
            if version - kept.version <= TOLD:
                if kept.version < version:
                    kept.go_on(shown, key, version)
                return kept
        self._kept.pop(key, None)
        held = self._kept[key] = _read(shown, key, database, version)
        size = sum(each.size for each in self._kept.values())
        while size > self._kept_max and len(self._kept) > 1:
            size -= self._kept.pop(next(iter(self._kept))).size
        return held


def _read(shown: Shown, key: _Key, database: str, version: int) -> _Held:
    held = _Held(database, version)
    for status, *lists in shown.rows(_ALL, *key, BETWEEN):
        lows, often, many = map(orjson.loads, lists)
        counts = dict.fromkeys(lows, 1) | dict(zip(often, many, strict=True))
        held.by_low[status] = Ordered(counts)
    held.bound(shown.rows(_BOUNDED, *key, BETWEEN))
    return held


def _count(tally: Tally, held: _Held, *, alone: bool) -> None:
    """Add them; the first ones are taken as they are where nothing is to be looked at.

    ``alone``: no others follow. Those would be added one by one, which their order does not bear.
    """
    for status, counts in held.by_low.items():
        if status == OBSERVED and not tally.observed and counts and counts.moments[0] >= 0:
            tally.observed = counts.copy() if alone else dict(counts)
        elif status == WAITING and not tally.since:
            tally.since = counts.copy() if alone else dict(counts)
        else:
            for low, many in counts.items():
                since = low if status == WAITING else None
                tally.add(WaitValue(STATUSES[status], low, low, since), many)
    for bounds, many in held.between.items():
        after, by = (None if bound == OPEN else bound for bound in bounds)
        tally.add(WaitValue("between", after, by), many)
