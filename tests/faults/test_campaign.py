"""Crash anything anywhere: in the end, all is as if nothing had happened."""

from __future__ import annotations

import pytest

from tests.faults.plan import draw
from tests.faults.play import PLAYED, WELL, play

pytestmark = [pytest.mark.broker, pytest.mark.campaign, pytest.mark.timeout(600)]

ATTEMPTS = 3


async def test_whatever_goes_wrong_nothing_is_lost_and_nothing_counts_twice(
    seed, ground, broker_kind, folder, record_property
):
    """Every run is exact; one with zombies counts once one was overtaken, and woke."""
    again = f"pytest tests/faults --broker {broker_kind} --faults-seed {seed} --faults-runs 1"
    missed: list[str] = []
    for attempt in range(ATTEMPTS):
        plan = draw(seed, broker_kind, attempt)
        within = folder / str(attempt)
        within.mkdir()
        played = await play(plan, ground, within, again)
        record_property(PLAYED, {"kind": plan.kind, "attempt": attempt, **played.counts()})
        if plan.kind != "zombies" or played.woken:
            (folder / WELL).touch()
            return
        missed += played.missed
    pytest.fail(f"no zombie was overtaken in {ATTEMPTS} attempts: {missed}")
