"""The sizes beyond this machine follow from measured figures, and the document shows them."""

from pathlib import Path

import pytest

from benchmarks.measured import measured
from benchmarks.simulate import TABLES, written
from benchmarks.simulate_fold import Cost, Machine, hot_loads, speedup, zipf_loads
from benchmarks.simulate_sites import SITE, event_us

SCALE = Path(__file__).parents[2] / "docs" / "SCALE.md"


def test_the_document_shows_what_the_simulation_prints():
    text = SCALE.read_text("utf-8")
    assert written(text, measured()) == text, "python -m benchmarks.simulate --write docs/SCALE.md"


def test_every_table_has_its_place_in_the_document():
    text = SCALE.read_text("utf-8")
    assert [name for name in TABLES if text.count(f"<!-- table: {name} -->\n\n|") != 1] == []


def test_two_workers_on_two_cores_get_what_the_broker_leaves_them():
    cost = Cost(0.020, 0.010)
    alone, two = (Machine(2).fold_s([100] * 4, workers, cost) for workers in (1, 2))
    assert alone == pytest.approx(400 * 0.020, rel=0.01)
    assert two == pytest.approx(400 * (0.020 + 0.010) / 2, rel=0.01)


def test_a_broker_elsewhere_leaves_each_worker_a_core():
    cost = Cost(0.020, 0.010)
    alone, two = (Machine(2, apart=True).fold_s([100] * 4, workers, cost) for workers in (1, 2))
    assert alone / two == pytest.approx(2, rel=0.01)


def test_a_slow_broker_holds_workers_up_who_may_not_run_ahead():
    took = Machine(64, apart=True).fold_s([100], 1, Cost(0.001, 0.1))
    assert took == pytest.approx(100 * 0.1 / 2, rel=0.05)  # Two batches of a partition at a time.


def test_workers_without_a_partition_add_nothing():
    assert speedup([1.0] * 4, 4) == speedup([1.0] * 4, 8) == 4
    cost = Cost(0.020, 0.0001)
    four, eight = (Machine(8).fold_s([10] * 4, workers, cost) for workers in (4, 8))
    assert eight == pytest.approx(four)


def test_a_hot_thread_limits_any_number_of_workers():
    assert speedup(hot_loads(64, 0.25), 64) == pytest.approx(1 / (0.25 + 0.75 / 64))
    assert speedup([1.0] * 64, 16, 0.5) == pytest.approx(8)


@pytest.mark.parametrize("exponent", [0.0, 0.8, 1.1])
def test_partitions_hold_all_of_a_log_however_uneven(exponent):
    loads = zipf_loads(64, exponent, int(SITE.threads), 0)
    assert sum(loads) == pytest.approx(1)
    assert loads == zipf_loads(64, exponent, int(SITE.threads), 0)


def test_an_event_costs_what_was_measured_where_it_was_measured_and_more_with_more_threads():
    figures = measured()
    worker = figures.worker
    assert event_us(figures, worker.threads_held) == pytest.approx(worker.us)
    costs = [event_us(figures, threads) for threads in (22_000, 100_000, 1_000_000, 24_000_000)]
    assert costs == sorted(costs)
