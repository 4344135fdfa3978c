"""Firebase's own items, against a plain count of them."""

from __future__ import annotations

import json

import pytest

from stream.archive.base import Options, Report
from stream.archive.hacker_news import HackerNews
from stream.archive.opening import head
from stream.core.events import CommentCreated, ItemDeleted, PostCreated, ThreadObserved
from stream.core.when import When
from tests.archive.conftest import ARCHIVES
from tests.archive.json_files import at, of, told

FOLDER = ARCHIVES / "hacker-news"
FILES = {path.name: json.loads(path.read_text()) for path in sorted(FOLDER.iterdir())}
ITEMS = {item["id"]: item for item in FILES.values() if item is not None}


@pytest.fixture(scope="module")
def read():
    report = Report()
    return told(HackerNews(), FOLDER, report), report


def test_it_is_recognised():
    assert HackerNews().recognises(FOLDER, head(FOLDER, Options()))


def test_every_item_is_told_at_its_time(read):
    events, report = read
    created = of(events, (PostCreated, CommentCreated))
    assert {int(event.data.item): event.time for event in created} == {
        id_: at(item["time"]) for id_, item in ITEMS.items()
    }
    assert report.oddities["null-item"].count == len(FILES) - len(ITEMS) == 2
    assert not report.unreadable
    assert "orphan" not in report.oddities


def test_the_chain_of_four_is_one_thread(read):
    chain = [e.data for e in read[0] if e.subject == "21500569" and hasattr(e.data, "on")]
    assert [(data.item, data.on) for data in chain] == [
        ("21500569", None),
        ("21500829", "21500569"),
        ("21500985", "21500829"),
        ("21501055", "21500985"),
    ]


def test_the_deleted_one_is_nobodys_and_has_no_words(read):
    events, report = read
    (deleted,) = of(events, ItemDeleted)
    assert deleted.data.item == "21501055"
    assert deleted.data.when == When(after=at(ITEMS[21501055]["time"]))
    assert of(events, CommentCreated, "21501055").author is None
    assert report.oddities["deleted-author"].count == 1


def test_scores_are_the_stories(read):
    scores: dict[str, int] = {}
    for event in of(read[0], ThreadObserved):
        scores |= event.data.scores
    assert scores == {str(i): item["score"] for i, item in ITEMS.items() if "score" in item}
