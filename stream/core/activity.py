"""Quarter hours into the days, weeks and months of a time zone, the empty ones with them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from stream.core.when import ms, to_datetime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

QUARTER_MS: Final = 900_000
HOUR_MS: Final = 4 * QUARTER_MS
BUCKETS: Final = ("15m", "hour", "day", "week", "month")
LONGEST: Final = {"day": 1, "week": 7, "month": 31}  # Days; so that the next one is reached.


class Counts(NamedTuple):
    """What happened in a time: items by kind, edits and deletions.

    ``bounded``: how many of the items are there only because they are first proved then.
    """

    questions: int = 0
    answers: int = 0
    posts: int = 0
    comments: int = 0
    edits: int = 0
    deletions: int = 0
    bounded: int = 0


def quarter(at: int) -> int:
    """The start of the quarter hour (UTC) in which ``at`` lies."""
    return at - at % QUARTER_MS


def starts(since: int, until: int, bucket: str, zone: ZoneInfo) -> list[int]:
    """Where the buckets begin that have a part of ``since`` (with it) to ``until`` (without).

    The first begins at or before ``since``. Days, weeks (from Monday) and months are the zone's
    own: a day has 23 or 25 hours where the clocks change, and begins when they do where they skip
    its midnight. An hour is one on the zone's clock, shorter where the clock is moved within it.
    """
    if until <= since:
        return []
    found = [bucket_start(since, bucket, zone)]
    for start in _later(found[0], bucket, zone):
        if start >= until:
            break
        if start > found[-1]:  # A day that a zone left out has no length.
            found.append(start)
    return found


def bucket_start(at: int, bucket: str, zone: ZoneInfo) -> int:
    """Where the bucket begins in which ``at`` lies; ``bucket`` is one of `BUCKETS`."""
    if bucket == "15m":
        return quarter(at)
    if bucket == "hour":
        return _hour(at, zone)
    return _midnight(_first_day(to_datetime(at).astimezone(zone).date(), bucket), zone)


def _later(start: int, bucket: str, zone: ZoneInfo) -> Iterator[int]:
    """The starts of the buckets after the one that begins at ``start``, for ever."""
    if bucket in {"15m", "hour"}:
        length = QUARTER_MS if bucket == "15m" else HOUR_MS
        while True:
            start = bucket_start(start + length, bucket, zone)
            yield start
    day = _first_day(to_datetime(start).astimezone(zone).date(), bucket)
    while True:
        day = _first_day(day + timedelta(LONGEST[bucket]), bucket)
        yield _midnight(day, zone)


def _first_day(day: date, bucket: str) -> date:
    if bucket == "week":
        return day - timedelta(day.weekday())
    return day.replace(day=1) if bucket == "month" else day


def _offset(at: int, zone: ZoneInfo) -> int:
    return _ahead(to_datetime(at).astimezone(zone))


def _ahead(local: datetime) -> int:
    return (local.utcoffset() or timedelta()) // timedelta(milliseconds=1)


def _hour(at: int, zone: ZoneInfo) -> int:
    offset = _offset(at, zone)
    start = at - (at + offset) % HOUR_MS
    return start if _offset(start, zone) == offset else _change(start, at, zone)


@lru_cache(maxsize=4096)
def _midnight(day: date, zone: ZoneInfo) -> int:
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    start = ms(midnight.astimezone(UTC))
    if _offset(start, zone) == _ahead(midnight):
        return start
    # The clocks skip it, so it stands after their change, by as much as before it.
    return _change(ms(midnight.replace(fold=1).astimezone(UTC)), start, zone)


def _change(before: int, after: int, zone: ZoneInfo) -> int:
    """The moment between these at which the zone takes on the offset it has ``after``."""
    offset = _offset(after, zone)
    while after - before > 1:
        half = (before + after) // 2
        before, after = (before, half) if _offset(half, zone) == offset else (half, after)
    return after
