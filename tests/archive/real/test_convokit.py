"""A real ConvoKit corpus, against counts of its JSON."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from stream.archive.base import Options, Report
from stream.archive.detect import read
from stream.archive.export import export
from stream.core.events import CommentCreated, ItemDeleted, PostCreated, ThreadObserved
from stream.core.when import ms
from tests.archive.conftest import ARCHIVES

CORPUS = ARCHIVES / "convokit"
LINES = [json.loads(line) for line in (CORPUS / "utterances.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def report():
    return Report()


@pytest.fixture(scope="module")
def events(report):
    return list(read([CORPUS], Options(), report))


def _created(events):
    made = [event for event in events if isinstance(event, PostCreated | CommentCreated)]
    return {event.data.item: event for event in made}


def test_every_utterance_is_an_item_and_nothing_else_is(events, report):
    items = _created(events)
    assert items.keys() == {line["id"] for line in LINES}
    assert len(items) == 1519
    assert not report.unreadable
    assert {event.source for event in events} == {"reddit.com/r/Cornell"}
    titles = json.loads((CORPUS / "conversations.json").read_text())
    posts = [event.data for event in events if isinstance(event, PostCreated)]
    assert {post.item: post.title for post in posts} == {
        id_: conversation["meta"]["title"] for id_, conversation in titles.items()
    }


def test_items_say_what_the_utterances_say(events):
    items = _created(events)
    for line in LINES:
        event = items[line["id"]]
        assert event.subject == line["conversation_id"]
        assert event.data.on == line["reply-to"]
        assert ms(event.data.when.at) == line["timestamp"] * 1000
        gone = line["text"] in {"[deleted]", "[removed]"}
        assert event.data.text == (None if gone else line["text"])
        name = None if event.data.author is None else event.data.author.name
        assert (name or "[deleted]") == line["speaker"]


def test_what_is_gone_was_deleted(events, report):
    gone = {line["id"] for line in LINES if line["text"] in {"[deleted]", "[removed]"}}
    assert {event.data.item for event in events if isinstance(event, ItemDeleted)} == gone
    nobody = Counter(line["speaker"] for line in LINES)["[deleted]"]
    assert report.oddities["deleted-author"].count == nobody == 157
    assert report.oddities.keys() == {"deleted-author"}


def test_scores_are_those_of_the_corpus(events):
    seen = [event.data for event in events if isinstance(event, ThreadObserved)]
    scores = {item: score for data in seen for item, score in data.scores.items()}
    stated = {line["id"]: line["meta"]["score"] for line in LINES}
    assert scores == {item: score for item, score in stated.items() if score}
    assert {data.scored for data in seen} == {("comment", "post")}


def test_there_and_back_again_says_the_same(events, tmp_path):
    count = export([CORPUS], Options(), Report(), to=tmp_path / "c", form="convokit")
    assert count == len(LINES)
    again = list(read([tmp_path / "c"], Options(), Report()))
    assert again == events
