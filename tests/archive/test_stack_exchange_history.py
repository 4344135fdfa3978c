"""What a dump's PostHistory tells: edits, rollbacks, closings, deletions; and what it does not."""

from __future__ import annotations

import json

import pytest

from stream.archive.base import Report
from stream.archive.stack_exchange_revision import NOT_TOLD
from stream.archive.stack_exchange_waiting import OPEN_MAX
from stream.core import events as e
from stream.core.events import Person
from stream.core.when import When
from tests.archive.stack_exchange_site import (
    DAY,
    HOUR,
    SECOND,
    after,
    first,
    history,
    link,
    odd,
    question,
    stamp,
    told,
    write,
)

ANN, BOB, ROBOT = Person("1", "Ann"), Person("2", "Bob"), Person("-1", "Community")
NOBODY = {"UserId": None}


def test_all_rows_of_a_revision_are_one_edit(tell, report):
    (edit,) = tell(
        e.PostEdited,
        *first(),
        history(4, 1, HOUR, "r2", Text="How, then?", UserId=2, Comment="more to the point"),
        history(5, 1, HOUR, "r2", Text="So:\r\nhow?", UserId=2, Comment="more to the point"),
        history(6, 1, HOUR, "r2", Text="<rust>", UserId=2, Comment="more to the point"),
    )
    assert edit.time == after(HOUR)
    assert edit.data == e.EditData(
        item="1",
        revision="r2",
        by=BOB,
        changes=e.Changes(title="How, then?", text="So:\nhow?", tags=("rust",)),
        note="more to the point",
        when=When(at=after(HOUR)),
    )
    assert report.counts == {"history-rows": 6, "revisions": 2}


def test_the_rows_of_two_sites_are_added_up(tmp_path):
    report = Report()
    for name in ("one", "two"):
        told(write(tmp_path / name, PostHistory=first()), report)
    assert report.counts == {"history-rows": 6, "revisions": 2}


@pytest.mark.parametrize("type_", [1, 3])
def test_a_title_or_tags_without_their_text_are_odd(tell, report, type_):
    asked, *_ = tell(e.PostCreated, history(type_, Text="Else"))
    assert (asked.data.title, asked.data.text) == ("How do I?", "<p>How?</p>")
    assert odd(report)["first-revision-apart"] == 1


@pytest.mark.parametrize("between", [3, OPEN_MAX - 1])
def test_other_rows_may_stand_between_those_of_a_revision(tell, between):
    others = [history(5, 2, n, f"other-{n}", Text="x") for n in range(between)]
    edits = tell(
        e.PostEdited,
        history(4, 1, HOUR, "r2", Text="A"),
        *others,
        history(5, 1, HOUR, "r2", Text="B"),
    )
    (edit,) = [edit for edit in edits if edit.data.item == "1"]
    assert edit.data.changes == e.Changes(title="A", text="B")


def test_a_revision_far_apart_is_the_same_revision(tell):
    others = [history(50, 2, 0, f"other-{n}") for n in range(OPEN_MAX + 1)]
    rows = history(4, 1, HOUR, "r2", Text="A"), *others, history(5, 1, HOUR, "r2", Text="B")
    assert {edit.data.revision for edit in tell(e.PostEdited, *rows)} == {"r2"}


def test_a_revision_without_its_guid_is_its_row(tell):
    edits = tell(e.PostEdited, history(5, guid="", Id=7), history(5, guid="", Id=8))
    assert {edit.data.revision for edit in edits} == {"history-7", "history-8"}


def test_a_rollback_says_so(tell):
    rows = [history(type_, 1, HOUR, "r2", Text="<a>") for type_ in (7, 8, 9)]
    (edit,) = tell(e.PostEdited, *rows)
    assert edit.data.rollback
    assert edit.data.changes == e.Changes(title="<a>", text="<a>", tags=("a",))


def test_a_robots_edit_is_the_robots(tell):
    (edit,) = tell(e.PostEdited, history(5, 1, HOUR, Text="https", UserId=-1))
    assert edit.data.by == ROBOT
    assert not edit.data.rollback


def test_a_suggested_edit_is_by_who_suggested_it(tell, report):
    rows = [history(24, 1, HOUR, "r2", **NOBODY), history(5, 1, HOUR, "r2", Text="x", UserId=2)]
    (edit,) = tell(e.PostEdited, *rows)
    assert edit.data.by == BOB
    assert odd(report)["not-told-history-suggested-edit"] == 1


