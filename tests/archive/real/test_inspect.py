"""`inspect` of real archives, against counts made without any of our readers."""

from __future__ import annotations

import json
from collections import Counter, deque
from datetime import datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from stream.archive.base import Options
from stream.archive.inspect import inspect
from tests.archive.conftest import ARCHIVES

SITES = ARCHIVES / "stack-exchange"
HOUR = timedelta(hours=1)
BURST = 30


class Site:
    """A dump's rows, as the standard library reads them."""

    def __init__(self, name):
        self.name = name
        folder = SITES / name
        self.rows = {
            path.stem: [row.attrib for row in ET.parse(path).getroot()]  # noqa: S314  (our own files)
            for path in folder.glob("*.xml")
        }
        self.posts = {
            row["Id"]: row for row in self.rows["Posts"] if row["PostTypeId"] in {"1", "2"}
        }
        self.comments = [row for row in self.rows["Comments"] if row["PostId"] in self.posts]
        history = [row for row in self.rows["PostHistory"] if row["PostId"] in self.posts]
        self.edits = {
            row["RevisionGUID"]: row
            for row in history
            if row["PostHistoryTypeId"] in {"4", "5", "6", "7", "8", "9"}
        }
        self.found = inspect([folder], Options())


@pytest.fixture(scope="module", params=["coffee.meta", "conlang.meta"])
def site(request):
    return Site(request.param)


def test_items_of_a_dump_are_those_of_its_rows(site):
    kinds = Counter(row["PostTypeId"] for row in site.posts.values())
    assert site.found["items"] == {
        "questions": kinds["1"],
        "answers": kinds["2"],
        "posts": 0,
        "comments": len(site.comments),
    }
    assert site.found["threads"] == kinds["1"]
    assert site.found["skipped"] == 0


def test_edits_of_a_dump_are_its_revisions_not_its_rows(site):
    assert site.found["edits"] == len(site.edits)


def test_a_dump_begins_with_its_first_row_and_has_its_years(site):
    dates = [row["CreationDate"] for row in (*site.posts.values(), *site.comments)]
    assert site.found["first_at"] == f"{min(dates)}Z"
    told = {row["start"]: row["items"] for row in site.found["over_time"] if row["items"]}
    length = {"conlang.meta": len("2018-03"), "coffee.meta": len("2018")}[site.name]
    assert told == Counter(date[:length] for date in dates)


def test_people_of_a_dump_are_its_accounts_and_those_of_whom_a_name_is_left(site):
    accounts = {row.get("OwnerUserId") for row in site.posts.values()}
    accounts |= {row.get("UserId") for row in site.comments}
    names = {row.get("OwnerDisplayName") for row in site.posts.values() if "OwnerUserId" not in row}
    names |= {row.get("UserDisplayName") for row in site.comments if "UserId" not in row}
    held = {row["DisplayName"].replace(" ", "").lower() for row in site.rows["Users"]}
    alone = {name.replace(" ", "").lower() for name in names - {None}} - held
    assert site.found["people"] == len(accounts - {None}) + len(alone)


def test_the_robots_bursts_are_found(site):
    times = sorted(
        datetime.fromisoformat(row["CreationDate"])
        for row in (*site.edits.values(), *site.rows["Comments"], *site.posts.values())
        if row.get("UserId", row.get("OwnerUserId")) == "-1"
    )
    recent: deque[datetime] = deque()
    bursts, within = 0, False
    for time in times:
        recent.append(time)
        while recent[0] <= time - HOUR:
            recent.popleft()
        bursts += len(recent) >= BURST and not within
        within = len(recent) >= BURST
    odd = {oddity["code"]: oddity["count"] for oddity in site.found["oddities"]}
    assert odd.get("robot-burst", 0) == bursts


def test_a_corpus_has_its_utterances():
    found = inspect([ARCHIVES / "convokit"], Options())
    lines = (ARCHIVES / "convokit" / "utterances.jsonl").read_text().splitlines()
    said = [json.loads(line) for line in lines]
    first = sum(line["reply-to"] is None for line in said)
    assert found["items"]["posts"] == found["threads"] == first == 50
    assert found["items"]["comments"] == len(said) - first == 1469
    assert found["people"] == len({line["speaker"] for line in said} - {"[deleted]"})
    odd = {oddity["code"]: oddity["count"] for oddity in found["oddities"]}
    assert odd["deleted-author"] == sum(line["speaker"] == "[deleted]" for line in said)


def test_a_list_has_its_mails():
    found = inspect([ARCHIVES / "mailing-list" / "docktesters"], Options())
    assert found["items"]["posts"] == 109
    assert [row["items"] for row in found["over_time"]] == [50, 45, 13, 1]
    odd = {oddity["code"]: oddity["count"] for oddity in found["oddities"]}
    assert odd["orphan"] == 2


def test_hacker_news_has_its_items():
    files = [json.loads(path.read_text()) for path in (ARCHIVES / "hacker-news").iterdir()]
    items = {item["id"]: item["type"] for item in files if item is not None}
    found = inspect([ARCHIVES / "hacker-news"], Options())
    assert found["items"]["comments"] == Counter(items.values())["comment"]
    assert found["items"]["posts"] == len(items) - found["items"]["comments"]
    odd = {oddity["code"]: oddity["count"] for oddity in found["oddities"]}
    assert odd["null-item"] == files.count(None)


@pytest.mark.parametrize("name", ["test_comments.json", "test_submissions.json"])
def test_reddit_has_its_rows(name):
    text = (ARCHIVES / "reddit" / name).read_text()
    rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    found = inspect([ARCHIVES / "reddit" / name], Options())
    kind = "comments" if "comments" in name else "posts"
    assert found["items"][kind] == len({row["id"] for row in rows})
    assert found["skipped"] == 0
