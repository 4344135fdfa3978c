"""``GET /v1/activity``: how much happened, by hour, day, week or month of a time zone."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Final, Literal

from fastapi import APIRouter, Query, Request

from stream.codec.times import stamp
from stream.core.activity import QUARTER_MS, bucket_start, quarter, starts
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

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from stream.serve.counted import Counted
    from stream.serve.shown import Shown

router = APIRouter()

ROWS_MAX: Final = 10_000
_SHORTEST_MS: Final = {"15m": 1, "hour": 4, "day": 92, "week": 668, "month": 2_684}
_HELD: Final = (  # Twice a look into the index a community.
    "SELECT min((SELECT min(start) FROM activity WHERE community = no)),"
    " max((SELECT max(start) FROM activity WHERE community = no))"
    " FROM communities WHERE ifnull(no = ?, 1)"
)

Bucket = Literal["15m", "hour", "day", "week", "month"]


@router.get("/v1/activity", responses={200: {"model": models.Activity}}, tags=["measures"])
async def activity(  # noqa: PLR0913 (each is a parameter of the call)
    request: Request,
    views: ReadingAside,
    *,
    community: InCommunity = None,
    bucket: Annotated[Bucket, Query(description="How long a row is.")] = "day",
    zone: Annotated[str, Query(description="Whose days: an IANA time zone.")] = "UTC",
    since: Since = None,
    until: Until = None,
) -> Answer:
    """Rows of counts, those of empty buckets with them; from the first to the last by default."""
    counted: Counted = request.app.state.counted
    named = zone_of(zone)
    asked = moment("since", since, named), moment("until", until, named)

    def answer(shown: Shown) -> Answer:
        number = community_of(shown, community)
        first, end = _span(shown, number, bucket, named, asked)
        begins = starts(first, end, bucket, named)
        # Whole or not, no bucket goes beyond what was asked.
        edges = [first, *begins[1:], end] if begins else []
        those = shown.communities().values() if number is None else [number]
        rows = counted.counts(shown, those, list(pairwise(edges)))
        body = {
            "bucket": bucket,
            "zone": zone,
            "since": printed(first),
            "until": printed(end),
            "rows": [
                {"start": stamp(start), **counts._asdict(), "people": people}
                for start, (counts, people) in zip(begins, rows, strict=True)
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
    earliest, latest = shown.rows(_HELD, community)[0]
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
