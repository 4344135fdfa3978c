"""What the demo says of its findings."""

from collections import Counter
from datetime import datetime

import pytest

from stream.cli.findings import Span, hours, sentences
from stream.codec.events import encode
from stream.codec.packing import packed
from stream.replay_source import Progress
from tests.story import DAY, asked, commented

QUIET = {"questions": 0, "answers": 0, "posts": 0, "comments": 0, "bounded": 0, "people": 0}


def latency(n, **counts):
    none = {"n_observed": 0, "n_between": 0, "n_waiting": 0, "n_unknown": 0}
    return {"n": n, "quantiles": [], "within": [], **none, **counts}


def found(rows, threads=(), **metrics):
    waits = dict.fromkeys(("first_response", "first_answer", "first_comment"), latency(0))
    return {
        "threads": list(threads),
        "latency": {**waits, **metrics},
        "activity": {"rows": [{"start": start, **QUIET, **row} for start, row in rows]},
    }


def test_a_wait_that_nobody_has_ended_is_not_called_a_wait_of_no_time():
    rows = [("2017-04-24T00:00:00.000Z", {"questions": 1, "people": 1})]
    said = list(sentences(found(rows, first_answer=latency(1, n_waiting=1)), Counter({6: 1})))
    assert "First answer: still waiting." in said


def test_a_bounded_wait_says_that_it_is_bounded():
    rows = [("2017-04-24T00:00:00.000Z", {"questions": 1, "people": 1})]
    between = latency(1, n_between=1)
    between["quantiles"] = [{"p": 0.5, "after_ms": 0, "by_ms": 1_347_257_077}]
    said = list(sentences(found(rows, first_answer=between), Counter({6: 1})))
    assert "First answer: ≤ 15 d 15 h (the archive does not say when exactly)." in said


@pytest.mark.parametrize(
    ("robots", "said"),
    [
        (0, "What robots wrote is left out of these waits."),
        (1, "What robots wrote is left out of these waits, 1 thread that they asked among it."),
    ],
)
def test_that_robots_are_left_out_is_said(robots, said):
    rows = [("2017-04-24T00:00:00.000Z", {"questions": 1, "people": 1})]
    waits = latency(9, n_waiting=8, bots="exclude", n_robots=robots)
    assert said in list(sentences(found(rows, first_response=waits), Counter({6: 9})))


def test_of_a_forum_it_says_how_long_people_waited_for_any_response():
    rows = [("2017-04-24T00:00:00.000Z", {"posts": 9, "people": 1})]
    waiting = {"first_response": latency(9, n_waiting=9), "first_comment": latency(9, n_waiting=9)}
    said = list(sentences(found(rows, **waiting), Counter({6: 9})))
    assert any(line.startswith("First response: ") for line in said)
    assert not any(line.startswith("First comment: ") for line in said)


def test_half_that_never_came_is_said():
    rows = [("2017-04-24T00:00:00.000Z", {"questions": 9, "people": 1})]
    waiting = latency(9, n_waiting=8, n_observed=1)
    waiting["quantiles"] = [{"p": 0.5, "ms": None}]
    said = list(sentences(found(rows, first_answer=waiting), Counter({6: 9})))
    assert "First answer: not even half came, 8 of 9 still wait." in said


def test_the_span_is_whole_days_and_ends_behind_the_last():
    progress = Progress()
    for event in (asked(), commented("q.c1", after=2 * DAY)):
        progress.add([packed(encode(event))])
    span = Span.of(progress)
    assert progress.events == 2
    assert (span.since, span.until) == ("2017-04-24", "2017-04-27")


class Served:
    """A service that has an item at six each morning, and answers at most 10,000 rows at once."""

    def get(self, path, **asked):
        assert path == "/v1/activity"
        since, until = (datetime.fromisoformat(asked[end]) for end in ("since", "until"))
        assert (until - since).days * 24 <= 10_000
        mornings = [f"{since:%Y-%m-%d}T06:00:00.000Z"] * (until - since).days
        rows = [{"start": start, **QUIET, "comments": 1} for start in mornings]
        return {"since": asked["since"], "until": asked["until"], "rows": rows}


def test_an_archive_of_many_years_is_asked_for_in_parts():
    progress = Progress()
    for event in (asked(), commented("q.c1", after=5000 * DAY)):
        progress.add([packed(encode(event))])
    counted = hours(Served(), progress)  # type: ignore[arg-type] # A fake in memory.
    assert counted == Counter({6: 5001})
