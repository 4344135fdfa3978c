from __future__ import annotations

import json

import pytest

from stream.archive.base import Options, Report
from stream.archive.detect import read, sample, sample_people
from stream.archive.export import export
from stream.archive.generate import generate
from stream.cli.main import run
from stream.codec.events import encode
from stream.core import events as e
from stream.core.fold import Partition
from stream.errors import UsageError
from tests import story

TELLABLE = (e.PostCreated, e.CommentCreated, e.ItemDeleted, e.ThreadObserved)


@pytest.fixture
def archive(tmp_path):
    def written(*events, name="events.jsonl"):
        path = tmp_path / name
        path.write_bytes(b"".join(encode(event).value + b"\n" for event in events))
        return path

    return written


@pytest.fixture
def exported(archive, tmp_path):
    """The utterances of a corpus made of a story."""

    def writing(*events):
        export([archive(*events)], Options(), Report(), to=tmp_path / "corpus", form="convokit")
        text = (tmp_path / "corpus" / "utterances.jsonl").read_text()
        return {one["id"]: one for one in map(json.loads, text.splitlines())}

    return writing


def _again(path, tmp_path, name):
    to = tmp_path / name
    export([path], Options(), Report(), to=to, form="convokit")
    return to, list(read([to], Options(), Report()))


def test_event_lines_are_the_events(archive, tmp_path):
    path = archive(story.asked(), story.commented(after=1), story.edited(after=2))
    count = export([path], Options(), Report(), to=tmp_path / "out.jsonl", form="jsonl")
    assert count == 3
    assert (tmp_path / "out.jsonl").read_bytes() == path.read_bytes()


def test_a_corpus_has_the_files_that_convokit_reads(exported, tmp_path):
    said = exported(story.asked(), story.commented(after=story.SECOND))
    assert sorted(path.name for path in (tmp_path / "corpus").iterdir()) == [
        "conversations.json",
        "corpus.json",
        "index.json",
        "speakers.json",
        "utterances.jsonl",
    ]
    assert [line["id"] for line in said.values()] == ["q", "q.c1"]
    comment = said["q.c1"]
    assert comment["conversation_id"] == "q"
    assert comment["reply-to"] == "q"
    assert comment["speaker"] == "Cid"
    assert comment["timestamp"] == story.NOON // 1000 + 1
    conversations = json.loads((tmp_path / "corpus" / "conversations.json").read_text())
    assert conversations["q"]["meta"]["title"] == "Why?"
    speakers = json.loads((tmp_path / "corpus" / "speakers.json").read_text())
    assert speakers.keys() == {"Ann", "Cid"}


def test_words_are_those_of_the_latest_revision(exported):
    said = exported(
        story.asked(),
        story.edited(after=2, revision="r2", text="Last."),
        story.edited(after=1, revision="r1", text="First."),
        story.edited(after=3, revision="r3", title="How?"),
    )
    assert said["q"]["text"] == "Last."
    assert said["q"]["meta"]["threadline"]["title"] == "How?"


def test_what_is_deleted_or_erased_has_no_words(exported):
    said = exported(
        story.asked(),
        story.answered("a1", after=1),
        story.answered("a2", author="Dan", after=2),
        story.answered("a3", after=3),
        story.deleted("a1", after=4),
        story.deleted("a3", after=4),
        story.restored("a3", after=5),
        story.erased("Dan", after=6),
    )
    texts = [said[item]["text"] for item in ("a1", "a2", "a3")]
    assert texts == ["[deleted]", "[deleted]", "The words of a3."]
    assert said["a2"]["speaker"] == "[deleted]"


def test_items_of_several_threads_are_told_apart(exported):
    said = exported(story.asked(), story.asked(thread="t/2"))
    assert sorted(said) == ["community.example/t%2F2/q", "community.example/t1/q"]
    assert {line["conversation_id"] for line in said.values()} == said.keys()


def test_a_reply_to_what_is_not_there_replies_to_nothing_but_keeps_saying_so(exported):
    said = exported(story.asked(), story.commented("a9.c1", after=1))
    assert said["a9.c1"]["reply-to"] is None
    assert said["a9.c1"]["meta"]["threadline"]["on"] == "a9"


