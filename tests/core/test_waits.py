"""How long people waited, told as stories."""

from __future__ import annotations

import pytest

from stream.core.fold import Partition
from stream.core.wait import Wait
from stream.core.waits import waits
from tests.story import (
    COMMUNITY,
    DAY,
    HOUR,
    MINUTE,
    NOON,
    THREAD,
    accepted,
    aliased,
    answered,
    asked,
    closed,
    commented,
    deleted,
    edited,
    posted,
    restored,
    unaccepted,
)


def waited(metric, *story):
    partition = Partition()
    for event in story:
        partition.join(event)
    partition.settled()
    return waits(partition.thread(COMMUNITY, THREAD))[metric]


def exactly(ms, item=None):
    return Wait("observed", ms, ms, item)


def within(after, by, item=None):
    return Wait("between", after, by, item)


STILL = Wait("waiting", since=NOON)
UNSURE = (0, 9 * HOUR)


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        pytest.param([commented("q.c1")], None, id="the question has not been read"),
        pytest.param([asked()], STILL, id="no answer yet"),
        pytest.param([asked(), answered(after=HOUR)], exactly(HOUR, "a1"), id="one answer"),
        pytest.param(
            [asked(), answered("a2", after=2 * HOUR), answered("a1", after=HOUR)],
            exactly(HOUR, "a1"),
            id="the earliest counts, not the first read",
        ),
        pytest.param(
            [asked("Ann"), answered(author="Ann", after=HOUR)], STILL, id="an own answer is none"
        ),
        pytest.param(
            [asked("Ann"), aliased("Ann", "Nan"), answered(author="Nan", after=HOUR)],
            STILL,
            id="an own answer under another name is none",
        ),
        pytest.param(
            [asked(), answered(author=None, after=HOUR)],
            exactly(HOUR, "a1"),
            id="an unknown author is somebody else",
        ),
        pytest.param([asked(), answered(after=0)], exactly(0, "a1"), id="at once is 0 and real"),
        pytest.param(
            [asked(), answered(after=-MINUTE)],
            exactly(-MINUTE, "a1"),
            id="an answer before its question is kept, an error of the archive",
        ),
        pytest.param(
            [asked(), answered(after=HOUR), deleted("a1", after=DAY)],
            STILL,
            id="a deleted answer counts no more",
        ),
        pytest.param(
            [
                asked(),
                answered(after=HOUR),
                deleted("a1", after=DAY),
                restored("a1", after=2 * DAY),
            ],
            exactly(HOUR, "a1"),
            id="a restored one does",
        ),
        pytest.param(
            [asked(), edited("q", by="Bob", title="Why not?", after=HOUR)],
            STILL,
            id="an edit is no response",
        ),
        pytest.param(
            [asked(), answered(between=UNSURE)],
            within(0, 9 * HOUR, "a1"),
            id="only bounds are known",
        ),
        pytest.param(
            [asked(), answered("a1", between=UNSURE), answered("a2", after=HOUR)],
            within(0, HOUR),
            id="which of two was first cannot be told",
        ),
        pytest.param(
            [asked(), answered("a1", between=(2 * HOUR, 9 * HOUR)), answered("a2", after=HOUR)],
            exactly(HOUR, "a2"),
            id="a bounded one that was surely later does not blur",
        ),
        pytest.param(
            [asked(), answered(between=(HOUR, None), after=DAY)],
            within(HOUR, None, "a1"),
            id="nothing says by when",
        ),
    ],
)
def test_first_answer(story, expected):
    assert waited("first_answer", *story) == expected


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        pytest.param([asked()], None, id="has not begun: nobody has responded"),
        pytest.param(
            [asked(), commented(after=HOUR)],
            Wait("waiting", since=NOON + HOUR),
            id="the asker has not come back",
        ),
        pytest.param(
            [asked(), commented(after=HOUR), commented("q.c2", "Ann", after=3 * HOUR)],
            exactly(2 * HOUR, "q.c2"),
            id="counted from the response, not from the question",
        ),
        pytest.param(
            [
                asked(),
                commented("q.c2", "Ann", after=3 * HOUR),
                commented("q.c3", "Ann", after=5 * HOUR),
                commented(after=4 * HOUR),
            ],
            exactly(HOUR, "q.c3"),
            id="what the asker said before any response is no return",
        ),
        pytest.param(
            [asked(None), commented(after=HOUR)],
            Wait("unknown"),
            id="nobody knows who asked",
        ),
        pytest.param(
            [asked(), answered(between=UNSURE), commented("a1.c1", "Ann", after=9 * HOUR)],
            within(0, 9 * HOUR, "a1.c1"),
            id="the response's bounds widen it",
        ),
    ],
)
def test_the_askers_return(story, expected):
    assert waited("asker_return", *story) == expected


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        pytest.param([asked()], STILL, id="not yet"),
        pytest.param([asked(silent_on=("accepted",))], Wait("unknown"), id="cannot be told"),
        pytest.param(
            [asked(silent_on=("accepted",)), accepted(after=DAY)],
            exactly(DAY, "a1"),
            id="told all the same",
        ),
        pytest.param(
            [asked(), accepted(between=(DAY, 2 * DAY))],
            within(DAY, 2 * DAY, "a1"),
            id="only the day is known",
        ),
        pytest.param(
            [asked(), accepted(between=(DAY, 2 * DAY)), accepted(after=DAY + HOUR)],
            exactly(DAY + HOUR, "a1"),
            id="one source knows the day, another the moment",
        ),
        pytest.param(
            [asked(), accepted(after=DAY), unaccepted(after=2 * DAY)],
            exactly(DAY, "a1"),
            id="taken back later, it had been accepted",
        ),
    ],
)
def test_accepted(story, expected):
    assert waited("accepted", *story) == expected


def test_the_first_closing_counts():
    story = [asked(), closed(after=2 * DAY), closed(after=DAY)]
    assert waited("closed", *story) == exactly(DAY)


def test_a_forum_asks_no_question_and_still_gets_a_response():
    story = [posted("p1", "Ann"), posted("p2", "Bob", on="p1", after=HOUR)]
    assert waited("first_response", *story) == exactly(HOUR, "p2")
    assert waited("first_answer", *story) is None


@pytest.mark.parametrize(
    ("story", "state"),
    [
        pytest.param([posted("p2", on="p1")], "answered", id="an answer"),
        pytest.param([posted("p2", on="p1"), deleted("p2", after=HOUR)], "waiting", id="deleted"),
        pytest.param([commented("q.c1")], "waiting", id="a comment, maybe on a question"),
    ],
)
def test_a_thread_whose_first_post_is_missing_was_answered_by_what_stands_under_it(story, state):
    partition = Partition()
    for event in story:
        partition.join(event)
    partition.settled()
    assert partition.thread(COMMUNITY, THREAD).state == state


def test_a_comment_on_an_answer_responds_to_that_not_to_the_question():
    story = [asked(), commented("a1.c1", after=MINUTE), commented("q.c1", after=HOUR)]
    assert waited("first_comment", *story) == exactly(HOUR, "q.c1")
    assert waited("first_response", *story) == exactly(HOUR, "q.c1")
