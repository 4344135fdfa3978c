"""What is said of many threads' waits: every one of them is counted somewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.core.latency import WaitValue, aggregate
from tests.story import DAY, HOUR, MINUTE, NOON

AS_OF = NOON + 10 * DAY


def observed(ms):
    return WaitValue("observed", ms, ms)


def between(after_ms, by_ms):
    return WaitValue("between", after_ms, by_ms)


def waiting(since):
    return WaitValue("waiting", since=since)


UNKNOWN = WaitValue("unknown")
ROBOT = WaitValue("robot")
MS = st.integers(-5, 10**9)
WAITS = st.lists(
    st.one_of(
        st.builds(observed, MS),
        st.builds(lambda a, b: between(min(a, b), max(a, b)), MS, MS),
        st.builds(between, MS, st.none()),
        st.builds(waiting, st.integers(NOON, AS_OF + DAY)),
        st.sampled_from([UNKNOWN, ROBOT]),
    )
)


def test_the_founding_threads_first_answer():
    assert aggregate("first_answer", [between(0, 1_347_257_077)], as_of=AS_OF) == {
        "metric": "first_answer",
        "as_of": AS_OF,
        "estimator": "turnbull",
        "n": 1,
        "n_observed": 0,
        "n_between": 1,
        "n_waiting": 0,
        "n_unknown": 0,
        "n_excluded": 0,
        "n_negative": 0,
        "n_robots": 0,
        "quantiles": [
            {"p": p, "after_ms": 0, "by_ms": 1_347_257_077} for p in (0.25, 0.5, 0.75, 0.9)
        ],
        "within": [{"ms": ms, "share_min": 0.0, "share_max": 1.0} for ms in (HOUR, DAY, 7 * DAY)],
        "curve": [{"after_ms": 0, "by_ms": 1_347_257_077, "mass": 1.0, "unanswered": 0.0}],
    }


def test_exact_waits_are_a_product_limit_curve():
    waits = [observed(MINUTE), observed(2 * HOUR), waiting(AS_OF - DAY), waiting(AS_OF - 9 * DAY)]
    found = aggregate("first_response", waits, as_of=AS_OF)
    assert found["estimator"] == "kaplan-meier"
    assert [(row["ms"], row["at_risk"], row["unanswered"]) for row in found["curve"]] == [
        (MINUTE, 4, 0.75),
        (2 * HOUR, 3, 0.5),
    ]
    assert found["quantiles"] == [
        {"p": 0.25, "ms": MINUTE},
        {"p": 0.5, "ms": 2 * HOUR},
        {"p": 0.75, "ms": None},
        {"p": 0.9, "ms": None},
    ]
    assert [row["share"] for row in found["within"]] == [0.25, 0.5, 0.5]


def test_who_still_waits_is_not_left_out():
    half = aggregate("first_answer", [observed(HOUR), waiting(NOON)], as_of=AS_OF)
    assert half["within"][2] == {"ms": 7 * DAY, "share": 0.5}


def test_a_share_nobody_was_watched_long_enough_for_is_none():
    young = aggregate("first_answer", [waiting(AS_OF - HOUR)], as_of=AS_OF)
    assert [row["share"] for row in young["within"]] == [0.0, None, None]


@pytest.mark.parametrize(
    ("wait", "counted"),
    [
        pytest.param(observed(0), "n_observed", id="no wait at all is a real one"),
        pytest.param(observed(-1), "n_negative", id="an answer before its question"),
        pytest.param(between(-9, -1), "n_negative", id="bounds before the question"),
        pytest.param(between(-9, 1), "n_between", id="bounds about the question"),
        pytest.param(between(5, None), "n_between", id="it ended, nobody knows when"),
        pytest.param(waiting(AS_OF + 1), "n_waiting", id="asked just now"),
        pytest.param(UNKNOWN, "n_unknown", id="the archive cannot tell"),
        pytest.param(ROBOT, "n_robots", id="a robot waits, and robots are left out"),
    ],
)
def test_each_wait_is_counted_once(wait, counted):
    found = aggregate("closed", [wait], as_of=AS_OF)
    ones = {name for name, count in found.items() if name.startswith("n_") and count}
    assert ones - {"n_excluded"} == {counted}
    assert ("n_excluded" in ones) == (counted in {"n_negative", "n_unknown", "n_robots"})


def test_nobody_at_all():
    found = aggregate("first_answer", [], as_of=AS_OF)
    assert (found["n"], found["curve"], found["estimator"]) == (0, [], "kaplan-meier")
    assert {row["ms"] for row in found["quantiles"]} == {None}


@given(WAITS)
def test_the_counts_add_up(waits):
    found = aggregate("accepted", waits, as_of=AS_OF)
    parts = found["n_observed"] + found["n_between"] + found["n_waiting"] + found["n_excluded"]
    assert found["n"] == parts == len(waits)
    left_out = found["n_unknown"] + found["n_negative"] + found["n_robots"]
    assert found["n_excluded"] == left_out


@given(WAITS, st.randoms(use_true_random=False))
def test_their_order_does_not_matter(waits, random):
    again = random.sample(waits, len(waits))
    one, other = (aggregate("x", some, as_of=AS_OF) for some in (waits, again))
    assert one == other


def test_a_long_curve_is_thinned_to_its_ends_and_between():
    waits = [observed(ms) for ms in range(1000)]
    whole = aggregate("x", waits, as_of=AS_OF, points=1000)["curve"]
    thin = aggregate("x", waits, as_of=AS_OF, points=11)["curve"]
    assert len(whole) == 1000
    assert [row["ms"] for row in thin] == [0, *range(99, 1000, 100)]
    assert all(row in whole for row in thin)


def test_neighbours_of_a_long_turnbull_curve_are_made_one():
    waits = [between(ms, ms) for ms in range(1000)]
    thin = aggregate("x", waits, as_of=AS_OF, points=11)["curve"]
    assert len(thin) == 11
    assert sum(row["mass"] for row in thin) == pytest.approx(1)
    assert (thin[1]["after_ms"], thin[1]["by_ms"]) == (1, 99)
    assert thin[-1]["unanswered"] == 0.0
