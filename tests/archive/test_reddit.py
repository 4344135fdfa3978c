from __future__ import annotations

import gzip
import json

import pytest

from stream.archive.base import Options
from stream.archive.opening import head
from stream.archive.reddit import Reddit
from stream.core.events import (
    CommentCreated,
    CommentEdited,
    ItemDeleted,
    Person,
    PostCreated,
    PostEdited,
    ThreadLocked,
    ThreadObserved,
)
from stream.core.when import When
from stream.errors import ArchiveError, RowError
from tests.archive.json_files import at, of, saved, told

WRITTEN = 1_500_000_000
CAPTURED = WRITTEN + 86_400


def submission(id_="s1", **more):
    return {
        "id": id_,
        "subreddit": "Tea",
        "author": "Ann",
        "author_fullname": "t2_a",
        "created_utc": WRITTEN,
        "edited": False,
        "title": "How warm?",
        "selftext": "Is 80 degrees right?",
        "is_self": True,
        "score": 3,
        "retrieved_on": CAPTURED,
        **more,
    }


def comment(id_="c1", on="t3_s1", **more):
    return {
        "id": id_,
        "subreddit": "Tea",
        "author": "Bob",
        "created_utc": WRITTEN + 60,
        "edited": False,
        "body": "It is.",
        "link_id": "t3_s1",
        "parent_id": on,
        "score": 2,
        "retrieved_on": CAPTURED,
        **more,
    }


@pytest.fixture
def read(tmp_path, report):
    def reading(*rows, options=None):
        return told(Reddit(), saved(tmp_path / "rows.jsonl", *rows), report, options)

    return reading


def recognised(path):
    return Reddit().recognises(path, head(path, Options()))


def test_a_submission_is_a_post_and_its_threads_name(read):
    events = read(submission())
    (created,) = of(events, PostCreated)
    assert (created.source, created.subject) == ("reddit.com/r/Tea", "s1")
    data = created.data
    assert (data.item, data.kind, data.on) == ("s1", "post", None)
    assert data.author == Person(id="t2_a", name="Ann")
    assert (data.title, data.text, data.format) == ("How warm?", "Is 80 degrees right?", "markdown")
    assert data.when == When(at=at(WRITTEN))
    assert data.silent_on == ("accepted", "closed")


def test_a_comment_stands_under_what_its_prefix_says(read, report):
    events = read(submission(), comment(), comment("c2", "t1_c1"))
    assert of(events, CommentCreated, "c1").on == "s1"
    assert of(events, CommentCreated, "c2").on == "c1"
    assert not report.oddities


@pytest.mark.parametrize(
    "written", [WRITTEN, float(WRITTEN), str(WRITTEN), f"{WRITTEN}.0"], ids=repr
)
def test_time_is_a_number_or_text(read, written):
    assert of(read(submission(created_utc=written)), PostCreated, "s1").when.at == at(WRITTEN)


def test_a_parent_that_is_not_there_is_kept_and_counted(read, report):
    events = read(comment("c2", "t1_c1"))
    assert of(events, CommentCreated, "c2").on == "c1"
    assert report.oddities["orphan"].count == 1
    assert "c2 stands under c1" in report.oddities["orphan"].example


def test_a_parent_may_be_a_number(read):
    events = read(submission(), comment("c2", int("c1", 36)), comment("c3", int("s1", 36)))
    assert of(events, CommentCreated, "c2").on == "c1"
    assert of(events, CommentCreated, "c3").on == "s1"


def test_a_comment_with_its_submissions_id_is_told_apart(read):
    events = read(submission("x"), comment("x", "t3_x", link_id="t3_x"))
    assert of(events, CommentCreated, "t1_x").on == "x"


@pytest.mark.parametrize("gone", ["[removed]", "[deleted]", "[ Removed by Reddit ]"])
def test_what_is_gone_was_deleted_by_the_capture(read, gone):
    events = read(submission(), comment(body=gone))
    assert of(events, CommentCreated, "c1").text is None
    (deleted,) = of(events, ItemDeleted)
    assert deleted.data.when == When(after=at(WRITTEN + 60), by=at(CAPTURED))
    assert deleted.time == at(CAPTURED)


