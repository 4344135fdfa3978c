"""What a dump's Votes and Posts tell where its PostHistory does not: acceptances, the last edit."""

from __future__ import annotations

import pytest

from stream.core import events as e
from stream.core.events import Person
from stream.core.when import When
from tests.archive.stack_exchange_site import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    after,
    answer,
    comment,
    history,
    odd,
    question,
    stamp,
    vote,
)

BOB = Person("2", "Bob")
MIDNIGHT = 12 * HOUR  # After noon, so the day of the question ends there.


@pytest.mark.parametrize(
    ("voted", "since", "until"),
    [
        pytest.param(0, HOUR, MIDNIGHT - 1, id="on the answer's own day: not before the answer"),
        pytest.param(DAY, MIDNIGHT, MIDNIGHT + DAY - 1, id="on a later day: within it"),
    ],
)
def test_an_acceptance_is_known_to_the_day(tell, voted, since, until):
    (accepted,) = tell(e.AnswerAccepted, Votes=[vote(2, at=voted)])
    assert accepted.data == e.AcceptData(item="2", when=When(after=after(since), by=after(until)))
    assert accepted.time == after(until)


def test_an_acceptance_before_its_answer_is_odd_and_within_its_day(tell, report):
    (accepted,) = tell(e.AnswerAccepted, Votes=[vote(2, at=-DAY)])
    assert accepted.data.when == When(after=after(-MIDNIGHT - DAY), by=after(-MIDNIGHT - 1))
    assert odd(report)["accepted-before-answer"] == 1


def test_an_answer_is_no_longer_accepted_where_another_is_today(tell):
    posts = [question(1, AcceptedAnswerId=3), answer(2), answer(3)]
    events = tell(
        (e.AnswerAccepted, e.AnswerUnaccepted), Posts=posts, Votes=[vote(2), vote(3, at=2 * DAY)]
    )
    assert [(type(event), event.data.item) for event in events] == [
        (e.AnswerAccepted, "2"),
        (e.AnswerUnaccepted, "2"),
        (e.AnswerAccepted, "3"),
    ]
    taken_back = events[1].data.when
    assert taken_back == When(after=after(HOUR), by=after(MIDNIGHT + 2 * DAY - 1))


def test_without_votes_nobody_knows_when_an_answer_was_accepted(tell, report):
    posts = [question(1, AcceptedAnswerId=2), answer(2), answer(3, at=DAY)]
    (accepted,) = tell(e.AnswerAccepted, Posts=posts, Votes=None)
    assert accepted.data == e.AcceptData(item="2", when=When(after=after(HOUR)))
    assert accepted.time == after(DAY)
    assert "accepted-without-vote" not in odd(report)


def test_acceptances_that_do_not_fit_are_odd(tell, report):
    posts = [question(1, AcceptedAnswerId=2), answer(2), question(5, AcceptedAnswerId=77)]
    (accepted,) = tell(e.AnswerAccepted, Posts=posts, Votes=[vote(99), vote(1), vote(98, 2)])
    assert accepted.data.item == "2"
    assert odd(report) == {
        "vote-without-post": 2,
        "accepted-no-answer": 1,
        "accepted-without-vote": 1,
        "accepted-answer-missing": 1,
    }


POSTS_ALONE = {"PostHistory": None, "Votes": None, "Comments": None, "PostLinks": None}


def test_posts_alone_say_what_they_cannot_tell(tell, report):
    asked, *_ = tell(e.PostCreated, **POSTS_ALONE)
    assert asked.data.silent_on == ("closed", "deleted", "edited")
    assert (asked.data.text, asked.data.format) == ("<p>How?</p>", "html")
    assert (asked.data.title, asked.data.tags) == ("How do I?", ("steel", "rust"))
    assert odd(report) == {"file-missing": 4}


def test_an_empty_history_is_as_good_as_none(tell):
    asked, *_ = tell(e.PostCreated)
    assert asked.data.silent_on == ("closed", "deleted", "edited")


def test_posts_alone_tell_the_last_edit_and_the_closing(tell):
    asked = question(1, ClosedDate=stamp(DAY), LastEditDate=stamp(HOUR), LastEditorUserId=2)
    closed, edit = (e.ThreadClosed, e.PostEdited)
    events = tell((closed, edit), **POSTS_ALONE | {"Posts": [asked]})
    assert [type(event) for event in events] == [edit, closed]
    assert [event.time for event in events] == [after(HOUR), after(DAY)]
    assert events[0].data.changes == e.Changes()
    assert events[0].data.by == BOB


