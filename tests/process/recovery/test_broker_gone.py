"""A worker that is told to end when its broker has just gone: it ends, and without a word.

Where it was looking for something at the broker in the moment that one went, it has said so, once.
"""

from __future__ import annotations

import asyncio
import signal
from itertools import islice

import pytest

from stream.config import Settings
from tests.process.harness import publish, workers
from tests.process.stories import crowd

pytestmark = [pytest.mark.broker, pytest.mark.long, pytest.mark.timeout(120)]

NOTICED_S = 1.0
ENDS_WITHIN_S = 25  # Whoever waits for an answer waits 40.
NO_CONNECTION = "no connection to Kafka at {}: "


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("end", ["kill", "freeze"])
async def test_a_worker_whose_broker_has_just_gone_ends_without_a_word(
    broker_to_kill, tmp_path, end, number
):
    settings = Settings(brokers=broker_to_kill.address, partitions=2)
    with workers(settings, tmp_path) as start:
        worker = start()
        await publish(settings, islice(crowd(5), 3000))
        await worker.says("goes on", times=settings.partitions)
        getattr(broker_to_kill, end)()
        await asyncio.sleep(NOTICED_S)
        worker.process.send_signal(number)
        assert await worker.ends(within_s=ENDS_WITHIN_S) == 0
        said = worker.said.splitlines()
    rest = [line for line in said if "works for" not in line and "goes on" not in line]
    assert len(rest) <= 1
    assert [line for line in rest if NO_CONNECTION.format(broker_to_kill.address) not in line] == []
