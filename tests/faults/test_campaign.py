"""Crash anything anywhere: in the end, all is as if nothing had happened."""

from __future__ import annotations

import pytest

from tests.faults.plan import draw
from tests.faults.play import play

pytestmark = [pytest.mark.broker, pytest.mark.campaign, pytest.mark.timeout(400)]


async def test_whatever_goes_wrong_nothing_is_lost_and_nothing_counts_twice(
    seed, ground, broker_kind, folder
):
    again = f"pytest tests/faults --broker {broker_kind} --faults-seed {seed} --faults-runs 1"
    await play(draw(seed, broker_kind), ground, folder, again)
