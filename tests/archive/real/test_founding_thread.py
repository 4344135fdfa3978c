"""The thread the project was founded on, against what independent code says of it."""

from __future__ import annotations

import json
from collections import Counter
from hashlib import sha256

import pytest

from stream.archive.base import Options, Report
from stream.archive.detect import read
from stream.archive.inspect import inspect
from stream.codec.times import read_time
from stream.core.events import CommentCreated, PersonAliased, PostCreated, ThreadObserved
from stream.core.when import ms
from tests.archive.conftest import ARCHIVES

POLITICS = Options(community="politics.stackexchange.com")


@pytest.fixture(scope="module")
def folder():
    return ARCHIVES / "founding-thread"


@pytest.fixture(scope="module")
def reference(folder):
    return json.loads((folder / "reference.json").read_text())


@pytest.fixture(scope="module")
def events(folder):
    return list(read([folder / "page.txt"], POLITICS, Report()))


def _of(events, kind):
    return {event.data.item: event for event in events if isinstance(event, kind)}


def _digest(text):
    return sha256(text.encode()).hexdigest()


def _name(author):
    return None if author is None else author.name


def test_all_items_are_there(events, reference):
    posts, comments = _of(events, PostCreated), _of(events, CommentCreated)
    assert len(posts) + len(comments) == reference["counts"]["content_items"] == 23
    assert Counter(event.data.on for event in comments.values()) == Counter(
        reference["counts"]["comments_per_post"]
    )


def test_every_post_is_as_it_should_be(events, reference):
    posts = _of(events, PostCreated)
    for known in reference["posts"]:
        data = posts[known["id"]].data
        assert data.kind == known["kind"]
        assert _digest(data.text) == known["body_sha256"]
        assert _name(data.author) == known["author_printed"]
        time = known["time"]
        if time["status"] == "known":
            assert ms(data.when.at) == time["t_ms"]
        else:
            assert (ms(data.when.after), ms(data.when.by)) == (time["lower_ms"], time["upper_ms"])
            assert data.printed == time["printed_value_rejected"]
    assert posts["q"].data.title == reference["document"]["title"]


def test_every_comment_is_as_it_should_be(events, reference):
    comments = _of(events, CommentCreated)
    assert sorted(comments) == sorted(known["id"] for known in reference["comments"])
    for known in reference["comments"]:
        event = comments[known["id"]]
        assert ms(event.time) == ms(event.data.when.at) == known["t_ms"]
        assert event.data.on == known["post"]
        assert _name(event.data.author) == known["user"]
        assert _digest(event.data.text) == known["text_sha256"]
        assert list(event.data.mentions) == [mention["name"] for mention in known["mentions"]]


def test_the_scores_are_those_printed(events, reference):
    (observed,) = [event for event in events if isinstance(event, ThreadObserved)]
    assert observed.data.scores == reference["counts"]["scores"]


def test_it_is_told_what_is_odd(folder, reference):
    found = inspect([folder / "page.txt"], POLITICS)
    assert {oddity["code"]: oddity["count"] for oddity in found["oddities"]} == {
        "author-missing": 2,
        "detached-attribution": 3,
        "printed-date-refused": 2,
        "unresolved-mention": 4,
    }
    assert found["people"] == reference["counts"]["distinct_printed_user_names"]
    assert read_time(found["first_at"]) == read_time(reference["time"]["first_known"])
    assert read_time(found["last_at"]) == read_time(reference["time"]["last_known"])


def test_who_is_who_is_read_beside_it(folder):
    paths = [folder / "page.txt", folder / "who-is-who.jsonl"]
    events = list(read(paths, POLITICS, Report()))
    (alias,) = [event for event in events if isinstance(event, PersonAliased)]
    assert {(event.source, event.subject) for event in events} == {(alias.source, alias.subject)}
    codes = {oddity["code"] for oddity in inspect(paths, POLITICS)["oddities"]}
    assert "unresolved-mention" not in codes
    assert "out-of-order" not in codes
