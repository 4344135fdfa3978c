"""A topic whose pages overlap, and one page of another, against a plain count of them."""

from __future__ import annotations

import json

import pytest

from stream.archive.base import Options, Report
from stream.archive.discourse import Discourse
from stream.archive.opening import head
from stream.codec.times import stamp_of
from stream.core.events import ItemDeleted, PostCreated, PostEdited, ThreadObserved
from tests.archive.conftest import ARCHIVES
from tests.archive.json_files import of, told

FOLDER = ARCHIVES / "discourse"
TOPICS = {
    "2144": (FOLDER / "topic-2144", "discuss.criticalfallibilism.com"),
    "1148": (FOLDER / "discourse_topic_1148.json", "discourse.mozilla-community.org"),
}


def plainly(path):
    """Every copy of every post, as the pages have them."""
    pages = sorted(path.iterdir()) if path.is_dir() else [path]
    return [post for page in pages for post in json.loads(page.read_text())["post_stream"]["posts"]]


class Topic:
    def __init__(self, name: str) -> None:
        self.name = name
        self.path, self.host = TOPICS[name]
        self.copies = plainly(self.path)
        self.posts = {str(post["post_number"]): post for post in self.copies}
        self.report = Report()
        self.events = told(Discourse(), self.path, self.report)


@pytest.fixture(scope="module", params=TOPICS)
def topic(request):
    return Topic(request.param)


def test_it_is_recognised(topic):
    assert Discourse().recognises(topic.path, head(topic.path, Options()))


def test_every_post_is_told_once_at_its_time(topic):
    created = of(topic.events, PostCreated)
    assert len(created) == {"2144": 29, "1148": 20}[topic.name]
    assert {event.data.item: stamp_of(event.time) for event in created} == {
        number: post["created_at"] for number, post in topic.posts.items()
    }
    assert {(event.source, event.subject) for event in topic.events} == {(topic.host, topic.name)}
    doubled = topic.report.oddities.get("doubled-item")
    assert (doubled.count if doubled else 0) == len(topic.copies) - len(topic.posts)


def test_replies_are_those_stated(topic):
    stated = {
        number: str(post["reply_to_post_number"])
        for number, post in topic.posts.items()
        if post["reply_to_post_number"] is not None
    }
    created = {event.data.item: event.data.on for event in of(topic.events, PostCreated)}
    assert {item: on for item, on in created.items() if on is not None} == stated
    assert "orphan" not in topic.report.oddities


def test_edits_are_the_versions(topic):
    edits = of(topic.events, PostEdited)
    assert len(edits) == sum(post["version"] - 1 for post in topic.posts.values())
    assert all(stamp_of(e.time) == topic.posts[e.data.item]["updated_at"] for e in edits)
    assert not of(topic.events, ItemDeleted)


def test_scores_are_the_likes(topic):
    likes = {
        number: sum(one.get("count", 0) for one in post["actions_summary"] if one["id"] == 2)
        for number, post in topic.posts.items()
    }
    (observed,) = of(topic.events, ThreadObserved)
    assert observed.data.scores == {number: count for number, count in likes.items() if count}


def test_what_is_not_there_is_said(topic):
    missing = {"2144": "1 of 30 posts", "1148": "2 of 22 posts"}[topic.name]
    assert topic.report.oddities["posts-missing"].example.startswith(missing)
