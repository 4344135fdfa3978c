"""``GET /v1/activity``: how much happened, by hour, day, week or month of a time zone."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Annotated, Final, Literal

from fastapi import APIRouter, Query

from stream.codec.times import stamp
from stream.core.activity import QUARTER_MS, Counts, bucket_start, buckets, quarter, starts
from stream.serve.api import models
from stream.serve.api.answers import Answer
from stream.serve.api.parameters import (
    InCommunity,
    ReadingAside,
    Since,
    Until,
    community_of,
    in_order,
    moment,
    printed,
    zone_of,
)
from stream.serve.api.problems import wrong
from stream.serve.schema import COUNTS

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from stream.serve.shown import Shown

router = APIRouter()

ROWS_MAX: Final = 10_000
_SHORTEST_MS: Final = {"15m": 1, "hour": 4, "day": 92, "week": 668, "month": 2_684}
_SUMS: Final = ", ".join(f"sum({count})" for count in COUNTS)

# The one of a community uses the index; the other takes the same values.
_OF: Final = {True: "community = ?", False: "? IS NULL"}

Bucket = Literal["15m", "hour", "day", "week", "month"]


@router.get("/v1/activity", responses={200: {"model": models.Activity}}, tags=["measures"])
async def activity(  # noqa: PLR0913 (each is a parameter of the call)
    views: ReadingAside,
    *,
    community: InCommunity = None,
    bucket: Annotated[Bucket, Query(description="How long a row is.")] = "day",
    zone: Annotated[str, Query(description="Whose days: an IANA time zone.")] = "UTC",
    since: Since = None,
    until: Until = None,
) -> Answer:
    """Rows of counts, those of empty buckets with them; from the first to the last by default."""
    named = zone_of(zone)
    asked = moment("since", since, named), moment("until", until, named)

    def answer(shown: Shown) -> Answer:
        number = community_of(shown, community)
        first, end = _span(shown, number, bucket, named, asked)
        found = shown.rows(
            f"SELECT start, {_SUMS} FROM activity"  # noqa: S608 (our own words)
            f" WHERE {_OF[number is not None]} AND start >= ? AND start < ? GROUP BY start",
            number,
            first,
            end,
        )
        quarters = ((start, Counts(*counts)) for start, *counts in found)
        rows = buckets(quarters, bucket=bucket, zone=named, since=first, until=end)
        people = _people(shown, number, [row.start for row in rows], (first, end))
        body = {
            "bucket": bucket,
            "zone": zone,
            "since": printed(first),
            "until": printed(end),
            "rows": [
                {"start": stamp(row.start), **row.counts._asdict(), "people": count}
                for row, count in zip(rows, people, strict=True)
            ],
            "as_of": printed(shown.as_of(number)),
        }
        return Answer(body, shown)

    return await views.answer(answer)


def _span(
    shown: Shown,
    community: int | None,
    bucket: str,
    zone: ZoneInfo,
    asked: tuple[int | None, int | None],
) -> tuple[int, int]:
    """Since when and until when, in whole quarter hours; whole buckets where not asked."""
    held = f"SELECT min(start), max(start) FROM activity WHERE {_OF[community is not None]}"  # noqa: S608
    earliest, latest = shown.rows(held, community)[0]
    since, until = asked
    if since is None:
        begin = 0 if earliest is None else bucket_start(earliest, bucket, zone)
        since = begin if until is None else min(begin, until)
    if until is None:
        until = since if latest is None else max(_end(latest, bucket, zone), since)
    first, end = quarter(since), -quarter(-until)
    in_order(since, until)
    if (end - first) // (QUARTER_MS * _SHORTEST_MS[bucket]) > ROWS_MAX:
        detail = f"more than {ROWS_MAX} rows; ask for less time or a longer bucket"
        raise wrong(detail, "bucket")
    return first, end


def _end(at: int, bucket: str, zone: ZoneInfo) -> int:
    """Where the bucket ends in which ``at`` lies; none is longer than 32 days."""
    return starts(at, at + 32 * 96 * QUARTER_MS, bucket, zone)[1]


def _people(
    shown: Shown, community: int | None, begins: list[int], span: tuple[int, int]
) -> list[int]:
    """How many distinct people made something in each bucket."""
    found = shown.rows(
        "SELECT at, author, community FROM items"  # noqa: S608 (our own words)
        f" WHERE {_OF[community is not None]} AND at >= ? AND at < ? AND author IS NOT NULL",
        community,
        *span,
    )
    people: list[set[tuple[str, int]]] = [set() for _ in begins]
    for at, *who in found:
        people[bisect_right(begins, at) - 1].add((who[0], who[1]))
    return [len(bucket) for bucket in people]
