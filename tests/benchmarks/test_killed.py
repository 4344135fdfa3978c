"""What a killed embedded broker has left is how the log began; replayed again, all is right."""

import random

import pytest

from benchmarks.killed import trial


@pytest.mark.long
@pytest.mark.broker
@pytest.mark.timeout(300)
async def test_after_a_kill_the_log_is_readable_and_a_replay_mends_the_views(tmp_path):
    found = await trial(tmp_path, random.Random(1))  # noqa: S311 # No secret.
    assert found.readable
    assert found.confirmed - found.lost > 0
    assert not found.serve_ended
    assert found.replayed.startswith("0: ")
    assert found.verified.startswith("0: The views are as the archive says")
