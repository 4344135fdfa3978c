from __future__ import annotations

import json
from collections import Counter

import pytest

from stream.archive.base import Options, Report
from stream.archive.detect import read, reader_for
from stream.archive.json_entries import CHUNK, entries
from stream.archive.opening import File
from stream.codec.times import stamp_of
from stream.core.events import CommentCreated, ItemDeleted, Person, PostCreated, ThreadObserved
from stream.errors import ArchiveError, RowError
from tests.archive.corpus import BEGAN, corpus, utterance


@pytest.fixture
def told(tmp_path, report):
    def reading(*utterances, skip=False, name="talks", community=None, **parts):
        path = corpus(tmp_path / name, *utterances, **parts)
        return list(read([path], Options(skip_unreadable=skip, community=community), report))

    return reading


def _of(events, kind):
    return [event for event in events if isinstance(event, kind)]


def _counts(report):
    return {code: oddity.count for code, oddity in report.oddities.items()}


def test_a_corpus_is_found_by_what_is_in_its_folder(tmp_path):
    assert reader_for(corpus(tmp_path / "c", utterance("1"))).name == "convokit"
    assert reader_for(tmp_path / "c" / "utterances.jsonl").name == "convokit"


def test_a_conversation_is_a_thread(told, report):
    events = told(
        utterance("1"),
        utterance("2", "1", at=BEGAN + 60, speaker="bob"),
        conversations={"1": {"meta": {"title": "Tea"}, "vectors": []}},
    )
    (post,), (comment,) = _of(events, PostCreated), _of(events, CommentCreated)
    assert (post.source, post.subject, post.data.item) == ("talks", "1", "1")
    assert (post.data.kind, post.data.title, post.data.text) == ("post", "Tea", "The words of 1.")
    assert post.data.author == Person(id="ann", name="ann")
    assert post.data.silent_on == ("accepted", "closed", "edited")
    assert (comment.data.on, comment.data.item) == ("1", "2")
    assert stamp_of(comment.data.when.at) == "2017-04-24T12:01:00.000Z"
    assert not report.oddities


def test_a_corpus_of_reddit_has_its_communities_and_names(told):
    conversations = {"1": {"meta": {"subreddit": "tea"}}}
    (event,) = told(utterance("1"), conversations=conversations)
    assert (event.source, event.data.format) == ("reddit.com/r/tea", "markdown")
    assert event.data.author == Person(name="ann")
    (event,) = told(utterance("1"), about={"subreddit": "tea"})
    assert event.source == "reddit.com/r/tea"
    (event,) = told(utterance("1", meta={"subreddit": "tea"}))
    assert event.source == "reddit.com/r/tea"
    (event,) = told(utterance("1"), conversations=conversations, community="mine")
    assert event.source == "mine"


@pytest.mark.parametrize("gone", ["[deleted]", "[removed]"])
def test_words_that_are_gone_were_deleted_at_a_moment_unknown(told, report, gone):
    events = told(
        utterance("1", text=gone, meta={"retrieved_on": BEGAN + 3600}),
        utterance("2", "1", text=gone, meta={"retrieved_on": -1}),
        utterance("3", "1", text=gone, speaker="[deleted]", at=BEGAN + 7200),
    )
    assert all(event.data.text is None for event in _of(events, (PostCreated, CommentCreated)))
    bounds = {event.data.item: event.data.when for event in _of(events, ItemDeleted)}
    assert stamp_of(bounds["1"].after) == "2017-04-24T12:00:00.000Z"
    assert stamp_of(bounds["1"].by) == "2017-04-24T13:00:00.000Z"
    assert bounds["2"].by is None
    (last,) = [event for event in events if event.data.item == "2" and event.data.when.by is None][
        -1:
    ]
    assert stamp_of(last.time) == "2017-04-24T14:00:00.000Z"
    assert _counts(report) == {"deleted-author": 1}


def test_scores_are_what_was_seen_at_the_end(told):
    events = told(
        utterance("1", meta={"score": 5}),
        utterance("2", "1", at=BEGAN + 1, meta={"score": 0}),
        utterance("3", "1", at=BEGAN + 2, meta={"score": "many"}),
    )
    (seen,) = _of(events, ThreadObserved)
    assert seen.data.scores == {"1": 5}
    assert seen.data.scored == ("post",)  # Of one comment nothing is known.
    assert stamp_of(seen.data.when.after) == "2017-04-24T12:00:02.000Z"


