from __future__ import annotations

import pytest

from stream.archive.base import Options
from stream.archive.inspect import inspect
from stream.archive.oddities import BURST
from stream.cli.main import run
from stream.codec.events import encode
from stream.core.events import Person
from tests import story
from tests.story import DAY, HOUR, MINUTE

ROBOT = Person(id="-1", name="Community")


@pytest.fixture
def found(tmp_path):
    """What `inspect` finds in a story."""

    def finding(*events, bots=()):
        path = tmp_path / "events.jsonl"
        path.write_bytes(b"".join(encode(event).value + b"\n" for event in events))
        return inspect([path], Options(bots=bots))

    return finding


def _odd(found):
    return {oddity["code"]: (oddity["count"], oddity["example"]) for oddity in found["oddities"]}


def _edits(count, *, by, step=MINUTE, after=0):
    return [
        story.edited("q", by=by, revision=f"r{after}-{n}", after=after + n * step)
        for n in range(count)
    ]


def test_nothing_is_odd_about_a_plain_story(found):
    told = found(story.asked(), story.answered(after=1), story.commented(after=2))
    assert told["oddities"] == []


@pytest.mark.parametrize(
    ("events", "code", "example"),
    [
        pytest.param(
            [story.asked(), story.commented("a9.c1", after=1)],
            "orphan",
            "a9.c1 stands under a9, which is not there (community.example/t1)",
            id="an orphan",
        ),
        pytest.param(
            [story.commented("q.c1", after=1)], "no-first-post", "of 1 items", id="no question"
        ),
        pytest.param(
            [story.asked(after=HOUR), story.commented(after=0)],
            "before-its-thread",
            "q.c1 is 3,600,000 ms before q",
            id="a comment before its question",
        ),
        pytest.param(
            [story.asked(after=HOUR), story.commented(after=0)],
            "negative-wait",
            "first_response took -3,600,000 ms",
            id="a negative wait",
        ),
        pytest.param(
            [story.asked(author=None)], "nobody-named", "q is by nobody", id="a deleted author"
        ),
        pytest.param(
            [story.asked(), story.commented(mentions=("Zoe",), after=1)],
            "unresolved-mention",
            "@Zoe in q.c1 is nobody's name",
            id="an unresolved mention",
        ),
        pytest.param(
            [story.asked(title="One"), story.asked(title="Two")],
            "contradiction",
            "two statements about q differ",
            id="a contradiction",
        ),
        pytest.param(
            [story.asked(), story.asked()], "repeated-event", "", id="the same event twice"
        ),
        pytest.param(
            [
                story.asked(),
                story.answered("8", after=1),
                story.answered("7", after=2),
                story.answered("9", after=3),
            ],
            "id-order",
            "7 is later than 8",
            id="ids against time",
        ),
        pytest.param(
            [story.asked(item="5", thread="5"), story.asked(item="4", thread="4", after=1)],
            "id-order",
            "4 is later than 5 (community.example)",
            id="threads' ids against time",
        ),
    ],
)
def test_what_is_odd_is_counted_with_an_example(found, events, code, example):
    count, said = _odd(found(*events))[code]
    assert count == (2 if code == "negative-wait" else 1)  # Of two metrics.
    assert said.startswith(example)


def test_one_strange_id_is_counted_once(found):
    told = found(
        *(story.asked(item=n, thread=n, after=int(n) % 90) for n in ["1", "92", "3", "4", "5"])
    )
    assert _odd(told)["id-order"][0] == 1


@pytest.mark.parametrize("others", [("2", "30"), ("30", "2")])
def test_which_of_one_moment_comes_first_does_not_count(found, others):
    """2 is later than 20, whether or not 30 of the same moment is told before it."""
    moments = {"20": 1} | dict.fromkeys(others, 2) | {"31": 3}
    told = found(*(story.asked(item=n, thread=n, after=at) for n, at in moments.items()))
    assert _odd(told)["id-order"] == (1, "2 is later than 20 (community.example)")


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(
            [story.asked(), story.answered("10", after=1), story.answered("9", after=1)],
            id="equal times",
        ),
        pytest.param(
            [story.asked(), story.answered("a8", after=1), story.answered("a7", after=2)],
            id="no numbers",
        ),
        pytest.param(
            [
                story.asked(),
                story.answered("8", between=(0, HOUR)),
                story.answered("7", after=2 * HOUR),
            ],
            id="bounds",
        ),
        pytest.param(
            [story.asked(), story.answered("8", after=1), story.commented("c7", on="8", after=2)],
            id="comments have numbers of their own",
        ),
        pytest.param(
            [story.asked(after=HOUR), story.answered("a1", between=(0, 2 * HOUR))],
            id="bounds that allow it",
        ),
        pytest.param([story.asked(), story.erased("Ann", after=1)], id="an erased author"),
    ],
)
def test_what_can_be_is_not_odd(found, events):
    assert _odd(found(*events)) == {}


