"""Settings of topics that are changed amid other faults do no harm of their own."""

from __future__ import annotations

import asyncio

import pytest

from stream.config import Settings
from stream.kafka.topics import Topics, create
from tests.brokers import ApacheBroker, Extra
from tests.faults.admin import NOBODY, Altered, admin
from tests.faults.brokers import left_alone

pytestmark = [pytest.mark.broker, pytest.mark.apache, pytest.mark.long, pytest.mark.timeout(180)]

NOT_WITHIN_S = 2.0  # It is tried five times a second.
WITHIN_S = 40.0


async def test_a_partition_whose_broker_was_away_meanwhile_has_a_leader_again(tmp_path):
    """Kafka forgets who may lead where it is told another number of copies while nobody does."""
    away = tmp_path / "away"
    away.mkdir()
    broker = ApacheBroker(tmp_path)
    other = ApacheBroker(away, Extra(joins=broker.controller))
    settings = Settings(brokers=broker.address, partitions=2)  # One on each.
    try:
        await asyncio.to_thread(broker.start)
        await asyncio.to_thread(other.start)
        await create(settings)
        await asyncio.to_thread(other.stop)
        await left_alone(broker.address)
        assert NOBODY in await _leaders(settings)

        changing = asyncio.create_task(Altered(settings).refuse("events"))
        await asyncio.sleep(NOT_WITHIN_S)
        assert not changing.done()
        await asyncio.to_thread(other.start)
        await asyncio.wait_for(changing, WITHIN_S)
        assert sorted(await _leaders(settings)) == [1, 2]
    finally:
        other.stop()
        broker.stop()


async def _leaders(settings):
    async with admin(settings) as client:
        [topic] = await client.describe_topics([Topics(settings.prefix).events])
    return [partition["leader"] for partition in topic["partitions"]]
