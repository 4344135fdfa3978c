"""Quarter hours added up by days, weeks and months: what the service's own counts are held to."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from stream.core.activity import QUARTER_MS, Counts, quarter, starts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo


class Row(NamedTuple):
    """The counts of the bucket that begins at ``start``, milliseconds since 1970."""

    start: int
    counts: Counts


def buckets(
    rows: Iterable[tuple[int, Counts]], *, bucket: str, zone: ZoneInfo, since: int, until: int
) -> list[Row]:
    """The rows of quarter hours added up, a row of zeros where there is nothing.

    Quarter hours are what is counted, so ``since`` and ``until`` are widened to whole ones. What
    lies outside them is left out of the first and the last bucket, whole or not; one quarter hour
    may come in many rows.
    """
    since, until = quarter(since), quarter(until + QUARTER_MS - 1)
    edges = starts(since, until, bucket, zone)
    sums = [[0] * len(Counts._fields) for _ in edges]
    for start, counts in rows:
        if since <= start < until:
            own = sums[bisect_right(edges, start) - 1]
            for place, count in enumerate(counts):
                own[place] += count
    return [Row(start, Counts(*own)) for start, own in zip(edges, sums, strict=True)]