@pytest.mark.parametrize(
    ("at", "stamp"),
    [(BEGAN + 1, "01.000"), (BEGAN + 1.25, "01.250"), (str(BEGAN + 1), "01.000")],
    ids=["whole", "fraction", "text"],
)
def test_times_are_numbers_or_texts_of_numbers(told, at, stamp):
    (event,) = told(utterance("1", at=at))
    assert stamp_of(event.time) == f"2017-04-24T12:00:{stamp}Z"


@pytest.mark.parametrize(
    ("at", "code"),
    [
        pytest.param(None, "date-missing", id="none"),
        pytest.param(7.5, "printed-date-refused", id="since the beginning of a recording"),
        pytest.param("yesterday", "printed-date-refused", id="words"),
        pytest.param(1e30, "printed-date-refused", id="beyond all time"),
        pytest.param(-1, "printed-date-refused", id="unknown"),
    ],
)
def test_a_time_that_cannot_be_believed_is_none(told, report, at, code):
    events = told(utterance("1"), utterance("2", "1", at=at))
    (comment,) = _of(events, CommentCreated)
    assert comment.data.when.at is None
    assert stamp_of(comment.time) == "2017-04-24T12:00:00.000Z"
    assert _counts(report) == {code: 1}


def test_a_corpus_without_times_is_refused(told):
    with pytest.raises(ArchiveError, match="no utterance has a time"):
        told(utterance("1", at=None))


def test_a_reply_to_what_is_not_there_is_kept_and_counted(told, report):
    (event,) = told(utterance("3", "2"))
    assert event.data.on == "2"
    assert _counts(report) == {"orphan": 1}


def test_the_same_utterance_twice_is_one(told, report):
    assert len(told(utterance("1"), utterance("1"))) == 1
    assert _counts(report) == {"doubled-item": 1}


def test_corpora_of_the_first_version_say_user_and_root(told):
    old = {"id": "2", "user": "bob", "root": "1", "reply_to": "1", "text": "Hi", "timestamp": BEGAN}
    (event,) = _of(told(utterance("1"), old), CommentCreated)
    assert (event.subject, event.data.on, event.data.author) == ("1", "1", Person("bob", "bob"))


def test_a_broken_line_is_told_and_skipped_when_asked_to(told, report):
    with pytest.raises(RowError, match=r"utterances.jsonl, row 2"):
        told(utterance("1"), {"id": None})
    assert len(told(utterance("1"), {"id": None}, skip=True)) == 1
    assert report.skipped == 1


def _entries(tmp_path, text):
    path = tmp_path / "object.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(entries(File(path.name, path, str(path), Options(), Report())))


def test_large_objects_are_read_entry_by_entry(tmp_path):
    large = {str(n): {"meta": {"title": "é" * n}} for n in range(2000)}
    text = json.dumps(large, ensure_ascii=False)
    assert len(text.encode()) > 2 * CHUNK
    assert dict(_entries(tmp_path, text)) == large
    assert dict(_entries(tmp_path, json.dumps(large, indent=2))) == large
    assert _entries(tmp_path, " {} ") == []
    assert _entries(tmp_path, b'\xef\xbb\xbf{"a": 1}') == [("a", 1)]


@pytest.mark.parametrize(
    "text",
    ["", "[1]", '{"a"', '{"a": 1', '{"a": 1 "b"', "{1: 2}", '{"a": ' + "[" * 100_000, '{"a": }'],
)
def test_a_damaged_object_is_told_with_its_place(tmp_path, text):
    with pytest.raises(ArchiveError, match=r"object.json, row 1: .*damaged"):
        _entries(tmp_path, text)


def test_a_corpus_may_be_packed_and_lack_all_but_its_utterances(tmp_path, report):
    import gzip  # noqa: PLC0415

    folder = tmp_path / "talks"
    folder.mkdir()
    line = json.dumps(utterance("1")).encode()
    (folder / "utterances.jsonl.gz").write_bytes(gzip.compress(line))
    (event,) = read([folder], Options(), report)
    assert Counter([event.source]) == Counter(["talks"])
