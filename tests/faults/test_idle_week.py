"""A week of nothing to do: Kafka forgets offsets, transactional ids and producers, we do not.

A week is seconds here, by the limits of a broker of its own.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final

import pytest

from stream.codec.events import encode
from stream.config import Settings
from stream.kafka.publish import open_publisher
from stream.kafka.topics import Topics, create
from tests.brokers import free_ports
from tests.faults import judge, judge_served, parts, reference
from tests.faults.broker_state import knows_producers_of, knows_transactions_of
from tests.faults.brokers import Apache
from tests.faults.community import Community
from tests.process.harness import caught_up, publish, workers
from tests.process.stories import crowd
from tests.process.test_worker import committed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from stream.core.events import Event

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


class Week:
    """Half of a community before it, half after it, and a service that is there all the time."""

    def __init__(self, settings: Settings, seed: int, folder: Path) -> None:
        (port,) = free_ports(1)
        self.settings = replace(settings, url=f"http://127.0.0.1:{port}")
        self._community = Community(seed, threads=220)
        self._folder = folder
        self._serve = parts.serve(self.settings, folder, port)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        """In the end, database and answers must be those of a run without such a week."""
        self._serve.start()
        try:
            await self._serve.says("serving on")
            yield
            assert await self._differences() == []
        finally:
            self._serve.clear()

    async def publish_half(self) -> None:
        await publish(self.settings, self._halves[0])

    async def publish_the_rest(self) -> None:
        await publish(self.settings, [*self._halves[1], self._community.finished])

    @property
    def _halves(self) -> tuple[list[Event], list[Event]]:
        events = self._community.events
        return events[: len(events) // 2], events[len(events) // 2 :]

    async def _differences(self) -> list[str]:
        community, partitions = self._community, self.settings.partitions
        read = await judge.read(self.settings)
        undisturbed = reference.made(community, partitions, self._folder / "undisturbed.sqlite")
        found = list(judge.views(community.rows(partitions), read))
        found += judge.cuts(read)
        found += await judge.ends(self.settings)
        found += await judge_served.answers(community, self.settings, read, undisturbed)
        await self._serve.end()
        found += judge_served.database(self._folder / "views.sqlite", undisturbed, read)
        return found + self._serve.trouble()


async def test_a_worker_that_was_idle_for_a_week_goes_on_with_the_next_event(settings, tmp_path):
    week = Week(settings, 11, tmp_path)
    await create(settings)
    with workers(settings, tmp_path) as start:
        worker = start()
        async with week.served():
            await week.publish_half()
            await caught_up(settings)
            await _forgotten(settings)
            await week.publish_the_rest()
            began = time.monotonic()
            await caught_up(settings)
            assert time.monotonic() - began < 8
            assert "Kafka has forgotten the writer of partition" in worker.said
            assert "another writer" not in worker.said


async def test_a_group_whose_offsets_are_forgotten_goes_on_from_its_cuts(settings, tmp_path):
    week = Week(settings, 12, tmp_path)
    await create(settings)
    with workers(settings, tmp_path) as start:
        worker = start()
        async with week.served():
            await week.publish_half()
            cuts = await caught_up(settings)
            worker.process.terminate()
            assert await worker.ends() == 0

            async def nothing_committed() -> bool:
                return not await committed(settings)

            await _until(nothing_committed, within_s=120)
            again = start()
            for partition, cut in cuts.items():
                await again.says(f"partition {partition} goes on from offset {cut.offset}")
            await week.publish_the_rest()
            await caught_up(settings)


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
