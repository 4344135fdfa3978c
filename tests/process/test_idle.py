"""A worker with nothing to do takes next to nothing, and is there when something comes."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from tests.process.harness import caught_up, folded, publish, rows, workers
from tests.story import asked

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]
MEASURED_S = 2.0
SHARE_MAX = 0.2  # It was 0.6 where the broker answers every fetch at once.


def worked_s(process):
    """The processor's time that ``process`` has had."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.long
async def test_an_idle_worker_takes_no_processor_and_wakes_at_once(settings, tmp_path):
    with workers(settings, tmp_path) as start:
        worker = start()
        await publish(settings, [asked(thread="t1")])
        await worker.says("goes on from offset", times=settings.partitions)
        await caught_up(settings)
        before = worked_s(worker.process)
        await asyncio.sleep(MEASURED_S)  # What is measured is this time.
        assert worked_s(worker.process) - before < SHARE_MAX * MEASURED_S
        await publish(settings, [asked(thread="t2")])
        began = time.monotonic()
        await caught_up(settings)
        assert time.monotonic() - began < 2
    assert await rows(settings) == await folded(settings)