def test_a_capture_without_a_time_bounds_nothing(read):
    rows = comment(body="[deleted]"), comment("c2", created_utc=WRITTEN + 999)
    for row in rows:
        del row["retrieved_on"]
    (deleted,) = of(read(*rows), ItemDeleted)
    assert deleted.data.when == When(after=at(WRITTEN + 60))
    assert deleted.time == at(WRITTEN + 999)  # The archive's last printed time.


def test_what_was_deleted_between_two_captures_keeps_its_text(read):
    later = {"was_deleted_later": True, "retrieved_2nd_on": CAPTURED + 60}
    events = read(submission(_meta=later))
    assert of(events, PostCreated, "s1").text == "Is 80 degrees right?"
    assert of(events, ItemDeleted, "s1").when == When(after=at(CAPTURED), by=at(CAPTURED + 60))


def test_the_time_of_a_ban_is_that_of_the_removal(read):
    events = read(submission(selftext="[removed]", banned_at_utc=WRITTEN + 5))
    assert of(events, ItemDeleted, "s1").when == When(at=at(WRITTEN + 5))


def test_a_removed_submission_may_keep_its_words(read):
    events = read(submission(removed_by_category="moderator", title="[deleted by user]"))
    assert of(events, PostCreated, "s1").title is None
    assert of(events, PostCreated, "s1").text == "Is 80 degrees right?"
    assert len(of(events, ItemDeleted)) == 1


def test_a_deleted_author_is_nobody_and_the_words_stay(read, report):
    events = read(submission(author="[deleted]", author_fullname=None))
    assert of(events, PostCreated, "s1").author is None
    assert of(events, PostCreated, "s1").text == "Is 80 degrees right?"
    assert not of(events, ItemDeleted)
    assert report.oddities["deleted-author"].count == 1


def test_an_edits_time_is_told_and_the_first_words_are_unknown(read):
    events = read(submission(edited=WRITTEN + 30.0), comment(edited=str(WRITTEN + 90)))
    assert of(events, PostCreated, "s1").text is None
    edit = of(events, PostEdited, "s1")
    assert edit.when == When(at=at(WRITTEN + 30))
    assert edit.changes.text == "Is 80 degrees right?"
    assert edit.by == Person(id="t2_a", name="Ann")
    assert of(events, CommentEdited, "c1").when == When(at=at(WRITTEN + 90))


def test_an_old_edit_has_no_time(read):
    edit = of(read(submission(edited=True)), PostEdited, "s1")
    assert edit.when == When(after=at(WRITTEN), by=at(CAPTURED))


def test_an_edit_before_the_post_is_not_believed(read, report):
    edit = of(read(submission(edited=WRITTEN - 5)), PostEdited, "s1")
    assert edit.when == When(after=at(WRITTEN), by=at(CAPTURED))
    assert report.oddities["edited-before-written"].count == 1


def test_a_row_without_edited_is_silent_on_edits(read):
    row = submission()
    del row["edited"]
    assert "edited" in of(read(row), PostCreated, "s1").silent_on


def test_scores_are_one_statement_of_a_thread(read):
    events = read(submission(), comment(), comment("c2", score=0))
    (observed,) = of(events, ThreadObserved)
    assert observed.data.scores == {"s1": 3, "c1": 2}
    assert observed.data.scored == ("comment", "post")
    assert observed.data.when == When(at=at(CAPTURED))


def test_scores_of_several_captures_are_bounded_by_them(read):
    later = CAPTURED + 500
    (observed,) = of(read(submission(), comment(retrieved_on=later)), ThreadObserved)
    assert observed.data.when == When(after=at(CAPTURED), by=at(later))


def test_a_hidden_score_is_no_zero(read):
    (observed,) = of(read(submission(), comment(score_hidden=True)), ThreadObserved)
    assert observed.data.scored == ("post",)


def test_ups_where_there_is_no_score(read):
    (observed,) = of(read(submission(score=None, ups=7)), ThreadObserved)
    assert observed.data.scores == {"s1": 7}


