"""What a thread's answer says of it in figures: closed when, which answer accepted, edited when."""

from __future__ import annotations

import pytest

from stream.core.when import to_datetime
from tests.story import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    accepted,
    answered,
    asked,
    closed,
    commented,
    deleted,
    edited,
    finished,
    reopened,
    restored,
    unaccepted,
)


def at(after):
    return to_datetime(NOON + after).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@pytest.fixture
async def ask(served):
    """Publish a story once; then the thread as of so many milliseconds after noon."""

    async def asking(*story, as_of=None):
        if story:
            served.world.publish(*story)
            served.world.work()
            served.follow()
        async with served.api() as client:
            params = {} if as_of is None else {"as_of": at(as_of)}
            answer = await client.get("/v1/threads/community.example/t1", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return asking


async def test_a_thread_says_when_it_was_closed_that_is_closed(ask):
    story = [
        asked(),
        closed(by="Mod", why="too broad", after=HOUR),
        reopened(after=2 * HOUR),
        closed(why="unclear", after=4 * HOUR),
        finished(DAY),
    ]
    now = await ask(*story)
    assert now["closed"] == {"when": {"at": at(4 * HOUR)}, "why": "unclear"}
    first = {"when": {"at": at(HOUR)}, "by": {"name": "Mod"}, "why": "too broad"}
    found = [(await ask(as_of=hours * HOUR))["closed"] for hours in (0, 1, 2, 3, 4)]
    assert found == [None, first, None, None, now["closed"]]


async def test_a_thread_says_which_answer_is_accepted(ask):
    story = [
        asked(),
        answered("a1"),
        answered("a2", author="Cid"),
        accepted("a1", between=(HOUR, 2 * HOUR)),
        unaccepted("a1", between=(HOUR, 3 * HOUR)),
        accepted("a2", between=(HOUR, 4 * HOUR)),
        finished(DAY),
    ]
    now = await ask(*story)
    assert now["accepted"] == {"item": "a2", "when": {"after": at(HOUR), "by": at(4 * HOUR)}}
    found = [(await ask(as_of=hours * HOUR))["accepted"] for hours in (1, 2, 3)]
    assert found[0] is found[2] is None
    assert found[1]["item"] == "a1"


async def test_an_acceptance_that_nothing_bounds_stands_from_its_place_on(ask):
    now = await ask(asked(), answered(), accepted("a1", between=(HOUR, None), after=DAY))
    assert now["accepted"]["item"] == "a1"
    assert (await ask(as_of=2 * HOUR))["accepted"] is None


async def test_items_say_when_they_were_last_edited_and_how_many_comments_they_have(ask):
    story = [
        asked(),
        answered("a1"),
        edited("q", revision="r2", title="Whence?", after=HOUR),
        edited("q", revision="r1", text="Better.", after=3 * HOUR),
        commented("q.c1", after=MINUTE),
        commented("q.c2", after=2 * HOUR),
        commented("a1.c1", after=2 * HOUR),
        deleted("q.c1", after=3 * HOUR),
        restored("q.c1", after=5 * HOUR),
        finished(DAY),
    ]
    now = await ask(*story)
    found = {item["item"]: (item["edited"], item["comments"]) for item in now["items"]}
    assert (found["q"], found["a1"], found["q.c1"]) == ((at(3 * HOUR), 2), (None, 1), (None, 0))
    then = [(await ask(as_of=hours * HOUR))["items"][0] for hours in (0, 1, 2, 3)]
    assert [item["edited"] for item in then] == [None, at(HOUR), at(HOUR), at(3 * HOUR)]
    assert [item["comments"] for item in then] == [0, 1, 2, 1]