def test_what_history_lacks_is_told_from_posts_and_odd(tell, report):
    asked = question(1, ClosedDate=stamp(DAY), LastEditDate=stamp(HOUR))
    rows = history(35, 1, DAY, "r2"), history(5, 1, MINUTE, "r3", Text="x")
    events = tell((e.ThreadClosed, e.PostEdited), *rows, Posts=[asked])
    assert [event.time for event in events] == [after(MINUTE), after(HOUR), after(DAY)]
    assert events[-1].data.why == "migrated"
    assert odd(report).items() >= {"closed-without-history": 1, "edited-without-history": 1}.items()


def test_what_posts_and_history_both_say_is_told_once(tell):
    asked = question(1, ClosedDate=stamp(DAY), LastEditDate=stamp(HOUR))
    rows = history(10, 1, DAY, "r2"), history(5, 1, HOUR, "r3", Text="x")
    assert len(tell((e.ThreadClosed, e.PostEdited), *rows, Posts=[asked])) == 2


def test_what_posts_do_not_say_is_odd(tell, report):
    tell(e.Event, history(10, 1, DAY, "r2"), history(5, 1, HOUR, "r3", Text="x"))
    found = odd(report)
    assert (found["closed-in-history-only"], found["edit-not-in-posts"]) == (1, 1)


def test_what_posts_say_is_no_longer_so_was_undone_nobody_knows_when(tell, report):
    """Closed and deleted by the history, while the post is there and has no ClosedDate."""
    rows = history(10, 1, HOUR, "r2"), history(12, 2, 2 * HOUR, "r3"), history(50, 1, DAY, "r4")
    back, opened = tell((e.ThreadReopened, e.ItemRestored), *rows)
    assert (type(opened), type(back)) == (e.ThreadReopened, e.ItemRestored)
    assert (opened.time, opened.data.when) == (after(DAY), When(after=after(HOUR)))
    assert (back.data.item, back.data.when) == ("2", When(after=after(2 * HOUR)))
    assert {"closed-in-history-only": 1, "deleted-in-history-only": 1}.items() <= odd(
        report
    ).items()


def test_what_was_undone_in_the_history_is_undone_there_alone(tell):
    rows = [history(type_, 1, type_ * HOUR, str(type_)) for type_ in (10, 11, 12, 13)]
    assert len(tell((e.ThreadReopened, e.ItemRestored), *rows)) == 2


def test_an_acceptance_by_vote_alone_was_taken_back_nobody_knows_when(tell, report):
    rows = {"Votes": [vote(2)], "Comments": [comment(1, at=DAY)]}
    events = tell((e.AnswerAccepted, e.AnswerUnaccepted), **rows)
    assert [type(event) for event in events] == [e.AnswerAccepted, e.AnswerUnaccepted]
    assert events[1].data == e.AcceptData(item="2", when=When(after=after(HOUR)))
    assert odd(report)["accepted-by-vote-only"] == 1


def test_a_migration_that_was_reopened_had_closed_the_question(tell):
    rows = history(35, 1, HOUR, "r2"), history(11, 1, DAY, "r3")
    closed, opened = tell((e.ThreadClosed, e.ThreadReopened), *rows)
    assert (closed.time, closed.data.why) == (after(HOUR), "migrated")
    assert opened.time == after(DAY)


def test_a_migration_that_stands_is_told_once(tell):
    rows = history(11, 1, MINUTE, "r1"), history(35, 1, HOUR, "r2")
    (closed,) = tell(e.ThreadClosed, *rows, Posts=[question(1, ClosedDate=stamp(HOUR))])
    assert closed.data.why == "migrated"


def test_the_dump_is_younger_than_anything_in_it(tell):
    rows = comment(1, at=HOUR), comment(2, at=7 * DAY, Score=1)
    (seen,) = tell(e.ThreadObserved, history(50, 1, 9 * DAY), Comments=list(rows))
    assert seen.data.when == When(after=after(9 * DAY))
    assert seen.data.scores == {"c2": 1}
    assert after(0) == NOON