def test_a_burst_is_told_once_and_says_how_long_it_was(found):
    assert "burst" not in _odd(found(story.asked(author="Bob"), *_edits(BURST - 1, by="Ann")))
    count, example = _odd(found(story.asked(author="Bob"), *_edits(BURST + 5, by="Ann")))["burst"]
    assert (count, example) == (
        1,
        f"{BURST + 5} acts of Ann from 2017-04-24T12:00Z (community.example)",
    )


def test_two_bursts_are_two(found):
    edits = _edits(BURST, by="Ann"), _edits(BURST, by="Ann", after=DAY)
    last = story.commented(author="Ann", after=2 * DAY)
    assert _odd(found(story.asked(), *edits[0], *edits[1], last))["burst"][0] == 2


def test_slow_work_is_no_burst(found):
    assert "burst" not in _odd(found(story.asked(), *_edits(BURST * 2, by="Ann", step=3 * MINUTE)))


def test_a_robot_is_what_the_archive_marks_or_the_operator_names(found):
    edits = _edits(BURST, by=ROBOT)
    events = [story.asked(), *edits, story.commented(author="Roomba", after=1)]
    assert found(*events)["robots"] == []
    events.append(story.flagged(ROBOT, by="reader"))
    told = found(*events)
    assert told["robots"] == [{"person": "Community (-1)", "acts": BURST}]
    assert _odd(told)["robot-burst"][0] == 1
    told = found(*events, bots=("roomba",))
    assert told["robots"][1] == {"person": "Roomba", "acts": 1}


def test_nobody_is_a_robot_for_being_called_one(found):
    assert found(story.asked(author="HelpfulBot"))["robots"] == []


def test_items_are_counted_once_however_often_they_are_told(found):
    told = found(story.asked(), story.asked(), story.edited(after=1), story.edited(after=1))
    assert told["items"]["questions"] == 1
    assert told["edits"] == 1
    assert told["events"] == 4


def test_a_long_time_is_told_by_year(found):
    threads = [story.asked(thread=f"t{n}", after=n * 31 * DAY) for n in range(40)]
    years = [row["start"] for row in found(*threads)["over_time"]]
    assert years == ["2017", "2018", "2019", "2020"]


def test_months_and_years_without_items_are_told_among_the_others(found):
    told = [story.asked(thread=f"t{n}", after=n * 31 * DAY) for n in (0, 3)]
    some = found(*told)["over_time"]
    assert [row["items"] for row in some] == [1, 0, 0, 1]
    assert [row["start"][-2:] for row in some] == ["04", "05", "06", "07"]
    later = story.asked(thread="t9", after=1_300 * DAY)
    rows = [{"start": "2017", "items": 2}]
    rows += [{"start": year, "items": int(year == "2020")} for year in ("2018", "2019", "2020")]
    assert found(*told, later)["over_time"] == rows


def test_what_only_some_threads_can_tell_is_counted(found):
    told = found(story.asked(silent_on=("edited",)), story.asked(thread="t2"))
    assert told["silent_on"] == {"edited": 1}


def test_an_alias_of_a_community_holds_in_every_thread(found):
    told = found(
        story.asked(author="Ann"),
        story.commented(author="Bob", mentions=("Anna",), after=1),
        story.asked(author="Ann", thread="t2"),
        story.commented(author="Anna", after=1, thread="t2"),
        story.aliased("Ann", "Anna", after=2),
    )
    assert told["people"] == 2
    assert _odd(told) == {}


def test_a_thread_without_its_first_post_does_not_tell_what_the_others_cannot(
    found, tmp_path, capsys
):
    found(story.asked(silent_on=("edited",)), story.commented("a9.c1", thread="t2"))
    run(["inspect", str(tmp_path / "events.jsonl")])
    (line,) = [x for x in capsys.readouterr().out.splitlines() if x.startswith("cannot tell")]
    assert line.split() == ["cannot", "tell", "edited"]


def test_a_long_example_is_shown_to_its_end_on_a_narrow_terminal(
    found, tmp_path, capsys, monkeypatch
):
    found(story.asked(), story.commented(f"{'x' * 60}-end", on="gone", after=1))
    monkeypatch.setenv("COLUMNS", "80")
    run(["inspect", str(tmp_path / "events.jsonl")])
    shown = "".join(capsys.readouterr().out.split())
    assert f"{'x' * 60}-endstandsundergone" in shown


def test_the_report_fits_a_narrow_terminal(found, tmp_path, capsys, monkeypatch):
    found(story.asked(silent_on=("edited",)), story.commented("a9.c1", after=40 * DAY))
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["inspect", str(tmp_path / "events.jsonl"), "--bots", "cid"]) == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    for said in ("1 question · 1 comment", "Cid: 1 act", "2017-06", "orphan", "cannot tell"):
        assert said in shown
