"""A week of nothing to do: Kafka forgets offsets, transactional ids and producers, we do not.

A week is seconds here, by the limits of a broker of its own.
"""

from __future__ import annotations

import asyncio
import time
from itertools import islice
from typing import TYPE_CHECKING, Final

import pytest

from stream.codec.events import encode
from stream.config import Settings
from stream.kafka.publish import open_publisher
from stream.kafka.topics import Topics, create
from tests.faults import judge
from tests.faults.broker_state import knows_producers_of, knows_transactions_of
from tests.faults.brokers import Apache
from tests.process.harness import caught_up, folded, publish, rows, workers
from tests.process.stories import crowd
from tests.process.test_worker import committed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytestmark = [
    pytest.mark.broker,
    pytest.mark.apache,
    pytest.mark.long,
    pytest.mark.timeout(300),
]
FORGETFUL: Final = """\
transactional.id.expiration.ms=2000
transaction.remove.expired.transaction.cleanup.interval.ms=500
producer.id.expiration.ms=2000
producer.id.expiration.check.interval.ms=500
offsets.retention.minutes=1
offsets.retention.check.interval.ms=500
"""


@pytest.fixture
async def settings(tmp_path):
    (tmp_path / "forgetful").mkdir()
    broker = Apache(tmp_path / "forgetful", FORGETFUL)
    await broker.start()
    yield Settings(brokers=broker.address, partitions=3)
    await broker.stop()


async def _until(true: Callable[[], Awaitable[bool]], within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not await true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.2)


async def _forgotten(settings: Settings) -> None:
    """Wait until the broker knows nothing more of any worker's producer."""
    topics = Topics(settings.prefix)

    async def nobody_known() -> bool:
        return not any(
            [
                await knows_transactions_of(settings, f"{settings.prefix}-{partition}")
                or await knows_producers_of(settings, topics.items, partition)
                for partition in range(settings.partitions)
            ]
        )

    await _until(nobody_known, within_s=30)


async def test_a_worker_that_was_idle_for_a_week_goes_on_with_the_next_event(settings, tmp_path):
    events = crowd(11)
    with workers(settings, tmp_path) as start:
        worker = start()
        await publish(settings, islice(events, 2000))
        await caught_up(settings)
        await _forgotten(settings)
        await publish(settings, islice(events, 2000))
        began = time.monotonic()
        await caught_up(settings)
        assert time.monotonic() - began < 8
        assert "Kafka has forgotten the writer of partition" in worker.said
        assert "another writer" not in worker.said
    assert await rows(settings) == await folded(settings)
    assert list(judge.cuts(await judge.read(settings))) == []
    assert await judge.ends(settings) == []


async def test_a_group_whose_offsets_are_forgotten_goes_on_from_its_cuts(settings, tmp_path):
    events = crowd(12)
    with workers(settings, tmp_path) as start:
        worker = start()
        await publish(settings, islice(events, 2000))
        cuts = await caught_up(settings)
        worker.process.terminate()
        assert await worker.ends() == 0

        async def nothing_committed() -> bool:
            return not await committed(settings)

        await _until(nothing_committed, within_s=120)
        again = start()
        for partition, cut in cuts.items():
            await again.says(f"partition {partition} goes on from offset {cut.offset}")
        await publish(settings, islice(events, 2000))
        await caught_up(settings)
    assert await rows(settings) == await folded(settings)
    assert await judge.ends(settings) == []


async def test_a_replay_that_waited_for_a_week_loses_and_doubles_nothing(settings):
    await create(settings)
    log = Topics(settings.prefix).events
    events = [encode(event) for event in islice(crowd(13), 2000)]
    async with open_publisher(settings) as publisher:
        for start in range(0, len(events), 500):
            await publisher.publish(events[start : start + 500])
            await publisher.flush()

            async def nobody_known() -> bool:
                parts = range(settings.partitions)
                return not any([await knows_producers_of(settings, log, part) for part in parts])

            await _until(nobody_known, within_s=30)
    found = (await judge.read(settings)).log
    ids = [record.value or b"" for records in found.values() for record in records]
    wanted = [event.value for event in events for _ in range(3 if event.key is None else 1)]
    assert sorted(ids) == sorted(wanted)