@pytest.mark.parametrize("ids", [("b", "a"), ("a", "b")])
def test_of_two_revisions_at_one_moment_the_later_row_is_the_later(tell, ids):
    """As an improved suggestion leaves them, under GUIDs that say nothing of their order."""
    rows = [history(5, 1, HOUR, guid, Text=f"row {n}") for n, guid in enumerate(ids)]
    edits = tell(e.PostEdited, *rows, history(5, 2, HOUR, "0", Text="another post's"))
    mine = sorted((x.data.revision, x.data.changes.text) for x in edits if x.data.item == "1")
    assert [text for _, text in mine] == ["row 0", "row 1"]
    assert mine[0][0] == ids[0]
    assert "0" in {edit.data.revision for edit in edits}


def test_tags_and_texts_can_be_taken_away(tell):
    (edit,) = tell(e.PostEdited, history(6, 1, HOUR, "r2"), history(5, 1, HOUR, "r2", Text=""))
    assert edit.data.changes == e.Changes(text="", tags=())


def test_a_post_without_its_first_revision_has_the_text_of_today(tell, report):
    posts = {event.data.item: event.data for event in tell(e.PostCreated, *first())}
    assert (posts["1"].text, posts["1"].format) == ("*How?*", "markdown")
    assert (posts["2"].text, posts["2"].format) == ("<p>So.</p>", "html")
    assert odd(report)["first-text-missing"] == 2


def test_the_first_of_two_first_revisions_counts(tell, report):
    again = [history(2, 1, HOUR, "again", Text="Again")]
    assert tell(e.PostCreated, *first(), *again)[0].data.text == "*How?*"
    assert odd(report)["doubled-item"] == 1


def test_an_owner_whom_posts_do_not_name_may_be_in_the_history(tell):
    row = history(2, 1, 0, "f", Text="x", UserDisplayName="user9", **NOBODY)
    (asked,) = tell(e.PostCreated, row, Posts=[question(1, OwnerUserId=None)])
    assert asked.data.author == Person(name="user9")


@pytest.mark.parametrize(
    ("comment_", "text", "why"),
    [
        pytest.param("101", {"OriginalQuestionIds": [7, 8]}, "duplicate of 7, 8", id="duplicate"),
        pytest.param("101", {}, "duplicate", id="of what is not said"),
        pytest.param("1", {"Voters": []}, "duplicate", id="before 2013"),
        pytest.param("102", {}, "off-topic", id="off-topic"),
        pytest.param("103", {}, "unclear", id="unclear"),
        pytest.param("104", {}, "too broad", id="too broad"),
        pytest.param("105", {}, "opinion-based", id="opinion-based"),
        pytest.param("999", {}, "reason 999", id="a reason nobody knows"),
        pytest.param("", {}, None, id="no reason"),
        pytest.param("101", "no JSON", "duplicate", id="a text that is no JSON"),
        pytest.param("101", [1], "duplicate", id="a text of another kind"),
        pytest.param("101", {"OriginalQuestionIds": [1 << 70]}, "duplicate", id="an id too large"),
    ],
)
def test_why_a_question_was_closed(tell, comment_, text, why):
    said = text if isinstance(text, str) else json.dumps(text)
    (closed,) = tell(e.ThreadClosed, history(10, 1, HOUR, Comment=comment_, Text=said))
    assert closed.data == e.ThreadData(by=ANN, why=why, when=When(at=after(HOUR)))


def test_old_dumps_have_the_original_in_their_links_alone(tell, report):
    links = [link(7, at=HOUR + SECOND), link(8, at=DAY), link(9, at=HOUR, type_=1)]
    (closed,) = tell(e.ThreadClosed, history(10, 1, HOUR, Comment="1"), PostLinks=links)
    assert closed.data.why == "duplicate of 7"
    assert odd(report)["not-told-duplicate"] == 1


@pytest.mark.parametrize(("off", "told"), [(3, 3), (-1000, -1000), (1001, 0)])
def test_a_closing_is_at_the_moment_that_posts_have_where_both_mean_the_same(tell, off, told):
    asked = question(1, ClosedDate=stamp(HOUR + off))
    closed = tell(e.ThreadClosed, history(10, 1, HOUR, Comment="101"), Posts=[asked])
    assert closed[0].time == after(HOUR + told)
    assert len(closed) == (1 if told else 2)


