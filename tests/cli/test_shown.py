"""Threads, and how far a replay has come, as a terminal shows them."""

import pytest

from stream.archive.base import Report
from stream.cli import output
from stream.cli.replay_bar import Rate
from stream.cli.threads import rows
from stream.core.when import to_datetime
from stream.replay_source import Progress

WAITING = {"status": "waiting", "since": "2017-04-24T12:00:00.000Z", "for_ms": 3_600_000}
WAITS = {"first_response": WAITING, "first_comment": WAITING, "first_answer": WAITING}
COUNTS = {"questions": 0, "answers": 0, "posts": 0, "comments": 0}


def _shown(capsys, waits=WAITS, **counts):
    thread: dict[str, object] = {"community": "c", "thread": "t", "title": "Why?"}
    thread |= {
        "state": "waiting",
        "first_at": "2017-04-24T12:00:00.000Z",
        "counts": COUNTS | counts,
        "waits": waits,
    }
    output.show(rows([thread]))
    return [" ".join(line.split()) for line in capsys.readouterr().out.strip().split("\n")]


def test_a_question_says_what_it_waits_for(capsys):
    assert _shown(capsys, questions=1, comments=2)[1:] == [
        "waiting · 0 answers · 2 comments",
        "first comment waiting 1 h · first answer waiting 1 h",
        "c/t",
    ]


def test_a_forums_thread_waits_for_a_response(capsys):
    assert _shown(capsys, posts=1)[1:3] == [
        "waiting · 1 post · 0 comments",
        "first response waiting 1 h",
    ]


def test_a_thread_whose_first_post_is_missing_waits_for_nothing(capsys):
    assert _shown(capsys, dict.fromkeys(WAITS), posts=1)[1:] == [
        "waiting · 1 post · 0 comments",
        "c/t",
    ]


@pytest.mark.parametrize(
    ("speed", "until", "left"),
    [
        pytest.param(None, None, "5 s left", id="as fast as goes: at the rate so far"),
        pytest.param(60, None, "3 min left", id="at a speed: the event time that is left"),
        pytest.param(60, 3_600_000, "1 min left", id="until some time: no longer than that"),
    ],
)
def test_a_replay_says_how_long_it_still_takes(speed, until, left):
    clock = iter([100.0, 105.0])
    end = None if until is None else to_datetime(until)
    rate = Rate(Report(ends={"c": 3 * 3_600_000}), speed, end, lambda: next(clock))
    progress = Progress(events=500, first=0, last=0)
    rate.said(progress, 1_000)
    assert rate.said(progress, 1_000) == f"500 events, 100 a second, {left}"
