from __future__ import annotations

import pytest

from stream.archive.base import Options
from stream.archive.discourse import Discourse
from stream.archive.opening import head
from stream.codec.times import read_time
from stream.core.events import (
    AnswerAccepted,
    ItemDeleted,
    Person,
    PostCreated,
    PostEdited,
    ThreadClosed,
    ThreadLocked,
    ThreadObserved,
    ThreadReopened,
)
from stream.core.when import When, to_datetime
from stream.errors import RowError
from tests.archive.json_files import of, saved, told

DAY = "2020-05-01T"


def moment(clock):
    return to_datetime(read_time(f"{DAY}{clock}Z"))


def post(number=1, at="10:00:00.123", **more):
    return {
        "id": 9000 + number,
        "topic_id": 7,
        "post_number": number,
        "post_type": 1,
        "username": f"user{number}",
        "name": "Ann Other",
        "user_id": number,
        "created_at": f"{DAY}{at}Z",
        "updated_at": f"{DAY}{at}Z",
        "version": 1,
        "cooked": f"<p>Words of {number}.</p>",
        "reply_to_post_number": None,
        "actions_summary": [],
        "avatar_template": "/user_avatar/tea.example/ann/{size}/1_2.png",
        **more,
    }


def page(*posts, **more):
    topic = {"id": 7, "title": "How warm?", "created_at": f"{DAY}10:00:00.000Z", "closed": False}
    return {"post_stream": {"posts": posts}, **topic, "tags": ["tea"], "views": 12, **more}


@pytest.fixture
def read(tmp_path, report):
    def reading(*pages, options=None):
        for number, one in enumerate(pages):
            saved(tmp_path / f"topic/{number}.json", one)
        return told(Discourse(), tmp_path / "topic", report, options)

    return reading


def recognised(path):
    return Discourse().recognises(path, head(path, Options()))


def test_a_topic_is_a_thread_and_a_post_has_its_number(read, report):
    events = read(page(post(), post(2, "10:05:00.000")))
    first = of(events, PostCreated, "1")
    assert {(event.source, event.subject) for event in events} == {("tea.example", "7")}
    assert (first.kind, first.on, first.title, first.tags) == ("post", None, "How warm?", ("tea",))
    assert (first.text, first.format) == ("<p>Words of 1.</p>", "html")
    assert first.author == Person(id="1", name="user1")
    assert first.when == When(at=moment("10:00:00.123"))
    assert of(events, PostCreated, "2").title is None
    assert not report.oddities


def test_only_a_stated_reply_stands_under_something(read):
    events = read(
        page(post(), post(2), post(3, reply_to_post_number=2), post(4, reply_to_post_number=1))
    )
    under = {event.data.item: event.data.on for event in of(events, PostCreated)}
    assert under == {"1": None, "2": None, "3": "2", "4": "1"}


def test_a_reply_to_a_post_that_is_not_there_is_kept_and_counted(read, report):
    events = read(page(post(), post(3, reply_to_post_number=2)))
    assert of(events, PostCreated, "3").on == "2"
    assert report.oddities["orphan"].count == 1
    assert report.oddities["posts-missing"].example == "1 of 3 posts (tea.example/7)"


def test_a_reply_to_itself_is_none(read, report):
    events = read(page(post(), post(2, reply_to_post_number=2)))
    assert of(events, PostCreated, "2").on is None
    assert report.oddities["answers-itself"].count == 1


def test_pages_overlap_and_posts_are_told_once(read, report):
    events = read(page(post(), post(2), post(3)), page(post(4), post(3), post(2)))
    assert sorted(event.data.item for event in of(events, PostCreated)) == ["1", "2", "3", "4"]
    assert report.oddities["doubled-item"].count == 2
    assert len(of(events, ThreadObserved)) == 1


def test_of_an_edited_post_the_last_words_are_known(read):
    edited = post(version=3, updated_at=f"{DAY}11:00:00.000Z", edit_reason="typo")
    events = read(page(edited))
    assert of(events, PostCreated, "1").text is None
    first, last = sorted((e.data for e in of(events, PostEdited)), key=lambda d: d.revision)
    assert first.changes.text is None
    assert (last.changes.text, last.note) == ("<p>Words of 1.</p>", "typo")
    bounds = When(after=moment("10:00:00.123"), by=moment("11:00:00.000"))
    assert first.when == last.when == bounds


def test_an_update_that_is_no_version_is_counted(read, report):
    events = read(page(post(updated_at=f"{DAY}11:00:00.000Z")))
    assert not of(events, PostEdited)
    assert report.oddities["updated-without-version"].count == 1


def test_a_version_beyond_belief_does_not_grow(read, report):
    events = read(page(post(version=10**9)))
    assert len(of(events, PostEdited)) == 1_000
    assert report.oddities["edits-not-told"].count == 1


def test_a_deleted_post_has_its_moment(read):
    deleted = {"deleted_at": f"{DAY}12:00:00.000Z", "deleted_by": {"id": 9, "username": "mod"}}
    (event,) = of(read(page(post(), post(2, **deleted))), ItemDeleted)
    assert event.data.item == "2"
    assert event.data.when == When(at=moment("12:00:00.000"))
    assert event.data.by == Person(id="9", name="mod")


def test_what_its_author_withdrew_was_gone_by_the_update(read):
    gone = post(2, user_deleted=True, version=2, updated_at=f"{DAY}11:00:00.000Z")
    events = read(page(post(), gone))
    bounds = When(after=moment("10:00:00.123"), by=moment("11:00:00.000"))
    assert of(events, ItemDeleted, "2").when == bounds
    assert of(events, PostCreated, "2").text is None
    assert of(events, PostEdited, "2").changes.text is None


