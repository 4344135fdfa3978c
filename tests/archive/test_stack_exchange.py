"""Posts, comments and people of a dump, and the ways in which it comes."""

from __future__ import annotations

from typing import Any

import py7zr
import pytest

from stream.archive.base import Options, Report
from stream.archive.detect import read_encoded, reader_for
from stream.core.events import CommentCreated, Person, PostCreated, ThreadObserved
from stream.core.fold import Partition
from stream.core.wait import Wait
from stream.core.waits import waits
from stream.core.when import When
from stream.errors import ArchiveError
from tests.archive.stack_exchange_site import (
    DAY,
    HOUR,
    MINUTE,
    after,
    answer,
    comment,
    first,
    history,
    question,
    stamp,
    told,
    users,
    vote,
    write,
)

SITE: dict[str, Any] = {
    "Posts": [
        question(1, Score=3, AcceptedAnswerId=2, LastEditDate=stamp(DAY)),
        answer(2, Score=-1),
        answer(3, at=0, OwnerUserId=1),
    ],
    "Comments": [comment(5, text="@Ann: line one\r\nline two", Score=2), comment(6, on=2)],
    "PostHistory": [
        *first(),
        history(2, 2, HOUR, "first-2", Text="So.", UserId=2),
        history(2, 3, 0, "first-3", Text="I know."),
        history(
            5, 1, DAY, "edit-1", Text="*How* then?\r\n\r\nAnd: \t<b>&\"'é😀", Comment="clearer"
        ),
    ],
    "Votes": [vote(2, at=2 * DAY), vote(1, 2)],
}


def _of(events, kind):
    return {
        e.data.item if hasattr(e.data, "item") else e.subject: e for e in events if type(e) is kind
    }


def _bytes(path):
    return [event.value for event in read_encoded([path], Options(community="c"), Report())]


@pytest.fixture
def site(tmp_path):
    return write(tmp_path / "coffee.meta", **SITE)


def test_a_dump_is_known_by_its_posts(site):
    assert reader_for(site).name == "stack-exchange"
    assert reader_for(site / "Posts.xml").name == "stack-exchange"


def test_the_community_is_called_as_its_folder(site):
    assert {event.source for event in told(site)} == {"coffee.meta"}
    assert {event.source for event in told(site / "Posts.xml")} == {"coffee.meta"}
    assert {event.source for event in told(site, community="c.example")} == {"c.example"}


def test_posts_are_told_with_their_first_words(site):
    posts = _of(told(site), PostCreated)
    asked = posts["1"].data
    assert (asked.title, asked.text, asked.format) == ("How?", "*How?*", "markdown")
    assert (asked.kind, asked.on, asked.tags, asked.silent_on) == ("question", None, ("steel",), ())
    assert (asked.author, asked.when) == (Person(id="1", name="Ann"), When(at=after(0)))
    replied = posts["2"].data
    assert (replied.kind, replied.on, replied.title, replied.tags) == ("answer", "1", None, ())
    assert (replied.author, replied.when) == (Person(id="2", name="Bob"), When(at=after(HOUR)))
    assert {event.subject for event in posts.values()} == {"1"}


def test_comments_are_told_with_whom_they_call(site):
    comments = _of(told(site), CommentCreated)
    data = comments["c5"].data
    assert (data.on, data.mentions) == ("1", ("Ann",))
    assert (data.text, data.format) == ("@Ann: line one\nline two", "markdown")
    assert (data.author, data.when) == (Person(id="3", name="Cem Öz"), When(at=after(MINUTE)))
    assert comments["c6"].data.on == "2"
    assert {event.subject for event in comments.values()} == {"1"}


def test_an_answer_at_its_questions_own_time_is_real(site):
    state = Partition()
    for event in told(site):
        state.join(event)
    (thread,) = state.settled()
    assert thread.items["3"].at == thread.items["1"].at
    assert waits(thread)["first_answer"] == Wait("observed", HOUR, HOUR, "2")


def test_scores_and_views_are_seen_after_all_that_happened(site):
    (seen,) = _of(told(site), ThreadObserved).values()
    assert seen.data.scores == {"1": 3, "2": -1, "c5": 2}
    assert seen.data.scored == ("answer", "comment", "question")
    assert (seen.data.views, seen.data.when) == (7, When(after=after(2 * DAY - 12 * HOUR)))
    assert seen.time == seen.data.when.after


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
def test_ends_of_lines_change_nothing(site, tmp_path, eol):
    other = write(tmp_path / "other", eol=eol, **SITE)
    assert _bytes(other) == _bytes(site)


