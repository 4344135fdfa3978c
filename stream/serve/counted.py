"""What happened in a time, and how many people had a part in it: counted once, then remembered.

Old days hardly change, however much is being written. So what a bucket held holds until one of
its days has been changed, and a question about years counts the newest days alone.
"""

from __future__ import annotations

import sys
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final, TypeAlias

import orjson

from stream.core.activity import Counts
from stream.serve.changed import DAY_MS
from stream.serve.kept import Kept
from stream.serve.schema import COUNTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stream.serve.shown import Shown

KEPT_MAX: Final = 100_000  # Buckets, some 40 MB.

Window: TypeAlias = tuple[int, int]  # Since (with it) and until (without), in milliseconds.
_Figures: TypeAlias = tuple[int, ...]  # The counts, then the people.
_Version: TypeAlias = tuple[str, int]  # A database, and the last change of it that had a part.

_SUMS: Final = ", ".join(f"ifnull(sum({count}), 0)" for count in COUNTS)
# All windows in one statement: after each one this thread waits for Python's turn.
_COUNT: Final = (
    f"SELECT w.key, (SELECT json_array({_SUMS}) FROM activity WHERE community = ?1"  # noqa: S608 (our own words)
    " AND start >= json_extract(w.value, '$[0]') AND start < json_extract(w.value, '$[1]')),"
    " (SELECT count(DISTINCT author) FROM items WHERE community = ?1"
    " AND at >= json_extract(w.value, '$[0]') AND at < json_extract(w.value, '$[1]'))"
    " FROM json_each(?2) w"
)


class Counted:
    """Several threads may ask at once, each of its own state of the views."""

    def __init__(self, kept_max: int = KEPT_MAX) -> None:
        self._kept = Kept[tuple[int, int, int], _Figures](kept_max)

    def counts(
        self, shown: Shown, communities: Iterable[int], windows: Sequence[Window]
    ) -> list[tuple[Counts, int]]:
        """Counts and people of each of ``windows``, which are in order of time.

        Somebody who writes in two communities is two people.
        """
        database = sys.intern(shown.database)
        sums = [[0] * (len(COUNTS) + 1) for _ in windows]
        for community in communities:
            versions = {
                windows[place]: (database, version)
                for place, version in _versions(shown, community, windows)
            }
            figures = self._figures(shown, community, versions)
            for place, window in enumerate(windows):
                for at, count in enumerate(figures.get(window, ())):
                    sums[place][at] += count
        return [(Counts(*counts), people) for *counts, people in sums]

    def _figures(
        self, shown: Shown, community: int, versions: Mapping[Window, _Version]
    ) -> Mapping[Window, _Figures]:
        """Those that are remembered of these versions; the others are counted."""
        found: dict[Window, _Figures] = {}
        missing: list[Window] = []
        for window, version in versions.items():
            kept = self._kept.get((community, *window), version)
            if kept is None:
                missing.append(window)
            else:
                found[window] = kept
        if missing:
            rows = shown.rows(_COUNT, community, orjson.dumps(missing).decode())
            for number, counts, people in rows:
                window = missing[number]
                figures = (*orjson.loads(counts), people)
                found[window] = self._kept.put((community, *window), versions[window], figures)
        return found


def _versions(shown: Shown, community: int, windows: Sequence[Window]) -> Iterator[tuple[int, int]]:
    """Which of ``windows`` hold something, each with the last version of its days."""
    if not windows:
        return
    found = shown.rows(
        "SELECT day, version FROM changed WHERE community = ? AND day BETWEEN ? AND ? ORDER BY day",
        community,
        windows[0][0] // DAY_MS,
        windows[-1][1] // DAY_MS,
    )
    days, versions = [day for day, _ in found], [version for _, version in found]
    for place, (since, until) in enumerate(windows):
        first = bisect_left(days, since // DAY_MS)
        end = bisect_right(days, (until - 1) // DAY_MS, first)
        if first < end:
            yield place, max(versions[first:end])
