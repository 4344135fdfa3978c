"""Quarter hours into buckets: none lost, none twice, and a zone's own days."""

from bisect import bisect_right
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.core.activity import (
    BUCKETS,
    HOUR_MS,
    QUARTER_MS,
    Counts,
    bucket_start,
    starts,
)
from stream.core.when import ms, to_datetime
from tests.buckets import buckets
from tests.story import DAY, HOUR, NOON

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    [
        *("UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata", "Asia/Kathmandu"),
        *("Australia/Lord_Howe", "Pacific/Apia", "America/Havana", "Africa/Casablanca"),
    ]
).map(ZoneInfo)
MOMENTS = st.integers(0, 60 * 365 * DAY)
ONE = Counts(comments=1)


def moment(text):
    return ms(datetime.fromisoformat(text))


def shown(times, zone):
    return [f"{to_datetime(at).astimezone(zone):%m-%d %H:%M%z}" for at in times]


@pytest.mark.parametrize(
    ("zone", "bucket", "since", "until", "expected"),
    [
        pytest.param(
            *("Europe/Berlin", "day", "2017-03-25T12:00Z", "2017-03-27T12:00Z"),
            ["03-25 00:00+0100", "03-26 00:00+0100", "03-27 00:00+0200"],
            id="a day of 23 hours",
        ),
        pytest.param(
            *("Europe/Berlin", "day", "2017-10-28T12:00Z", "2017-10-30T12:00Z"),
            ["10-28 00:00+0200", "10-29 00:00+0200", "10-30 00:00+0100"],
            id="a day of 25 hours",
        ),
        pytest.param(
            *("Europe/Berlin", "hour", "2017-10-29T00:00Z", "2017-10-29T02:00Z"),
            ["10-29 02:00+0200", "10-29 02:00+0100"],
            id="an hour that comes twice is two",
        ),
        pytest.param(
            *("Europe/Berlin", "hour", "2017-03-26T00:00Z", "2017-03-26T02:00Z"),
            ["03-26 01:00+0100", "03-26 03:00+0200"],
            id="an hour that is left out",
        ),
        pytest.param(
            *("Asia/Kolkata", "hour", "2017-04-24T00:10Z", "2017-04-24T01:45Z"),
            ["04-24 05:00+0530", "04-24 06:00+0530", "04-24 07:00+0530"],
            id="hours of a zone of half hours",
        ),
        pytest.param(
            *("Australia/Lord_Howe", "hour", "2017-04-01T14:00Z", "2017-04-01T16:00Z"),
            ["04-02 01:00+1100", "04-02 01:30+1030", "04-02 02:00+1030"],
            id="clocks that are put back by half an hour",
        ),
        pytest.param(
            *("America/Sao_Paulo", "day", "2017-10-14T12:00Z", "2017-10-16T12:00Z"),
            ["10-14 00:00-0300", "10-15 01:00-0200", "10-16 00:00-0200"],
            id="a day without a midnight",
        ),
        pytest.param(
            *("Pacific/Apia", "day", "2011-12-29T12:00Z", "2011-12-31T12:00Z"),
            ["12-29 00:00-1000", "12-31 00:00+1400", "01-01 00:00+1400"],
            id="a day that never was",
        ),
        pytest.param(
            *("UTC", "week", "2017-04-23T12:00Z", "2017-05-01T00:00Z"),
            ["04-17 00:00+0000", "04-24 00:00+0000"],
            id="weeks begin on Mondays",
        ),
        pytest.param(
            *("UTC", "month", "2016-12-31T23:59Z", "2017-03-01T00:01Z"),
            ["12-01 00:00+0000", "01-01 00:00+0000", "02-01 00:00+0000", "03-01 00:00+0000"],
            id="months over the turn of a year",
        ),
        pytest.param(
            *("UTC", "15m", "2017-04-24T06:47Z", "2017-04-24T07:00Z"),
            ["04-24 06:45+0000"],
            id="quarter hours",
        ),
    ],
)
def test_where_buckets_begin(zone, bucket, since, until, expected):
    found = starts(moment(since), moment(until), bucket, ZoneInfo(zone))
    assert shown(found, ZoneInfo(zone)) == expected


@pytest.mark.parametrize("bucket", BUCKETS)
@given(zone=ZONES, since=MOMENTS, days=st.integers(0, 40), aside=st.integers(0, 40 * DAY))
def test_a_moment_lies_in_the_bucket_that_begins_last_before_it(bucket, zone, since, days, aside):
    until = since + 1 + (days * DAY if bucket not in {"15m", "hour"} else days * HOUR)
    edges = starts(since, until, bucket, zone)
    assert edges[0] <= since
    assert edges[-1] < until
    assert all(one < other for one, other in pairwise(edges))
    at = since + aside % (until - since)
    assert bucket_start(at, bucket, zone) == edges[bisect_right(edges, at) - 1]


@given(
    zone=ZONES,
    bucket=st.sampled_from(BUCKETS),
    quarters=st.lists(st.integers(0, 200), max_size=30),
    since=st.integers(0, 200),
    length=st.integers(0, 200),
)
def test_every_quarter_hour_counts_once(zone, bucket, quarters, since, length):
    start = NOON - NOON % QUARTER_MS
    times = [start + n * QUARTER_MS for n in quarters]
    low, high = start + since * QUARTER_MS, start + (since + length) * QUARTER_MS
    rows = buckets([(at, ONE) for at in times], bucket=bucket, zone=zone, since=low, until=high)
    assert sum(row.counts.comments for row in rows) == sum(low <= at < high for at in times)


def test_empty_buckets_are_there_with_zeros():
    rows = [(NOON, Counts(questions=1)), (NOON, ONE), (NOON + 2 * DAY, ONE)]
    found = buckets(rows, bucket="day", zone=UTC, since=NOON, until=NOON + 3 * DAY)
    assert [row.counts for row in found] == [
        Counts(questions=1, comments=1),
        Counts(),
        ONE,
        Counts(),
    ]


def test_the_founding_threads_twenty_days():
    found = buckets(
        [],
        bucket="day",
        zone=UTC,
        since=moment("2017-04-24T00:00Z"),
        until=moment("2017-05-14T00:00Z"),
    )
    assert len(found) == 20


def test_since_and_until_are_widened_to_quarter_hours():
    minute = 60_000
    rows = [(NOON - QUARTER_MS, ONE), (NOON, ONE), (NOON + QUARTER_MS, ONE)]
    found = buckets(
        rows, bucket="15m", zone=UTC, since=NOON + minute, until=NOON + QUARTER_MS - minute
    )
    assert found == [(NOON, ONE)]


def test_no_time_has_no_buckets():
    assert buckets([(NOON, ONE)], bucket="day", zone=BERLIN, since=NOON, until=NOON) == []


def test_a_day_has_the_hours_of_its_zone():
    day = [moment("2017-10-28T22:00Z"), moment("2017-10-29T23:00Z")]
    rows = [(at, ONE) for at in range(day[0], day[1], HOUR_MS)]
    (found,) = buckets(rows, bucket="day", zone=BERLIN, since=day[0], until=day[1])
    assert found == (day[0], Counts(comments=25))