def test_letter_case_of_names_and_byte_order_marks_change_nothing(site, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    for path in site.iterdir():
        (other / path.name.upper()).write_bytes(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    assert _bytes(other) == _bytes(site)


def test_a_7z_tells_the_same_as_its_folder(site, tmp_path):
    packed = tmp_path / "coffee.meta.stackexchange.com.7z"
    with py7zr.SevenZipFile(packed, "w") as archive:
        for path in sorted(site.iterdir()):
            archive.write(path, path.name)
    assert _bytes(packed) == _bytes(site)
    assert {event.source for event in told(packed)} == {"coffee.meta.stackexchange.com"}


def test_two_sites_in_one_folder_are_refused(site):
    write(site / "inner", **SITE)
    with pytest.raises(ArchiveError, match=r"holds both .* name one site's folder"):
        told(site)


def test_a_folder_without_posts_is_refused(tmp_path):
    folder = write(tmp_path / "site", Posts=None)
    with pytest.raises(ArchiveError, match=r"no Posts\.xml"):
        told(folder, format="stack-exchange")


def test_a_site_of_nothing_tells_nothing(tmp_path):
    assert told(write(tmp_path / "site")) == []


def test_deleted_users_are_nobody_or_a_name(tmp_path):
    report = Report()
    folder = write(
        tmp_path / "site",
        Posts=[
            question(1, OwnerUserId=None),
            answer(2, OwnerUserId=None, OwnerDisplayName="user9"),
        ],
        Comments=[comment(3, UserId=None), comment(4, UserId=None, UserDisplayName="user8")],
    )
    events = told(folder, report)
    authors = {event.data.item: event.data.author for event in events if hasattr(event.data, "on")}
    assert authors["1"] is authors["c3"] is None
    assert (authors["2"], authors["c4"]) == (Person(name="user9"), Person(name="user8"))
    assert report.oddities["deleted-author"].count == 4


def test_who_is_not_in_users_has_an_id(tmp_path):
    folder = write(tmp_path / "site", Posts=[question(1)], Users=None, Comments=[comment(3)])
    events = told(folder)
    authors = {event.data.author for event in events if hasattr(event.data, "author")}
    assert authors == {Person(id="1"), Person(id="3")}


def test_the_robot_is_the_user_with_id_minus_1(tmp_path):
    (asked,) = _of(
        told(write(tmp_path / "s", Posts=[question(1, OwnerUserId=-1)])), PostCreated
    ).values()
    assert asked.data.author == Person(id="-1", name="Community")


def test_wikis_are_no_threads(tmp_path):
    report = Report()
    wiki = question(4, PostTypeId=5, Title=None)
    events = told(write(tmp_path / "s", Posts=[wiki], Comments=[comment(1, on=4)]), report)
    assert events == []
    assert report.oddities["not-told-post-type-5"].count == 1
    assert report.oddities["not-told-comment-on-other-post"].count == 1


def test_an_answer_without_its_question_is_kept_and_counted(tmp_path):
    report = Report()
    posts = [answer(5, on=99), question(1), answer(6, on=5)]
    events = _of(told(write(tmp_path / "s", Posts=posts), report), PostCreated)
    assert (events["5"].subject, events["5"].data.on) == ("99", "99")
    assert report.oddities["orphan-answer"].count == 2
    assert report.oddities["orphan-answer"].example == "post 5 answers 99, which is not there"


def test_comments_on_what_is_not_there_are_counted(tmp_path):
    report = Report()
    events = told(write(tmp_path / "s", Posts=[question(1)], Comments=[comment(7, on=8)]), report)
    assert not _of(events, CommentCreated)
    assert report.oddities["comment-without-post"].example == "comment 7 on post 8"


def test_what_is_there_twice_is_told_once(tmp_path):
    report = Report()
    folder = write(
        tmp_path / "s",
        Posts=[question(1), question(1, at=HOUR), answer(2)],
        Comments=[comment(1), comment(1, text="again")],
        Users=users() * 2,
    )
    events = told(folder, report)
    assert len(_of(events, PostCreated)) == 2
    assert [e.data.text for e in events if isinstance(e, CommentCreated)] == ["Why?"]
    assert report.oddities["doubled-item"].count == 2
    assert report.oddities["doubled-user"].count == 4


def test_an_answer_earlier_than_its_question_is_odd(tmp_path):
    report = Report()
    told(write(tmp_path / "s", Posts=[question(1, at=HOUR), answer(2, at=0)]), report)
    assert report.oddities["before-its-question"].example.startswith("post 2 is earlier")


def test_tags_are_read_in_either_way(tmp_path):
    posts = [question(1, Tags="|c++|two-words|"), question(2, Tags="<c++><two-words>")]
    asked = _of(told(write(tmp_path / "s", Posts=posts, PostHistory=None)), PostCreated).values()
    assert {event.data.tags for event in asked} == {("c++", "two-words")}


def test_a_time_with_a_zone_is_taken_at_its_word(tmp_path):
    posts = [question(1, CreationDate="2017-04-24T14:00:00.000+02:00")]
    (asked,) = _of(told(write(tmp_path / "s", Posts=posts)), PostCreated).values()
    assert asked.data.when == When(at=after(0))
