"""The counts of all waits, remembered; a question reads what has changed since the last one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeAlias

import orjson

from stream.core.latency import Tally, WaitValue
from stream.core.waits import METRICS
from stream.serve.rows import STATUSES
from stream.serve.tallies import BETWEEN, OBSERVED, OPEN, TOLD, WAITING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream.serve.shown import Shown

KEPT_MAX: Final = 500_000  # Distinct waits, some 60 MB.
BEHIND: Final = 1 / 16

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
    by_low: dict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    between: dict[tuple[int, int], int] = field(default_factory=dict)
    behind: int = 0  # How many of `by_low` may stand behind greater ones.
    negative: bool = False  # Whether somebody may have waited for less than nothing.

    @property
    def size(self) -> int:
        return sum(map(len, self.by_low.values())) + len(self.between)

    def go_on(self, shown: Shown, key: _Key, version: int) -> None:
        """Take what changed after ``self.version``, up to ``version``."""
        for status, *lists in shown.rows(_SINCE, *key, BETWEEN, self.version):
            lows, many, none = map(orjson.loads, lists)
            counts = self.by_low[status]
            before = len(counts)
            counts.update(zip(lows, many, strict=True))
            self.behind += len(counts) - before
            self.see(status, lows)
            for low in none:
                counts.pop(low, None)
        self.bound(shown.rows(_BOUNDED_SINCE, *key, BETWEEN, self.version))
        self.version = version
        self._settle()

    def see(self, status: int, lows: list[int]) -> None:
        """Note whether one of these waits, which are there now, is negative."""
        self.negative |= status == OBSERVED and min(lows, default=0) < 0

    def bound(self, rows: Iterable[tuple[int, int, int]]) -> None:
        """Take how many lie between each two bounds."""
        for low, high, many in rows:
            if many:
                self.between[low, high] = many
            else:
                self.between.pop((low, high), None)

    def _settle(self) -> None:
        """Have all in order but for a few: who sorts them, for each answer, takes half as long."""
        if self.behind > sum(map(len, self.by_low.values())) * BEHIND:
            for status, counts in self.by_low.items():
                self.by_low[status] = dict(sorted(counts.items()))
            self.behind = 0


class Tallied:
    """Several threads may ask at once, each of its own state of the views."""

    def __init__(self, kept_max: int = KEPT_MAX) -> None:
        self._kept_max = kept_max
        self._kept: dict[_Key, _Held] = {}
        self._lock = Lock()

    def tally(self, shown: Shown, metric: str, communities: Iterable[int]) -> Tally:
        """The waits of all threads of ``communities`` for ``metric``, as they stand."""
        tally = Tally()
        for community in communities:
            with self._lock:
                _count(tally, self._held(shown, (METRICS.index(metric), community)))
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
        held.by_low[status] = dict.fromkeys(lows, 1) | dict(zip(often, many, strict=True))
        held.see(status, lows)
    held.bound(shown.rows(_BOUNDED, *key, BETWEEN))
    return held


def _count(tally: Tally, held: _Held) -> None:
    """Add them; those of one community are taken as they are where nothing is to be looked at."""
    for status, counts in held.by_low.items():
        if status == OBSERVED and not tally.observed and not held.negative:
            tally.observed = counts.copy()
        elif status == WAITING and not tally.since:
            tally.since = counts.copy()
        else:
            for low, many in counts.items():
                since = low if status == WAITING else None
                tally.add(WaitValue(STATUSES[status], low, low, since), many)
    for bounds, many in held.between.items():
        after, by = (None if bound == OPEN else bound for bound in bounds)
        tally.add(WaitValue("between", after, by), many)
