"""``/v1/latency`` of some threads, as of a moment, without robots and aliases."""

from __future__ import annotations

import asyncio
import threading

import pytest

from stream.core.events import Person
from stream.core.when import to_datetime
from stream.serve.shown import AsideViews
from tests.story import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    aliased,
    answered,
    asked,
    commented,
    deleted,
    edited,
    erased,
    finished,
    flagged,
    observed,
    posted,
)

PATH = "/v1/latency"
COMMUNITY = Person(id="-1", name="Community")
FEW = 8


def at(after):
    return to_datetime(NOON + after).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def counts(found):
    """Of all, exact, bounded, waiting; then those that have no part in the figures."""
    names = ("n", "n_observed", "n_between", "n_waiting", "n_excluded")
    return tuple(found[name] for name in names)


@pytest.fixture
async def ask(served):
    """Publish, work and follow a story; then ask for the waits for first responses."""

    async def asking(*story, status=200, **params):
        served.world.publish(*story)
        served.world.work()
        served.follow()
        async with served.api() as client:
            answer = await client.get(PATH, params={"metric": "first_response", **params})
        assert answer.status_code == status, answer.text
        return answer.json()

    return asking


async def test_as_of_then_who_asked_later_is_not_counted_and_who_waited_had_waited_so_long(ask):
    story = [
        asked(thread="t1"),
        answered(thread="t1", after=HOUR),
        asked(thread="t2", after=HOUR),
        answered(thread="t2", after=5 * HOUR),
        asked(thread="t3", after=4 * HOUR),
        observed(thread="t1", after=DAY),
        finished(DAY),
    ]
    found = await ask(*story, as_of=at(3 * HOUR))
    assert counts(found) == (2, 1, 0, 1, 0)
    assert found["as_of"] == at(3 * HOUR)
    assert [(step["ms"], step["at_risk"]) for step in found["curve"]] == [(HOUR, 2)]
    assert counts(await ask(as_of=at(-1))) == (0, 0, 0, 0, 0)
    assert counts(await ask()) == (3, 2, 0, 1, 0)


async def test_a_deleted_response_counts_from_posting_to_deletion(ask):
    story = [asked(), answered(after=HOUR), deleted("a1", after=3 * HOUR), finished(DAY)]
    assert counts(await ask(*story, as_of=at(2 * HOUR))) == (1, 1, 0, 0, 0)
    assert counts(await ask(as_of=at(3 * HOUR))) == (1, 0, 0, 1, 0)
    assert counts(await ask()) == (1, 0, 0, 1, 0)


async def test_without_robots_waits_are_as_if_they_had_written_nothing(ask):
    story = [
        asked(thread="t1"),
        commented("q.c1", author=COMMUNITY, thread="t1", after=MINUTE),
        answered(thread="t1", after=HOUR),
        asked(thread="t2"),
        commented("q.c1", author=COMMUNITY, thread="t2", after=2 * MINUTE),
        flagged(COMMUNITY, by="reader", after=MINUTE),
        finished(DAY),
    ]
    found = await ask(*story)
    assert (counts(found), found["bots"]) == ((2, 2, 0, 0, 0), "include")
    assert found["quantiles"][0]["ms"] == MINUTE
    found = await ask(bots="exclude")
    assert (counts(found), found["bots"]) == ((2, 1, 0, 1, 0), "exclude")
    assert found["quantiles"][0]["ms"] == HOUR


async def test_a_thread_that_a_robot_asked_is_counted_among_those_left_out(ask):
    story = [
        asked(author=COMMUNITY, thread="t1"),
        answered(thread="t1", after=HOUR),
        asked(thread="t2"),
        flagged(COMMUNITY),
    ]
    assert (await ask(*story))["n_robots"] == 0
    found = await ask(bots="exclude")
    assert (counts(found), found["n_robots"], found["n_unknown"]) == ((2, 0, 0, 1, 1), 1, 0)


async def test_a_robot_is_one_from_when_that_is_stated_on(ask):
    story = [
        asked(),
        commented(author="Roomba", after=MINUTE),
        flagged("Roomba", after=HOUR),
        finished(DAY),
    ]
    assert counts(await ask(*story, bots="exclude", as_of=at(HOUR - 1))) == (1, 1, 0, 0, 0)
    assert counts(await ask(bots="exclude", as_of=at(HOUR))) == (1, 0, 0, 1, 0)


async def test_whose_name_is_a_robots_is_none_and_who_is_stated_to_be_none_is_none(ask):
    namesake = Person(id="7", name="Community")
    story = [asked(), commented(author=namesake, after=MINUTE), flagged(COMMUNITY)]
    assert counts(await ask(*story, bots="exclude")) == (1, 1, 0, 0, 0)
    assert counts(await ask(flagged("Community"), bots="exclude")) == (1, 0, 0, 1, 0)
    no_robot = flagged(Person(id="7"), robot=False, after=HOUR)
    assert counts(await ask(no_robot, bots="exclude")) == (1, 1, 0, 0, 0)


async def test_without_robots_a_forum_waits_for_people(ask):
    story = [
        posted("p1", author="Ann"),
        posted("p2", author="Roomba", after=MINUTE),
        posted("p3", author="Bob", on="p2", after=HOUR),
        flagged("Roomba"),
    ]
    assert (await ask(*story))["quantiles"][0]["ms"] == MINUTE
    assert (await ask(bots="exclude"))["quantiles"][0]["ms"] == HOUR


