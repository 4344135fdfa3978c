"""``/v1/activity``, ``/v1/latency`` and ``/v1/positions``."""

from __future__ import annotations

from stream.core.position import Position
from stream.core.when import to_datetime
from tests.story import (
    DAY,
    HOUR,
    NOON,
    answered,
    asked,
    commented,
    edited,
    finished,
    progressed,
)


def at(after):
    return to_datetime(NOON + after).strftime("%Y-%m-%dT%H:%M:%S.000Z")


async def get(served, path, *story, **params):
    served.world.publish(*story)
    served.world.work()
    served.follow()
    async with served.api() as client:
        answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_activity_has_a_row_for_every_day_from_the_first_to_the_last(served):
    found = await get(
        served,
        "/v1/activity",
        asked(author="Ann"),
        commented("q.c1", author="ann", after=HOUR),
        commented("q.c2", author=None, after=2 * HOUR),
        answered("a1", author="Bob", between=(0, 2 * DAY)),
        edited("q", after=2 * DAY),
        asked(author="Bob", thread="t2", after=2 * DAY + HOUR),
    )
    assert found["since"] == "2017-04-24T00:00:00.000Z"
    assert found["until"] == "2017-04-27T00:00:00.000Z"
    assert [list(row.values())[1:] for row in found["rows"]] == [
        [1, 0, 0, 2, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 1, 0, 1, 1],
    ]


async def test_days_are_those_of_the_zone(served):
    story = [asked(), asked(thread="t2", after=11 * HOUR)]
    found = await get(served, "/v1/activity", *story, zone="Asia/Kolkata", since="2017-04-24")
    assert found["since"] == "2017-04-23T18:30:00.000Z"
    assert [row["start"] for row in found["rows"]] == [
        "2017-04-23T18:30:00.000Z",
        "2017-04-24T18:30:00.000Z",
    ]
    assert [row["questions"] for row in found["rows"]] == [1, 1]


async def test_people_are_counted_once_a_bucket_over_all_partitions(served):
    story = [asked(thread=f"t{n}", author="Ann", after=n) for n in range(20)]
    found = await get(served, "/v1/activity", *story, bucket="hour")
    assert [(row["questions"], row["people"]) for row in found["rows"]] == [(20, 1)]


async def test_activity_of_a_community_is_its_own(served):
    story = [asked(), asked(community="other.example", after=DAY)]
    found = await get(served, "/v1/activity", *story, community="other.example")
    assert [(row["start"], row["questions"]) for row in found["rows"]] == [
        ("2017-04-25T00:00:00.000Z", 1)
    ]


async def test_no_activity_is_no_row(served):
    found = await get(served, "/v1/activity")
    assert (found["rows"], found["as_of"]) == ([], None)


async def test_latency_counts_who_still_waits(served):
    found = await get(
        served,
        "/v1/latency",
        *(asked(thread=f"t{n}") for n in range(4)),
        *(answered(thread=f"t{n}", after=(n + 1) * HOUR) for n in range(2)),
        finished(DAY),
        metric="first_answer",
    )
    assert (found["n"], found["n_observed"], found["n_waiting"]) == (4, 2, 2)
    assert found["estimator"] == "kaplan-meier"
    assert [q["ms"] for q in found["quantiles"]] == [HOUR, 2 * HOUR, None, None]
    assert found["within"][0]["share"] == 0.25
    assert found["as_of"] == at(DAY)


async def test_latency_with_bounds_gives_bounds(served):
    story = [asked(), answered(between=(0, HOUR))]
    found = await get(served, "/v1/latency", *story, metric="first_answer")
    assert found["estimator"] == "turnbull"
    assert found["quantiles"][1] == {"p": 0.5, "after_ms": 0, "by_ms": HOUR}


async def test_now_is_what_every_partition_has_been_told(served):
    """A replay's watermark counts once all partitions have one; else the latest event."""
    served.world.publish(asked(), answered(after=HOUR), progressed(2 * HOUR))
    served.world.work(0, 1)
    found = await get(served, "/v1/threads")
    assert found["as_of"] == at(2 * HOUR)
    found = await get(served, "/v1/threads", commented(after=5 * HOUR), finished(9 * HOUR))
    assert found["as_of"] == at(9 * HOUR)


async def test_positions_say_what_is_shown_and_what_is_read(served):
    served.world.publish(asked())
    served.world.work()
    part = served.world.part()
    found = await get(served, "/v1/positions")
    assert found["position"] == Position({part: 1}).token
    assert found["lag"] == {"records": 0, "seconds": 0.0}
    assert found["log"][part]["shown"] == 1
    assert {"topic": "items", "partition": part, "read": 1, "end": 1} in found["topics"]
    assert found["communities"] == {"community.example": at(0)}


async def test_time_without_activity_has_empty_rows(served):
    found = await get(served, "/v1/activity", asked(), since="2018-01-01")
    assert found["rows"] == []
    found = await get(served, "/v1/activity", since="2018-01-01", until="2018-01-03")
    assert [row["questions"] for row in found["rows"]] == [0, 0]
    found = await get(served, "/v1/activity", until="2016-01-03")
    assert found["rows"] == []
