"""The page that ships: every trap of such pages is in it, and what is read of it is pinned."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.archive.base import Options, Report
from stream.archive.detect import read, sample, sample_people
from stream.codec.events import encode
from stream.core.events import CommentCreated, PostCreated
from stream.errors import ArchiveError

GOLDEN = Path(__file__).parent / "golden" / "sample.jsonl"


def _read(paths, *, skip_unreadable=False):
    report = Report()
    return list(read(paths, Options(skip_unreadable=skip_unreadable), report)), report


def test_the_sample_gives_the_events_that_are_pinned():
    events, _ = _read([sample(), sample_people()])
    told = b"".join(encode(event).value + b"\n" for event in events)
    assert told == GOLDEN.read_bytes()


def test_the_pinned_events_are_an_archive_of_their_own():
    events, report = _read([GOLDEN])
    assert events == _read([sample(), sample_people()])[0]
    assert not report.oddities


def test_the_sample_has_every_trap():
    events, report = _read([sample()])
    posts = [event for event in events if isinstance(event, PostCreated)]
    comments = [event for event in events if isinstance(event, CommentCreated)]
    assert (len(posts), len(comments)) == (3, 21)
    assert {code: odd.count for code, odd in report.oddities.items()} == {
        "ambiguous-score": 2,
        "author-missing": 2,
        "deleted-author": 1,
        "detached-attribution": 3,
        "printed-date-refused": 2,
    }
    assert report.unreadable == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cut")


@given(length=st.integers(0, sample().stat().st_size))
def test_however_the_page_is_cut_off_nothing_is_made_up_and_nothing_lost_in_silence(folder, length):
    whole, _ = _read([sample()])
    data = sample().read_bytes()[:length]
    cut = folder / sample().name
    cut.write_bytes(data)
    try:
        events, report = _read([cut], skip_unreadable=True)
    except ArchiveError:
        return
    said = {event.data.text for event in whole if isinstance(event, (PostCreated, CommentCreated))}
    read_ = [event for event in events if isinstance(event, (PostCreated, CommentCreated))]
    assert {event.data.text for event in read_} <= said
    ends = data.rstrip().rsplit(b"\n", 1)[-1]
    complete = b"Reputation:" in ends or ends[-4:-3] == b"."
    assert complete or report.unreadable
