"""A duration reads well, and never claims more than is known."""

import pytest

from stream.cli import words


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        pytest.param(0, "0 ms", id="nothing"),
        pytest.param(770, "770 ms", id="under a second"),
        pytest.param(42_000, "42 s", id="seconds"),
        pytest.param(60_000, "1 min", id="a whole minute"),
        pytest.param(5_135_250, "1 h 25 min", id="the founding thread's first comment"),
        pytest.param(1_347_257_077, "15 d 14 h", id="days and hours"),
        pytest.param(86_400_000, "1 d", id="a day without hours"),
        pytest.param(-5_000, "-5 s", id="before its cause"),
    ],
)
def test_a_duration_is_its_two_largest_units(ms, text):
    assert words.duration(ms) == text


@pytest.mark.parametrize(
    ("after_ms", "by_ms", "text"),
    [
        pytest.param(0, 1_347_257_077, "≤ 15 d 15 h", id="an upper bound is rounded up"),
        pytest.param(1_342_121_827, None, "≥ 15 d 12 h", id="a lower bound is rounded down"),
        pytest.param(0, None, "-", id="nothing is known"),
        pytest.param(3_600_000, 7_200_000, "1 h to 2 h", id="both"),
        pytest.param(3_600_000, 3_600_000, "1 h", id="bounds that meet"),
        pytest.param(0, 86_399_999, "≤ 1 d", id="rounding up reaches the next unit"),
    ],
)
def test_bounds_read_as_bounds(after_ms, by_ms, text):
    assert words.bounds(after_ms, by_ms) == text


@pytest.mark.parametrize(
    ("wait", "text"),
    [
        pytest.param(None, "-", id="has not begun"),
        pytest.param({"status": "unknown"}, "unknown", id="the archive cannot tell"),
        pytest.param({"status": "waiting", "since": "…"}, "waiting", id="nobody says as of when"),
        pytest.param(
            {"status": "waiting", "since": "…", "for_ms": 259_200_000},
            "waiting 3 d",
            id="still waiting",
        ),
        pytest.param({"status": "observed", "ms": 5_135_250}, "1 h 25 min", id="exact"),
        pytest.param(
            {"status": "between", "after_ms": 0, "by_ms": None}, "some time", id="it happened"
        ),
    ],
)
def test_a_wait_is_one_phrase(wait, text):
    assert words.wait(wait) == text


def test_a_moment_that_is_bounded_reads_as_a_bound():
    by = {"after": "2017-04-24T06:47:17.770Z", "by": "2017-05-12T07:05:22.053Z"}
    assert words.moment(by) == "≤ 2017-05-12 07:05"
    assert words.moment({"after": by["after"], "by": None}) == "≥ 2017-04-24 06:47"
    assert words.moment({"at": by["after"]}) == "2017-04-24 06:47"


def test_a_share_that_is_bounded_names_both_ends():
    assert words.share({"share_min": 0.0, "share_max": 1.0}) == "0 % to 100 %"
    assert words.share({"share": 0.714}) == "71 %"
