"""Workers that are killed, stopped and replaced: the views are those of one that never was."""

import asyncio
import random
import signal
from itertools import islice

import pytest

from tests.process.harness import caught_up, folded, publish, rows, workers
from tests.process.stories import crowd

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]
EVENTS = 20_000


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_worker_killed_again_and_again_leaves_exact_views(settings, tmp_path, seed):
    chance = random.Random(seed)  # noqa: S311 # The same moments in every run.
    with workers(settings, tmp_path) as start:
        published = asyncio.create_task(publish(settings, islice(crowd(seed), EVENTS)))
        for _ in range(4):
            worker = start()
            await worker.says("goes on from offset")
            await asyncio.sleep(chance.uniform(0.05, 0.5))
            worker.kill()
        await published
        start()
        cuts = await caught_up(settings)
    assert sum(cut.offset for cut in cuts.values()) >= EVENTS
    assert await rows(settings) == await folded(settings)


async def test_a_worker_that_is_ended_amid_a_replay_has_written_all_that_it_committed(
    settings, tmp_path
):
    events = crowd(6)
    with workers(settings, tmp_path) as start:
        await publish(settings, islice(events, EVENTS // 2))
        for _ in range(2):
            worker = start()
            await worker.says("goes on from offset")
            await asyncio.sleep(0.3)
            worker.process.terminate()
            assert await worker.ends() == 0
        start()
        await caught_up(settings)
    assert await rows(settings) == await folded(settings)


async def test_a_worker_that_wakes_after_another_took_over_changes_nothing(
    settings, tmp_path, broker_kind
):
    with workers(settings, tmp_path) as start:
        first = start("one")
        await first.says("goes on from offset", times=settings.partitions)
        published = asyncio.create_task(publish(settings, islice(crowd(3), EVENTS)))
        await asyncio.sleep(0.3)
        first.process.send_signal(signal.SIGSTOP)
        await published
        # The embedded broker gives up no member; there another comes by the same name.
        second = start("one" if broker_kind == "embedded" else "two")
        await second.says("goes on from offset", times=settings.partitions)
        await asyncio.sleep(1)
        first.process.send_signal(signal.SIGCONT)
        await caught_up(settings)
        await asyncio.sleep(2)
        await caught_up(settings)
    assert await rows(settings) == await folded(settings)


async def test_a_worker_that_joins_and_leaves_changes_nothing(settings, tmp_path):
    events = crowd(4)
    with workers(settings, tmp_path) as start:
        await publish(settings, islice(events, EVENTS // 2))
        first = start("one")
        await first.says("goes on from offset", times=settings.partitions)
        second = start("two")
        await publish(settings, islice(events, EVENTS // 4))
        await second.says("goes on from offset")
        await publish(settings, islice(events, EVENTS // 8))
        second.process.terminate()
        assert await second.ends() == 0
        await publish(settings, islice(events, EVENTS // 8))
        await caught_up(settings)
        first.process.terminate()
        assert await first.ends() == 0
    assert await rows(settings) == await folded(settings)