def test_there_and_back_again_says_the_same(archive, tmp_path):
    events = [
        story.asked(author=e.Person(id="7", name="Ann"), tags=("tea",), silent_on=("score",)),
        story.answered("a1", between=(0, 2 * story.HOUR)),
        story.answered("a2", between=(5, None), after=story.HOUR),
        story.commented("q.c1", author=None, after=1, mentions=("Ann",)),
        story.posted("p1", thread="t2", author="Bob", title="Other", silent_on=()),
        story.deleted("a1", between=(0, story.DAY), after=story.DAY),
        story.observed({"q": 3, "a1": -1}, views=9, after=story.DAY),
    ]
    first = sorted(events, key=e.order)
    _, again = _again(archive(*events), tmp_path, "corpus")
    kept = [event for event in first if isinstance(event, TELLABLE)]

    def gone(event):
        """The words of what was deleted are not told again."""
        return event.data.item == "a1" and isinstance(event, e.PostCreated)

    told = {(type(event), event.subject, getattr(event.data, "item", "")): event for event in again}
    for event in kept:
        other = told.pop((type(event), event.subject, getattr(event.data, "item", "")))
        if isinstance(event, e.PostCreated) and gone(event):
            assert other.data.text is None
            assert other.data.when == event.data.when
        elif getattr(event.data.when, "by", 0) is None and event.data.when.at is None:
            assert other.data == event.data  # Its place is the archive's end.
        else:
            assert other == event
    assert told == {}


def test_a_second_journey_changes_nothing(archive, tmp_path):
    made = generate(threads=20, seed=3, since=story.at(0), until=story.at(30 * story.DAY))
    first, once = _again(archive(*made), tmp_path, "first")
    second, twice = _again(first, tmp_path, "second")
    assert twice == once
    for name in ("utterances.jsonl", "conversations.json", "speakers.json"):
        assert (second / name).read_bytes() == (first / name).read_bytes()


def test_who_is_a_robot_survives_the_journey(archive, tmp_path):
    robot = e.Person(id="-1", name="Community")
    told = [story.asked(), story.answered(author=robot, after=story.HOUR), story.flagged(robot)]
    first, once = _again(archive(*told), tmp_path, "first")
    (flag,) = [event for event in once if isinstance(event, e.PersonFlagged)]
    assert (flag.data.person, flag.data.robot, flag.time) == (robot, True, story.at(story.HOUR))
    second, twice = _again(first, tmp_path, "second")
    assert twice == once
    assert (second / "speakers.json").read_bytes() == (first / "speakers.json").read_bytes()


def test_what_the_fold_says_of_waits_survives_the_journey(archive, tmp_path):
    path = archive(*generate(threads=20, seed=3, since=story.at(0), until=story.at(story.DAY * 30)))
    _, again = _again(path, tmp_path, "corpus")
    one, other = Partition(), Partition()
    for event in read([path], Options(), Report()):
        if isinstance(event, TELLABLE):
            one.join(event)
    for event in again:
        other.join(event)
    one.settled()
    other.settled()
    for name, community in one.communities.items():
        for id_, thread in community.threads.items():
            same = other.thread(name, id_)
            assert same.kinds == thread.kinds
            assert same.people_count == thread.people_count
            assert (same.first_at, same.last_at) == (thread.first_at, thread.last_at)


def test_what_is_there_already_is_left_alone(archive, tmp_path):
    path = archive(story.asked())
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    for to, form in ((path, "jsonl"), (tmp_path / "full", "convokit")):
        with pytest.raises(UsageError, match="is there already"):
            export([path], Options(), Report(), to=to, form=form)


def test_an_export_that_breaks_off_leaves_nothing(tmp_path, archive):
    path = archive(story.asked())
    path.write_bytes(path.read_bytes() + b"{broken\n")
    for form in ("jsonl", "convokit"):
        assert run(["export", "--format", form, str(path), "--out", str(tmp_path / "out")]) == 3
    assert [one.name for one in tmp_path.iterdir()] == ["events.jsonl"]


def test_the_command_says_what_it_wrote(tmp_path, capsys):
    to = tmp_path / "corpus"
    archives = [str(sample()), str(sample_people())]
    assert run(["export", "--format", "convokit", *archives, "--out", str(to)]) == 0
    assert capsys.readouterr().out == f"Wrote 24 utterances: {to}\n"


def test_a_folder_that_is_not_there_is_told(tmp_path, archive, capsys):
    to = tmp_path / "nowhere" / "corpus"
    for form in ("jsonl", "convokit"):
        assert run(["export", "--format", form, str(archive(story.asked())), "--out", str(to)]) == 2
        assert "cannot be written" in capsys.readouterr().err
