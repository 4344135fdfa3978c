from __future__ import annotations

import pytest

from stream.archive.base import Options
from stream.archive.detect import sample, sample_people
from stream.archive.inspect import inspect
from stream.codec.events import encode
from stream.core.events import Person
from stream.errors import ArchiveError
from tests import story
from tests.archive.pages import comment, question


def _inspected(path, *events):
    path.write_bytes(b"".join(encode(event).value + b"\n" for event in events))
    return inspect([path], Options())


def _oddities(found):
    return {oddity["code"]: oddity["count"] for oddity in found["oddities"]}


def test_the_sample_is_told_as_a_whole():
    found = inspect([sample(), sample_people()], Options())
    oddities = found.pop("oddities")
    assert found == {
        "format": "kiwix-text, event-lines",
        "communities": ["workshop.example"],
        "threads": 1,
        "items": {"questions": 1, "answers": 2, "posts": 0, "comments": 21},
        "edits": 0,
        "events": 28,
        "facts": {
            "comment.created": 21,
            "item.attributed": 2,
            "person.aliased": 1,
            "post.created": 3,
            "thread.observed": 1,
        },
        "people": 6,
        "robots": [],
        "first_at": "2017-04-18T17:42:09.313Z",
        "last_at": "2017-05-21T18:44:40.873Z",
        "over_time": [{"start": "2017-04", "items": 15}, {"start": "2017-05", "items": 9}],
        "silent_on": {"accepted": 1, "closed": 1, "deleted": 1, "edited": 1},
        "counts": {},
        "skipped": 0,
        "unreadable": [],
    }
    assert [oddity["code"] for oddity in oddities] == [
        "ambiguous-score",
        "author-missing",
        "deleted-author",
        "detached-attribution",
        "printed-date-refused",
        "unresolved-mention",
    ]
    assert oddities[-1]["example"].startswith("@cyclepath in a2.c7 is nobody's name (workshop.")


def test_an_alias_resolves_a_mention():
    assert _oddities(inspect([sample()], Options()))["unresolved-mention"] == 3
    found = inspect([sample(), sample_people()], Options())
    assert _oddities(found)["unresolved-mention"] == 1


def test_what_cannot_be_read_is_listed_and_the_rest_is_counted(tmp_path):
    path = tmp_path / "page.txt"
    path.write_text(question(comment("One."), comment("Two."))[:-20])
    found = inspect([path], Options())
    assert found["items"]["comments"] == 1
    assert found["skipped"] == 1
    (unreadable,) = found["unreadable"]
    assert unreadable["where"] == f"{path}, row 14"
    assert unreadable["problem"].startswith("the page ends in the middle")


def test_edits_posts_and_communities_are_counted(tmp_path):
    found = _inspected(
        tmp_path / "events.jsonl",
        story.asked(),
        story.edited("q", after=1),
        story.posted("p1", thread="t2", community="b.example"),
        story.observed(after=story.DAY),
    )
    assert found["communities"] == ["b.example", story.COMMUNITY]
    assert found["threads"] == 2
    assert found["items"] == {"questions": 1, "answers": 0, "posts": 1, "comments": 0}
    assert found["edits"] == 1
    assert found["last_at"] == "2017-04-24T12:00:00.001Z"


@pytest.mark.parametrize(
    ("authors", "people"),
    [
        pytest.param(("Ann", "Bob"), 2, id="two names"),
        pytest.param(("Ann", "ann"), 1, id="case does not tell people apart"),
        pytest.param(("Ann", None), 1, id="nobody is not somebody"),
        pytest.param((Person(id="1", name="Ann"), "Ann"), 1, id="a name that an id has"),
        pytest.param((Person(id="1", name="A"), Person(id="2", name="A")), 2, id="two accounts"),
        pytest.param((Person(id="1", name="A"), Person(id="1", name="B")), 1, id="one account"),
        pytest.param(("Ann", "Anna"), 1, id="an alias"),
    ],
)
def test_people_are_counted_once(tmp_path, authors, people):
    one, other = authors
    found = _inspected(
        tmp_path / "events.jsonl",
        story.aliased("Ann", "Anna"),
        story.asked(author=one),
        story.commented("q.c1", author=other, after=1),
    )
    assert found["people"] == people


def test_an_alias_in_one_thread_counts_too(tmp_path):
    found = _inspected(
        tmp_path / "events.jsonl",
        story.aliased("Ann", "Anna", thread=story.THREAD),
        story.asked(author="Ann"),
        story.commented("q.c1", author="Anna", after=1),
    )
    assert found["people"] == 1


def test_a_reply_before_its_question_is_odd(tmp_path):
    found = _inspected(
        tmp_path / "events.jsonl",
        story.asked(after=story.HOUR),
        story.commented("q.c1", author="Bob", after=0),
    )
    assert _oddities(found)["negative-wait"] >= 1


def test_statements_about_people_alone_have_no_time(tmp_path):
    found = _inspected(tmp_path / "events.jsonl", story.aliased("Ann", "Anna"))
    assert (found["first_at"], found["last_at"], found["threads"]) == (None, None, 0)


def test_a_file_that_is_no_archive_stays_an_error(tmp_path):
    with pytest.raises(ArchiveError):
        inspect([tmp_path / "missing"], Options())
