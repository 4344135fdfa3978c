"""Who is a robot is stated: by the reader of what an archive marks, and by the operator."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from stream.archive.base import Options, Report
from stream.archive.detect import read
from stream.archive.export import export
from stream.archive.robots import EVIDENCE
from stream.archive.stack_exchange_api import StackExchangeApi
from stream.cli.main import run
from stream.codec.events import encode
from stream.core.events import FlagData, Person, PersonFlagged, order
from tests import story
from tests.archive import test_stack_exchange_api as api
from tests.archive.json_files import saved
from tests.archive.json_files import told as told_api
from tests.archive.stack_exchange_site import (
    DAY,
    HOUR,
    after,
    answer,
    comment,
    first,
    history,
    question,
    told,
    write,
)

COMMUNITY = Person(id="-1", name="Community")


@pytest.fixture
def archive(tmp_path):
    def written(*events, name="events.jsonl"):
        path = tmp_path / name
        path.write_bytes(b"".join(encode(event).value + b"\n" for event in events))
        return path

    return written


def flags(events):
    return [event for event in events if isinstance(event, PersonFlagged)]


def edit(at, **columns):
    return history(5, on=1, at=at, guid=f"r{at}", Text="New.", UserId=-1, **columns)


@pytest.mark.parametrize(
    ("tables", "since"),
    [
        pytest.param({"Posts": [question(1), answer(2, OwnerUserId=-1)]}, HOUR, id="an author"),
        pytest.param(
            {
                "Posts": [question(1)],
                "Comments": [comment(4, at=DAY, UserId=-1), comment(3, at=2 * DAY, UserId=-1)],
            },
            DAY,
            id="of comments",
        ),
        pytest.param(
            {"Posts": [question(1)], "PostHistory": [*first(), edit(2 * DAY), edit(3 * DAY)]},
            2 * DAY,
            id="an editor",
        ),
    ],
)
def test_a_dump_marks_the_account_minus_1_from_its_first_act_on(tmp_path, tables, since):
    (flag,) = flags(told(write(tmp_path / "s", **tables)))
    assert (flag.source, flag.subject, flag.time) == ("s", "", after(since))
    assert flag.data == FlagData(person=COMMUNITY, robot=True, by="reader", evidence=EVIDENCE)


@pytest.mark.parametrize(
    "tables",
    [
        pytest.param({"Posts": []}, id="nothing in it"),
        pytest.param({"Posts": [question(1), answer(2)]}, id="only a user, who does nothing"),
        pytest.param(
            {
                "Posts": [question(1, OwnerUserId=None, OwnerDisplayName="Community")],
                "Users": [{"Id": 7, "DisplayName": "Community"}],
                "Comments": [comment(3, UserId=7)],
            },
            id="others of that name",
        ),
    ],
)
def test_a_dump_without_an_act_of_that_account_marks_nobody(tmp_path, tables):
    assert flags(told(write(tmp_path / "s", **tables))) == []


def test_pages_of_the_api_mark_it_in_each_site_of_theirs(tmp_path, report):
    robot = api.user(-1, "Community", user_type="moderator")
    link = "https://ink.example/users/-1/community"
    saved(tmp_path / "tea/0.json", api.page(api.question(), api.answer(owner=robot)))
    elsewhere = api.question(owner={**robot, "link": link}, link=None)
    saved(tmp_path / "tea/1.json", api.page(elsewhere))
    found = told_api(StackExchangeApi(), tmp_path / "tea", report)
    assert {(flag.source, flag.data.person) for flag in flags(found)} == {
        ("tea.example", COMMUNITY),
        ("ink.example", COMMUNITY),
    }
    assert all(isinstance(flag, PersonFlagged) and flag.data.by == "reader" for flag in found[:1])


def test_pages_of_the_api_without_it_mark_nobody(tmp_path, report):
    saved(tmp_path / "tea/0.json", api.page(api.question(), api.answer()))
    assert flags(told_api(StackExchangeApi(), tmp_path / "tea", report)) == []


def test_what_an_operator_says_comes_before_all_else_of_each_community(archive):
    path = archive(
        story.aliased("Cid", "Sid"),
        story.asked(),
        story.commented(author="Roomba", after=HOUR),
        story.asked(community="other.example", after=2 * HOUR),
    )
    options = Options(bots=("Roomba", "7"))
    found = list(read([path], options, Report()))
    assert [event.source for event in found if event in flags(found)] == [
        *["community.example"] * 4,
        *["other.example"] * 4,
    ]
    assert {(flag.source, flag.time) for flag in flags(found)} == {
        ("community.example", after(0)),
        ("other.example", after(2 * HOUR)),
    }
    assert {flag.data.person for flag in flags(found)} == {
        Person(id="Roomba"),
        Person(name="Roomba"),
        Person(id="7"),
        Person(name="7"),
    }
    assert {flag.data.by for flag in flags(found)} == {"operator"}
    assert all(order(one) < order(other) for one, other in pairwise(found))
    assert found == list(read([path], options, Report()))


def test_of_an_empty_archive_an_operator_says_nothing(tmp_path):
    folder = write(tmp_path / "s", Posts=[])
    assert list(read([folder], Options(bots=("Roomba",)), Report())) == []


def test_a_replay_of_the_end_states_at_its_own_beginning_what_the_operator_says(archive, capsys):
    path = archive(
        story.asked(), story.commented(after=DAY), story.commented("q.c2", after=2 * DAY)
    )
    bots = ("--bots", "Roomba", "--dry-run", "--json")
    parts = [["--until", "2017-04-25T00:00"], ["--since", "2017-04-25T00:00"], []]
    for part in parts:
        assert run(["replay", str(path), *bots, *part]) == 0
    events = [json.loads(said)["events"] for said in _documents(capsys.readouterr().out)]
    assert events == [1 + 2, 2 + 2, 3 + 2]


def _documents(text):
    return [f"{part}}}" for part in text.split("\n}") if part.strip()]


def test_inspect_counts_what_robots_did_and_items_as_before(archive, capsys):
    path = archive(story.asked(), story.commented(author="Roomba", after=HOUR))
    assert run(["inspect", str(path), "--bots", "ROOMBA", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["robots"] == [{"person": "Roomba", "acts": 1}]
    assert (found["items"]["comments"], found["people"], found["edits"]) == (1, 2, 0)
    assert found["facts"]["person.flagged"] == 2
    assert (found["first_at"], found["threads"]) == ("2017-04-24T12:00:00.000Z", 1)


def test_inspect_takes_nobody_for_a_robot_whom_somebody_states_to_be_none(archive, capsys):
    told = (story.flagged("Roomba"), story.flagged("Roomba", robot=False, after=2 * HOUR))
    path = archive(story.asked(), story.commented(author="Roomba", after=HOUR), *told)
    assert run(["inspect", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["robots"] == []


def test_a_robot_without_a_name_is_refused(archive, capsys):
    assert run(["inspect", str(archive(story.asked())), "--bots", ""]) == 2
    assert "--bots is given no name" in capsys.readouterr().err


def test_speakers_of_a_corpus_are_marked(archive, tmp_path):
    path = archive(story.asked(), story.commented(author="Roomba", after=HOUR))
    to = tmp_path / "corpus"
    export([path], Options(bots=("Roomba",)), Report(), to=to, form="convokit")
    speakers = json.loads((to / "speakers.json").read_text())
    assert speakers["Roomba"]["meta"] == {"name": "Roomba", "robot": True}
    assert "robot" not in speakers["Ann"]["meta"]


def test_exported_lines_state_it(archive, tmp_path, capsys):
    path = archive(story.asked())
    to = tmp_path / "out.jsonl"
    command = ["export", str(path), "--format", "jsonl", "--out", str(to), "--bots", "Roomba"]
    assert run(command) == 0
    assert "3 events" in capsys.readouterr().out
    assert len(flags(read([to], Options(), Report()))) == 2
