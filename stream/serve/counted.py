"""What happened in a time, and how many people had a part in it: counted once, then remembered.

Old days hardly change, however much is being written. So what a bucket held holds until one of
its days has been changed, and a question about years counts the newest days alone.
"""

from __future__ import annotations

import sys
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final, TypeAlias

from stream.core.activity import Counts
from stream.serve.changed import DAY_MS
from stream.serve.kept import Kept
from stream.serve.schema import COUNTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stream.serve.shown import Shown

KEPT_MAX: Final = 100_000  # Buckets, some 40 MB.

Window: TypeAlias = tuple[int, int]  # Since (with it) and until (without), in milliseconds.
_Figures: TypeAlias = tuple[int, ...]  # The counts, then the people.
_Version: TypeAlias = tuple[str, int]  # A database, and the last change of it that had a part.

_SUMS: Final = ", ".join(f"ifnull(sum({count}), 0)" for count in COUNTS)
_COUNT: Final = (
    f"SELECT {_SUMS}, (SELECT count(DISTINCT author) FROM items WHERE community = ?1"  # noqa: S608 (our own words)
    " AND at >= ?2 AND at < ?3)"
    " FROM activity WHERE community = ?1 AND start >= ?2 AND start < ?3"
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
            for place, version in _versions(shown, community, windows):
                found = self._figures(shown, community, windows[place], (database, version))
                sums[place] = [one + other for one, other in zip(sums[place], found, strict=True)]
        return [(Counts(*counts), people) for *counts, people in sums]

    def _figures(self, shown: Shown, community: int, window: Window, version: _Version) -> _Figures:
        key = (community, *window)
        kept = self._kept.get(key, version)
        if kept is not None:
            return kept
        return self._kept.put(key, version, tuple(shown.rows(_COUNT, community, *window)[0]))


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