def test_one_voter_is_who_closed_and_several_are_nobody(tell):
    one, two = [{"Id": 2, "DisplayName": "Bob"}], [{"Id": 2}, {"Id": 3}]
    closed = tell(
        e.ThreadClosed,
        history(10, 1, HOUR, "r2", Text=json.dumps({"Voters": one}), **NOBODY),
        history(10, 1, DAY, "r3", Text=json.dumps({"Voters": two}), **NOBODY),
    )
    assert [event.data.by for event in closed] == [BOB, None]


@pytest.mark.parametrize("posts", [0, -3], ids=["at that moment", "as Posts has it, before"])
def test_what_is_reopened_and_closed_again_at_once_stays_closed(tell, report, posts):
    asked = question(ClosedDate=stamp(2 * HOUR + posts))
    rows = (
        history(10, 1, HOUR, "r2", Comment="104"),
        history(11, 1, 2 * HOUR, "r3"),
        history(10, 1, 2 * HOUR, "r4", Comment="103"),
    )
    told = tell((e.ThreadClosed, e.ThreadReopened), *first(), *rows, Posts=[asked])
    assert [event.data.why for event in told] == ["too broad", "unclear"]
    assert odd(report)["reopened-and-closed-at-once"] == 1


def test_what_is_closed_and_reopened_at_once_is_open(tell):
    rows = history(10, 1, HOUR, "r2"), history(11, 1, HOUR, "r3"), history(14, 1, HOUR, "r4")
    told = tell((e.ThreadClosed, e.ThreadReopened), *first(), *rows)
    assert [type(event) for event in told] == [e.ThreadClosed, e.ThreadReopened]


def test_threads_are_reopened_locked_and_unlocked(tell):
    kinds = (e.ThreadReopened, e.ThreadLocked, e.ThreadUnlocked)
    rows = [history(type_, 1, type_ * HOUR, str(type_), Comment="x") for type_ in (11, 14, 15)]
    events = tell(kinds, *rows)
    assert tuple(map(type, events)) == kinds
    assert [event.data.when.at for event in events] == [after(n * HOUR) for n in (11, 14, 15)]
    assert events[1].data.why == "x"


def test_the_lock_of_an_answer_is_not_its_threads(tell, report):
    assert tell(e.ThreadLocked, history(14, 2)) == []
    assert odd(report)["not-told-history-lock-of-an-answer"] == 1


def test_posts_are_deleted_and_restored(tell, report):
    rows = history(12, 2, 3 * HOUR, "r2", UserId=2), history(13, 2, 4 * HOUR, "r3", UserId=-1)
    gone, back = tell((e.ItemDeleted, e.ItemRestored), *rows)
    assert gone.data == e.ItemData(item="2", by=BOB, when=When(at=after(3 * HOUR)))
    assert back.data == e.ItemData(item="2", by=ROBOT, when=When(at=after(4 * HOUR)))
    assert "deleted-in-history-only" not in odd(report)


@pytest.mark.parametrize(
    ("type_", "code"),
    [(12, "deleted-in-history-only"), (13, "restored-without-deletion")],
)
def test_deletions_that_do_not_fit_are_odd(tell, report, type_, code):
    tell(e.Event, history(type_, 2, 3 * HOUR))
    assert odd(report)[code] == 1


@pytest.mark.parametrize("type_", [*NOT_TOLD, 99])
def test_what_is_not_told_is_counted(tell, report, type_):
    kinds = (e.PostEdited, e.ThreadClosed, e.ItemDeleted, e.ThreadLocked)
    assert tell(kinds, history(type_, 1, HOUR)) == []
    assert odd(report)[f"not-told-history-{NOT_TOLD.get(type_, '99')}"] == 1


def test_history_of_what_is_no_thread_is_counted(tell, report):
    posts = [question(1), question(4, PostTypeId=4)]
    assert tell(e.PostEdited, history(5, 4), history(5, 9, guid="r2"), Posts=posts) == []
    assert odd(report)["history-without-post"] == 1
    assert odd(report)["not-told-history-of-other-post"] == 1