def test_a_locked_submission_was_locked_by_the_capture(read):
    (locked,) = of(read(submission(locked=True)), ThreadLocked)
    assert locked.data.when == When(after=at(WRITTEN), by=at(CAPTURED))


def test_a_links_text_is_its_address(read):
    events = read(submission(selftext="", is_self=False, url="https://tea.example/"))
    assert of(events, PostCreated, "s1").text == "https://tea.example/"


def test_people_are_called_by_u_and_their_name(read):
    body = "Ask u/Cid or /u/Dee_9, not `u/code` nor http://x.example/u/Eve"
    assert of(read(comment(body=body)), CommentCreated, "c1").mentions == ("Cid", "Dee_9")


def test_a_row_that_comes_twice_is_told_once(read, report):
    events = read(submission(), submission())
    assert len(of(events, PostCreated)) == 1
    assert report.oddities["doubled-item"].count == 1


def test_a_listing_with_replies_tells_the_same(tmp_path, report):
    nested = comment("c2", "t1_c1")
    replies = {"kind": "Listing", "data": {"children": [{"kind": "t1", "data": nested}]}}
    more = {"kind": "more", "data": {"count": 3, "id": "zz", "children": ["zz"]}}
    page = [
        {"kind": "Listing", "data": {"children": [{"kind": "t3", "data": submission()}]}},
        {
            "kind": "Listing",
            "data": {"children": [{"kind": "t1", "data": comment(replies=replies)}, more]},
        },
    ]
    path = saved(tmp_path / "s1.json", page, indent=2)
    listed = told(Reddit(), path, report)
    rows = saved(tmp_path / "rows.jsonl", submission(), comment(replies=""), nested)
    assert listed == told(Reddit(), rows, report)
    assert report.oddities["more-not-held"].count == 1
    assert recognised(path)
    assert recognised(rows)


def test_rows_may_be_compressed(tmp_path, report):
    path = tmp_path / "RC_2017-07.gz"
    path.write_bytes(gzip.compress(json.dumps(comment()).encode()))
    assert recognised(path)
    assert of(told(Reddit(), path, report), CommentCreated, "c1").text == "It is."


def test_a_folder_joins_its_files(tmp_path, report):
    saved(tmp_path / "all/comments.jsonl", comment())
    saved(tmp_path / "all/submissions.jsonl", submission())
    assert recognised(tmp_path / "all")
    assert len(told(Reddit(), tmp_path / "all", report)) == 3
    assert not report.oddities


def test_the_community_given_goes_before_the_subreddit(read):
    assert read(submission(), options=Options(community="mine"))[0].source == "mine"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (submission(created_utc="0000-00-00"), "is no time"),
        (submission(created_utc=253_402_300_799), "is no time"),
        (submission(created_utc=-1), "is no time"),
        (submission(created_utc=None, retrieved_on=None), "no created_utc"),
        (submission(id=None), "no id"),
        (submission(author=7), "Expected `str"),
        (comment(link_id=None), "which thread"),
    ],
)
def test_what_cannot_be_told_is_said_with_its_row(read, report, row, problem):
    with pytest.raises(RowError, match=rf"row 2: .*{problem}"):
        read(submission("s0"), row)
    events = read(submission("s0"), row, options=Options(skip_unreadable=True))
    assert len(of(events, PostCreated)) == 1
    assert report.skipped == 1


def test_a_missing_date_is_bounded_by_the_capture(read, report):
    events = read(submission(created_utc=None))
    assert of(events, PostCreated, "s1").when == When(by=at(CAPTURED))
    assert report.oddities["date-missing"].count == 1


def test_replies_nested_without_end_are_refused(tmp_path, report):
    path = tmp_path / "deep.json"
    deep = '{"kind":"Listing","data":{"children":[' * 20_000
    path.write_text(deep)
    with pytest.raises(ArchiveError, match="row 1"):
        told(Reddit(), path, report)


def test_other_json_is_not_recognised(tmp_path):
    path = saved(tmp_path / "o.jsonl", {"id": "x", "conversation_id": "y", "meta": {"score": 1}})
    assert not recognised(path)