def test_what_is_hidden_was_so_at_a_moment_unknown(read, report):
    events = read(page(post(), post(2, hidden=True), post(3, "10:30:00.000")))
    (deleted,) = of(events, ItemDeleted)
    assert deleted.data.when == When(after=moment("10:00:00.123"))
    assert deleted.time == moment("10:30:00.000")
    assert of(events, PostCreated, "2").text is None
    assert report.oddities["hidden"].count == 1


def action(number, code, at="12:00:00.000"):
    return post(number, at, post_type=3, action_code=code, cooked="", version=1)


def test_small_actions_close_and_open_the_topic(read, report):
    events = read(
        page(
            post(),
            action(2, "closed.enabled"),
            action(3, "closed.disabled", "13:00:00.000"),
            action(4, "archived.enabled"),
        )
    )
    (closed,), (reopened,) = of(events, ThreadClosed), of(events, ThreadReopened)
    assert (closed.time, closed.data.why) == (moment("12:00:00.000"), "closed.enabled")
    assert closed.data.by == Person(id="2", name="user2")
    assert reopened.time == moment("13:00:00.000")
    assert len(of(events, ThreadLocked)) == 1
    assert len(of(events, PostCreated)) == 1
    assert not report.oddities


@pytest.mark.parametrize("code", ["split_topic", "pinned.enabled", None])
def test_other_small_actions_are_counted(read, report, code):
    events = read(page(post(), action(2, code)))
    assert len(of(events, PostCreated)) == 1
    assert report.oddities["action-not-told"].count == 1
    assert "(" in report.oddities["action-not-told"].example


def test_a_topic_captured_closed_was_closed_sometime(read):
    pages = [page(post(), closed=True), page(post(2, "10:10:00.000"), closed=True)]
    (closed,) = of(read(*pages), ThreadClosed)
    assert closed.data.when == When(after=moment("10:00:00.000"))
    assert closed.time == moment("10:10:00.000")


def test_a_deleted_topic_is_its_first_post_deleted(read):
    events = read(page(post(), deleted_at=f"{DAY}12:00:00.000Z"))
    assert of(events, ItemDeleted, "1").when == When(at=moment("12:00:00.000"))


def test_an_accepted_answer_was_accepted_sometime(read):
    events = read(page(post(accepted_answer=False), post(2, accepted_answer=True)))
    assert of(events, AnswerAccepted, "2").when == When(after=moment("10:00:00.123"))
    assert "accepted" not in of(events, PostCreated, "1").silent_on


def test_every_post_that_may_be_the_first_says_what_cannot_be_told(read):
    events = read(page(post(), post(2), post(3, reply_to_post_number=1)))
    silent = {event.data.item: event.data.silent_on for event in of(events, PostCreated)}
    assert silent["1"] == silent["2"] == ("accepted", "deleted")
    assert silent["3"] is None


def test_likes_are_the_score(read):
    liked = [{"id": 2, "count": 3}, {"id": 4, "count": 9}]
    (observed,) = of(read(page(post(actions_summary=liked), post(2))), ThreadObserved)
    assert (observed.data.scores, observed.data.scored) == ({"1": 3}, ("post",))
    assert observed.data.views == 12


def test_mentions_are_those_that_the_site_marks(read):
    cooked = (
        '<p>As <a class="mention" href="/u/ann">@ann</a> and <a class="mention" href="/u/b-c">@b-c'
        '</a> said: <code>@class</code> <a class="mention-group" href="/g/all">@all</a></p>'
    )
    assert of(read(page(post(cooked=cooked))), PostCreated, "1").mentions == ("ann", "b-c")


def test_a_page_without_avatars_is_from_the_site_of_those_beside_it(read):
    alone = post(2, avatar_template="/letter_avatar/x.png")
    assert {event.source for event in read(page(alone), page(post()))} == {"tea.example"}


def test_where_nothing_names_the_site_the_folder_does(read):
    assert {event.source for event in read(page(post(avatar_template="")))} == {"topic"}
    assert read(page(post()), options=Options(community="mine"))[0].source == "mine"


def test_posts_by_themselves_tell_the_same(tmp_path, report):
    lines = saved(tmp_path / "posts.jsonl", post(), post(2))
    latest = saved(tmp_path / "latest.json", {"latest_posts": [post(2), post()]})
    assert told(Discourse(), lines, report) == told(Discourse(), latest, report)
    assert recognised(lines)
    assert recognised(latest)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"created_at": "0000-00-00"}, "post 2: .* is no time"),
        ({"created_at": "9999-12-31T23:59:59Z"}, "post 2: .* is no time"),
        ({"created_at": None}, "post 2: it has no created_at"),
        ({"post_number": 0}, "Expected `int` >= 1"),
        ({"username": 5}, "Expected `str"),
    ],
    ids=["zeros", "year 9999", "no date", "number 0", "name"],
)
def test_one_bad_post_is_said_and_the_others_are_told(read, report, wrong, problem):
    pages = page(post(), post(2, **wrong), post(3))
    with pytest.raises(RowError, match=rf"0\.json, row 1: .*{problem}"):
        read(pages)
    events = read(pages, options=Options(skip_unreadable=True))
    assert len(of(events, PostCreated)) == 2
    assert report.skipped == 1