async def test_with_and_without_aliases(ask):
    story = [
        asked(author="Ann"),
        commented(author="Anna", after=MINUTE),
        commented("q.c2", author="Bob", after=HOUR),
        aliased("Ann", "Anna", after=DAY),
        finished(DAY),
    ]
    found = await ask(*story)
    assert (found["quantiles"][0]["ms"], found["aliases"]) == (HOUR, "apply")
    found = await ask(aliases="ignore")
    assert (found["quantiles"][0]["ms"], found["aliases"]) == (MINUTE, "ignore")
    assert (await ask(as_of=at(2 * HOUR)))["quantiles"][0]["ms"] == MINUTE


async def test_a_later_alias_that_joins_two_others_is_not_known_before(ask):
    """Nobody in the thread is named by the later one."""
    story = [
        asked(author="Ann"),
        commented(author="Zoe", after=MINUTE),
        aliased("Ann", "Ben", after=MINUTE),
        aliased("Cy", "Zoe", after=MINUTE),
        aliased("Ben", "Cy", after=DAY),
    ]
    assert counts(await ask(*story)) == (1, 0, 0, 1, 0)
    assert counts(await ask(as_of=at(HOUR))) == (1, 1, 0, 0, 0)


async def test_who_is_erased_was_nobody_in_the_past_either(ask):
    story = [asked(author="Ann"), commented(author="Ann", after=MINUTE), erased("Ann", after=DAY)]
    assert counts(await ask(*story)) == counts(await ask(as_of=at(HOUR))) == (1, 1, 0, 0, 0)


async def test_threads_are_chosen_by_when_they_began(ask):
    story = [
        *(asked(thread=f"t{n}", after=n * DAY) for n in range(4)),
        answered(thread="t0", after=3 * DAY),
        finished(9 * DAY),
    ]
    assert counts(await ask(*story, since=at(DAY), until=at(3 * DAY))) == (2, 0, 0, 2, 0)
    assert counts(await ask(until="2017-04-25")) == (1, 1, 0, 0, 0)
    assert counts(await ask(since=at(DAY), as_of=at(2 * DAY))) == (2, 0, 0, 2, 0)


async def test_threads_are_chosen_by_the_tags_that_they_had(ask):
    story = [
        asked(thread="t1", tags=("c++", "rust")),
        asked(thread="t2", tags=("rusty",)),
        asked(thread="t3", tags=("steel",)),
        edited(thread="t3", tags=("rust",), after=HOUR),
        finished(DAY),
    ]
    assert counts(await ask(*story, tag="rust"))[0] == 2
    assert counts(await ask(tag="rust", as_of=at(MINUTE)))[0] == 1
    assert counts(await ask(tag="steel", as_of=at(MINUTE)))[0] == 1
    assert counts(await ask(tag="c++", bots="exclude"))[0] == 1


async def test_what_is_read_later_of_that_time_changes_the_answer(ask):
    assert counts(await ask(asked(), finished(DAY), as_of=at(2 * HOUR))) == (1, 0, 0, 1, 0)
    later = answered(after=HOUR)
    assert counts(await ask(later, as_of=at(2 * HOUR))) == (1, 1, 0, 0, 0)


async def test_each_answer_is_of_what_is_shown_when_it_is_asked_for(served):
    params = {"metric": "first_response", "as_of": at(2 * HOUR)}
    async with served.api() as client:
        for story, waiting in (((asked(), commented(after=DAY)), 1), ((answered(after=HOUR),), 0)):
            served.world.publish(*story)
            served.world.work()
            served.follow()
            found = (await client.get(PATH, params=params)).json()
            assert found["n_waiting"] == waiting


@pytest.mark.parametrize(
    ("params", "said"),
    [
        pytest.param({"bots": "maybe"}, "bots", id="bots"),
        pytest.param({"aliases": "no"}, "aliases", id="aliases"),
        pytest.param({"as_of": "soon"}, "as_of is 'soon'; give a time", id="no time"),
        pytest.param({"since": "2018-01-01", "until": "2017-01-01"}, "exchange them", id="turned"),
        pytest.param({"state": "waiting"}, "no parameter 'state'", id="no such filter"),
    ],
)
async def test_what_cannot_be_asked_is_said(ask, params, said):
    found = await ask(asked(), status=400, **params)
    assert said in found["detail"]


async def test_what_folds_takes_no_thread_from_what_is_counted(served):
    """However many questions about the past there are, and however long they take."""
    aside, ended = AsideViews(served.database), threading.Event()
    folding = [aside.answer(lambda _: ended.wait(30), folds=True) for _ in range(5)]
    waiting = [asyncio.create_task(one) for one in folding]
    assert await asyncio.wait_for(aside.answer(lambda shown: shown.version), 10) == 0
    ended.set()
    assert all(await asyncio.gather(*waiting))
    aside.close()


@pytest.mark.parametrize("path", [PATH, "/v1/threads/community.example/t1"])
async def test_while_something_long_is_folded_others_are_answered(served, path):
    people = [f"Person {n}" for n in range(50)]
    served.world.publish(
        asked(),
        *(
            commented(f"q.c{n}", author=people[n % 50], mentions=(people[n * 7 % 50],), after=n)
            for n in range(1, 15_000)
        ),
        deleted("q.c1", after=DAY),
    )
    served.world.work()
    served.follow()
    async with served.api() as client:
        long = asyncio.create_task(client.get(path, params={"as_of": at(HOUR)}))
        others = 0
        while not long.done():
            assert (await client.get("/healthz")).status_code == 200
            others += 1
            await asyncio.sleep(0)  # As a socket would; here nothing else lets the other go on.
        assert (await long).status_code == 200
    assert others >= FEW, "made in the loop, it would leave two or three their turn"
