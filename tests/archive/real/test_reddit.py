"""Rows of 2005 to 2024, against a plain count of them."""

from __future__ import annotations

import json

import pytest

from stream.archive.base import Options, Report
from stream.archive.opening import head
from stream.archive.reddit import Reddit
from stream.core.events import (
    CommentCreated,
    ItemDeleted,
    PostCreated,
    PostEdited,
    ThreadObserved,
)
from tests.archive.conftest import ARCHIVES
from tests.archive.json_files import at, of, told

FOLDER = ARCHIVES / "reddit"


def rows(name):
    return [json.loads(line) for line in (FOLDER / name).read_text().splitlines()]


COMMENTS, SUBMISSIONS = rows("test_comments.json"), rows("test_submissions.json")
ALL = COMMENTS + SUBMISSIONS


@pytest.fixture(scope="module")
def read():
    report = Report()
    return told(Reddit(), FOLDER, report), report


@pytest.mark.parametrize("path", [FOLDER, *sorted(FOLDER.iterdir())], ids=lambda path: path.name)
def test_it_is_recognised(path):
    assert Reddit().recognises(path, head(path, Options()))


def test_every_row_is_told_at_its_time(read):
    events, report = read
    created = {event.data.item: event for event in of(events, (PostCreated, CommentCreated))}
    assert len(ALL) == 58
    assert {row["id"]: at(float(row["created_utc"])) for row in ALL} == {
        item: event.time for item, event in created.items()
    }
    assert all(created[r["id"]].source == f"reddit.com/r/{r['subreddit']}" for r in ALL)
    assert not report.unreadable


def test_no_parent_of_any_comment_is_held(read):
    ids = {row["id"] for row in ALL}
    missing = [row for row in COMMENTS if row["parent_id"][3:] not in ids]
    assert read[1].oddities["orphan"].count == len(missing) == 27


def test_deletions_are_those_that_the_rows_show(read):
    gone = {
        row["id"]
        for row in ALL
        if "[removed]" in (row.get("body"), row.get("selftext"))
        or "[deleted]" in (row.get("body"), row.get("selftext"))
        or (row.get("_meta") or {}).get("was_deleted_later")
    }
    deletions = of(read[0], ItemDeleted)
    assert {event.data.item for event in deletions} == gone
    assert all(event.data.when.at is None for event in deletions)
    authors = sum(row["author"] == "[deleted]" for row in ALL)
    assert read[1].oddities["deleted-author"].count == authors


def test_edits_and_scores_are_those_of_the_rows(read):
    events, _ = read
    edited = {row["id"]: at(row["edited"]) for row in ALL if row["edited"]}
    assert {event.data.item: event.time for event in of(events, PostEdited)} == edited
    seen: dict[str, int] = {}
    for event in of(events, ThreadObserved):
        seen |= event.data.scores
    assert seen == {row["id"]: row["score"] for row in ALL if row["score"]}
