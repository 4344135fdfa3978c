"""A made-up community as a Stack Exchange dump, held against the events it was made from."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import py7zr
import pytest

from stream.archive.base import Options, Report
from stream.archive.detect import read_encoded
from stream.archive.generate import generate
from stream.archive.made_up.stack_exchange import write_dump
from stream.core import events as e

SINCE, UNTIL = datetime(2017, 4, 1, tzinfo=UTC), datetime(2017, 6, 1, tzinfo=UTC)
FILES = ["Comments", "PostHistory", "PostLinks", "Posts", "Users", "Votes"]


def _events():
    return list(generate(threads=400, seed=5, since=SINCE, until=UNTIL))


def _rows(folder, name):
    root = ET.parse(folder / f"{name}.xml").getroot()  # noqa: S314 - we have just written it
    assert root.tag == name.lower()
    return [row.attrib for row in root]


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dump")
    assert write_dump(_events(), folder) == {
        name: len(_rows(folder, name))
        for name in ("Posts", "Comments", "PostHistory", "Users", "Votes", "PostLinks")
    }
    return folder


def _gone():
    """The posts and comments that are deleted at the end, those on deleted posts among them."""
    gone = set()
    for event in _events():
        if isinstance(event, e.ItemDeleted):
            gone.add((event.subject, event.data.item))
        elif isinstance(event, e.ItemRestored):
            gone.discard((event.subject, event.data.item))
    return gone


def test_it_has_the_files_and_the_head_of_a_real_one(dump):
    assert sorted(path.stem for path in dump.iterdir()) == FILES
    begins = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\n<posts>\n  <row Id="1" '
    assert (dump / "Posts.xml").read_bytes().startswith(begins)


def test_it_holds_what_was_not_deleted(dump):
    gone = _gone()
    said: Counter[type] = Counter()
    for event in _events():
        if isinstance(event, (e.PostCreated, e.CommentCreated)):
            item = event.data.item
            posts = {(event.subject, item), (event.subject, item.partition(".")[0])}
            said[type(event)] += not posts & gone
    assert len(_rows(dump, "Posts")) == said[e.PostCreated]
    assert len(_rows(dump, "Comments")) == said[e.CommentCreated]


def test_ids_are_in_order_and_times_nearly(dump):
    for name in FILES:
        ids = [int(row["Id"]) for row in _rows(dump, name)]
        assert ids == sorted(set(ids))
    times = [row["CreationDate"] for row in _rows(dump, "Posts")]
    assert times != sorted(times)


def test_the_last_revision_is_the_present_state(dump):
    latest, edited = {}, {}
    for row in _rows(dump, "PostHistory"):
        kind = int(row["PostHistoryTypeId"])
        if kind in {1, 4, 7}:
            latest[row["PostId"]] = row["Text"]
        if 4 <= kind <= 9:
            edited[row["PostId"]] = row["CreationDate"]
    posts = _rows(dump, "Posts")
    assert {row["Id"]: row["Title"] for row in posts if "Title" in row} == latest
    assert {row["Id"]: row["LastEditDate"] for row in posts if "LastEditDate" in row} == edited


def test_counts_of_comments_are_those_of_the_comments(dump):
    there = Counter(row["PostId"] for row in _rows(dump, "Comments"))
    assert all(int(row["CommentCount"]) == there[row["Id"]] for row in _rows(dump, "Posts"))


def test_an_acceptance_is_a_vote_of_which_only_the_day_is_told(dump):
    accepted = {
        row["AcceptedAnswerId"] for row in _rows(dump, "Posts") if "AcceptedAnswerId" in row
    }
    votes = [row for row in _rows(dump, "Votes") if row["VoteTypeId"] == "1"]
    assert {row["PostId"] for row in votes} == accepted
    assert all(row["CreationDate"].endswith("T00:00:00.000") for row in votes)


def test_one_revision_has_one_guid(dump):
    rows = _rows(dump, "PostHistory")
    asked = [row["RevisionGUID"] for row in rows if row["PostHistoryTypeId"] == "1"]
    guids = Counter(row["RevisionGUID"] for row in rows)
    assert {guids[guid] for guid in asked} == {3}
    assert len(guids) < len(rows)


def test_lines_end_as_asked_and_nothing_else_differs(dump, tmp_path):
    write_dump(_events(), tmp_path, eol="crlf")
    for name in FILES:
        found = (tmp_path / f"{name}.xml").read_bytes()
        assert found.replace(b"\r\n", b"\n") == (dump / f"{name}.xml").read_bytes() != found


def test_an_earlier_dump_of_it_knows_no_more(dump, tmp_path):
    cut = datetime(2017, 5, 1, tzinfo=UTC)
    write_dump([event for event in _events() if event.time < cut], tmp_path)
    earlier = {row["Id"]: row for row in _rows(tmp_path, "Posts")}
    later = {row["Id"]: row for row in _rows(dump, "Posts")}
    assert len(earlier) < len(later)
    for post in earlier.keys() & later.keys():
        assert earlier[post]["CreationDate"] == later[post]["CreationDate"]
        if "LastEditDate" not in later[post]:
            assert earlier[post]["Body"] == later[post]["Body"]


def test_as_lf_as_crlf_and_as_seven_zip_it_gives_the_same_events(dump, tmp_path):
    crlf = tmp_path / "crlf" / "made-up"
    write_dump(_events(), crlf, eol="crlf")
    packed = tmp_path / "made-up.7z"
    with py7zr.SevenZipFile(packed, "w") as archive:
        for path in dump.iterdir():
            archive.write(path, path.name)
    options = Options(community="made-up.example")
    found = [list(read_encoded([path], options, Report())) for path in (dump, crlf, packed)]
    assert found[0] == found[1] == found[2]
    assert len(found[0]) > 1000
