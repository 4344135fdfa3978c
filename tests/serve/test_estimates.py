"""Long estimates are made by a process of their own: the same figures, and nobody else's time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from stream.core.latency import Tally, WaitValue, aggregate, tally_of
from stream.errors import EstimateError
from stream.serve.estimate_process import LONG, Estimates, is_long
from tests.story import DAY, NOON

NOW = NOON + 400 * DAY
WITHIN_S = 30.0

# Whoever asks for an estimate that would take minutes, and says the process's number.
ASKING = """
import sys, threading, time
from stream.serve.estimate_process import Estimates
from tests.serve.test_estimates import NOW, tally
estimates = Estimates()
asking = lambda: estimates.aggregate("accepted", tally(60_000), as_of=NOW)
threading.Thread(target=asking, daemon=True).start()
while estimates.pid is None:
    time.sleep(0.01)
print(estimates.pid, flush=True)
time.sleep(600)
"""


def tally(threads, seed=1):
    """Of as many waits, most of them distinct, a third known by the day, a third going on."""
    rng, found = Random(seed), Tally()  # noqa: S311 (a story, no secret)
    for _ in range(threads):
        after = int(rng.lognormvariate(17, 2))
        found.add(
            rng.choice(
                [
                    WaitValue("observed", after, after),
                    WaitValue("between", after, after + rng.randrange(DAY)),
                    WaitValue("waiting", since=NOW - after),
                ]
            )
        )
    return found


@pytest.fixture
def estimates():
    with closing(Estimates()) as made:
        yield made


@pytest.fixture(scope="module")
def kept():
    with closing(Estimates()) as made:
        yield made


def until(holds):
    """Return once that is so."""
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def status(pid):
    """The fields of the process that the system tells of; None where it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if stat[0] == "Z" else stat


def works(pid):
    """Whether it has used a third of a second of processor: it is amid an estimate."""
    stat = status(pid)
    return stat is not None and int(stat[11]) > os.sysconf("SC_CLK_TCK") // 3


@contextmanager
def asking(estimates, threads):
    """Somebody asks, in a thread as the API's, for what the process is busy with inside ``with``"""
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(estimates.aggregate, "accepted", tally(threads), as_of=NOW)
        until(lambda: estimates.pid is not None)
        until(lambda: works(estimates.pid))
        yield asked


MS = st.integers(-DAY, 900 * DAY)
WAITS = st.builds(
    lambda status, after, more: {
        "observed": WaitValue("observed", after, after),
        "between": WaitValue("between", after, after + more),
        "open": WaitValue("between", after),
        "waiting": WaitValue("waiting", since=NOW - after),
        "unknown": WaitValue("unknown"),
        "robot": WaitValue("robot"),
    }[status],
    st.sampled_from(["observed", "between", "open", "waiting", "unknown", "robot"]),
    MS,
    st.integers(0, 30 * DAY),
)


@settings(max_examples=25, deadline=None, phases=[Phase.generate])  # To shrink takes minutes.
@given(waits=st.lists(WAITS, max_size=60), seed=st.integers(0, 9))
def test_the_figures_are_to_the_last_bit_those_that_were_made_here(kept, waits, seed):
    both = tally_of(waits)
    both.between |= tally(LONG * 4, seed).between
    assert is_long(both)
    made, here = (one("accepted", both, as_of=NOW) for one in (kept.aggregate, aggregate))
    assert [name for name in here if made[name] != here[name]] == []  # Not a page of each.
    assert made.keys() == here.keys()
    assert kept.pid is not None


def test_what_is_short_or_has_no_bounds_needs_no_process(estimates):
    exact = tally_of(WaitValue("observed", ms, ms) for ms in range(9 * LONG))
    for short in (tally(LONG), exact, Tally()):
        found = estimates.aggregate("accepted", short, as_of=NOW)
        assert found == aggregate("accepted", short, as_of=NOW)
    assert estimates.pid is None


def test_several_who_ask_at_once_get_each_his_own_from_one_process(estimates):
    tallies = [tally(3 * LONG, seed) for seed in range(6)]
    pids = set()

    def asks(one):
        found = estimates.aggregate("accepted", one, as_of=NOW)
        pids.add(estimates.pid)
        return found

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(asks, tallies))
    assert found == [aggregate("accepted", one, as_of=NOW) for one in tallies]
    assert len(pids) == 1


def test_a_process_that_is_killed_amid_it_is_followed_by_one_that_is_told_the_same(estimates):
    with asking(estimates, 8_000) as asked:
        killed = estimates.pid
        os.kill(killed, signal.SIGKILL)
        assert asked.result(WITHIN_S) == aggregate("accepted", tally(8_000), as_of=NOW)
    assert estimates.pid != killed


def test_one_that_was_killed_while_nobody_asked_is_not_missed(estimates):
    few = tally(3 * LONG)
    first = estimates.aggregate("accepted", few, as_of=NOW)
    os.kill(estimates.pid, signal.SIGKILL)
    assert estimates.aggregate("accepted", few, as_of=NOW) == first


def test_where_the_second_ends_too_it_is_said_and_the_next_who_asks_gets_a_third(estimates):
    with asking(estimates, 20_000) as asked:
        killed = estimates.pid
        os.kill(killed, signal.SIGKILL)
        until(lambda: estimates.pid not in {killed, None})
        os.kill(estimates.pid, signal.SIGKILL)
        with pytest.raises(EstimateError, match="ended 2 times, with status -9"):
            asked.result(WITHIN_S)
    few = tally(3 * LONG)
    found = estimates.aggregate("accepted", few, as_of=NOW)
    assert found == aggregate("accepted", few, as_of=NOW)


def test_what_goes_wrong_there_is_raised_here_and_is_no_end_of_it(estimates):
    odd = tally(3 * LONG)
    odd.between[0, "a day"] = 1
    with pytest.raises(TypeError):
        estimates.aggregate("accepted", odd, as_of=NOW)
    pid = estimates.pid
    few = tally(3 * LONG)
    assert estimates.aggregate("accepted", few, as_of=NOW)["n"] == 3 * LONG
    assert estimates.pid == pid


def test_closed_amid_an_estimate_it_does_not_wait_for_that_and_begins_no_other(estimates):
    with asking(estimates, 60_000) as asked:
        pid = estimates.pid
        began = time.monotonic()
        estimates.close()
        with pytest.raises(EstimateError, match="the serve process is ending"):
            asked.result(WITHIN_S)
        assert time.monotonic() - began < 3, "it takes five and more to make it"
    assert status(pid) is None
    assert estimates.pid is None


def test_ctrl_c_is_for_whoever_asks(estimates):
    with asking(estimates, 8_000) as asked:
        pid = estimates.pid
        os.kill(pid, signal.SIGINT)
        assert asked.result(WITHIN_S)["n"] == 8_000
        assert estimates.pid == pid
        assert os.getpriority(os.PRIO_PROCESS, pid) > os.getpriority(os.PRIO_PROCESS, 0)


def test_it_ends_amid_an_estimate_when_whoever_asked_is_killed():
    command = [sys.executable, "-c", ASKING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as asks:
        assert asks.stdout is not None
        pid = int(asks.stdout.readline())
        until(lambda: works(pid))
        asks.kill()
        began = time.monotonic()
        until(lambda: status(pid) is None)
        assert time.monotonic() - began < 3, "it takes five and more to make it"
