"""What runs say together."""

import msgspec
import pytest

from benchmarks.goals import goals
from benchmarks.hot import FIGURE as HOT
from benchmarks.results import AFTER, BARE, Goal, Took, lines, more_said, noise, quantile
from benchmarks.scale import SIZES, THREADS
from benchmarks.serve import FIGURE as SERVE
from benchmarks.serve import READ
from benchmarks.worker import OURS, SIMPLE, WHOLE


def took(what, rate, *, right=None, figure=SIMPLE, peak_mb=None, **more):
    return Took(
        figure=figure,
        what=what,
        count=1000,
        seconds=1000 / rate,
        cpu_s=0.01,
        right=right,
        peak_mb=peak_mb,
        more=more,
    )


def test_a_line_is_the_median_of_its_runs_beside_the_bare_loop_of_its_figure():
    runs = [
        took(BARE, 100),
        *(took(OURS, rate) for rate in (10, 50, 20)),
        took(AFTER, 300),
    ]
    ours = lines(runs)[1]
    assert (ours.rate, ours.rate_ratio, ours.runs) == pytest.approx((20, 0.1, 3))


def test_noise_is_how_far_the_bare_loop_before_and_after_are_apart():
    (found,) = noise([took(BARE, 100), took(OURS, 50), took(AFTER, 300)])
    assert (found.rate, found.cpu) == pytest.approx((1.0, 0.0))


def test_one_wrong_output_makes_a_line_wrong_and_no_goal_counts_it():
    runs = [
        took(BARE, 100),
        took(OURS, 50, right=True),
        took("Quix Streams, at-least-once", 10, right=True),
        took("Quix Streams, exactly-once", 20, right=False),
    ]
    found = lines(runs)
    assert [line.right for line in found] == [None, True, True, False]
    (goal,) = goals(found)
    assert (goal.measured, goal.reached) == (5.0, True)


def test_what_a_replay_does_is_held_against_the_bare_loop_too():
    runs = [
        took(BARE, 100_000, figure="replay"),
        took("replay", 30_000, figure="replay", peak_mb=290),
        took(AFTER, 140_000, figure="replay"),
    ]
    found = [(goal.measured, goal.reached) for goal in goals(lines(runs))]
    assert found == [(30_000, False), (0.25, True), (290, True)]


def test_all_views_are_held_to_what_was_promised_interpreted_and_compiled_apart():
    runs = [
        took(BARE, 200_000, figure=WHOLE),
        took("threadline", 40_000, figure=WHOLE, right=True),
        took("threadline, compiled", 62_000, figure=WHOLE, right=True),
        took(AFTER, 200_000, figure=WHOLE),
    ]
    found = [(goal.what, goal.reached) for goal in goals(lines(runs))]
    assert found == [
        ("all views, interpreted, events/s", False),
        ("all views, interpreted, times the bare loop", False),
        ("all views, compiled, events/s", True),
        ("all views, compiled, times the bare loop", True),
    ]


def test_following_is_held_to_events_a_second_and_to_the_bare_loop():
    read = {"p99_ms": 12.0}
    runs = [
        took(BARE, 200_000, figure=SERVE),
        took(READ, 50_000, figure=SERVE, right=True, **read),
        took(AFTER, 200_000, figure=SERVE),
    ]
    found = [(goal.measured, goal.reached) for goal in goals(lines(runs))]
    assert found == [(50_000, False), (0.25, True), (12, True)]


def test_an_event_may_cost_a_little_more_in_the_longest_threads_of_each_shape():
    runs = [
        took(BARE, 200_000, figure=SIZES),
        *(
            msgspec.structs.replace(took(what, 1000, figure=SIZES), cpu_s=cpu_s)
            for what, cpu_s in (
                ("1 items a thread", 0.9),
                ("1,000 items a thread", 0.1),
                ("100,000 items a thread", 0.12),
                ("1,000 on one post", 0.2),
                ("100,000 on one post", 0.3),
            )
        ),
    ]
    found = [(goal.what, round(goal.measured, 3), goal.reached) for goal in goals(lines(runs))]
    assert found == [
        ("CPU an event, 100,000 items a thread, times 1,000", 1.2, True),
        ("CPU an event, 100,000 on one post, times 1,000", 1.5, False),
    ]


def test_memory_is_promised_of_the_most_threads_and_of_the_one_that_has_everything():
    runs = [
        took("10,000 threads", 1000, figure=THREADS, **{"memory_B/item": 900.0}),
        took("100,000 threads", 1000, figure=THREADS, **{"memory_B/item": 650.0}),
        took("1,000,000 in threads of 1,000", 1000, figure=HOT, **{"memory_B/item": 800.0}),
        took("1,000,000 in one thread", 1000, figure=HOT, **{"memory_B/item": 710.0}),
    ]
    found = [(goal.measured, goal.reached) for goal in goals(lines(runs))]
    assert found == [(650, True), (710, False)]


@pytest.mark.parametrize(
    ("measured", "at_least", "reached"),
    [
        pytest.param(2, True, True, id="more than promised"),
        pytest.param(0.5, True, False, id="less than promised"),
        pytest.param(0.5, False, True, id="below what may be taken"),
        pytest.param(2, False, False, id="above what may be taken"),
        pytest.param(1, True, True, id="just what was promised"),
        pytest.param(1, False, True, id="just what may be taken"),
    ],
)
def test_goals_are_floors_or_ceilings(measured, at_least, reached):
    assert Goal(what="", goal=1, measured=measured, at_least=at_least).reached == reached


def test_what_only_a_figure_has_is_said_with_its_unit():
    said = more_said({"p50_ms": 1.25, "memory_B/item": 1500.4, "thread_p99_ms": 3.0})
    assert said == "p50 1.2 ms, memory 1,500 B/item, thread p99 3 ms"


def test_quantiles_are_values_that_were_measured():
    waited = [float(n) for n in range(1, 101)]
    assert [quantile(waited, share) for share in (0.5, 0.99, 0.999)] == [51, 100, 100]
    assert quantile([], 0.5) == 0
