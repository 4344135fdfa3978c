"""A member with a name leaves its group at once, and nothing of the log waits for it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from stream.config import Settings
from stream.kafka.connect import connection
from stream.kafka.ending import cancelled, ended, group_tasks
from stream.kafka.leaving import left
from stream.kafka.topics import Topics, create
from tests.faults.heard import Api
from tests.faults.proxy import Proxy

pytestmark = [pytest.mark.broker, pytest.mark.timeout(120)]

LONG_MS = 60_000  # Within which nobody is given up.


@pytest.fixture
async def one(settings):
    """The first of the group, and the line on which it talks to the broker."""
    await create(settings)
    async with Proxy(settings.brokers).running() as line:
        member = await named("one", settings, line.address)
        await member.start()
        await has_all(member, settings)
        yield member, line
        await left(member)
        await ended(member)


async def named(name, settings, address):
    topics = Topics(settings.prefix)
    return AIOKafkaConsumer(
        topics.events,
        **connection(Settings(brokers=address)),
        group_id=f"{settings.prefix}-leaving",
        group_instance_id=name,
        session_timeout_ms=LONG_MS,
        rebalance_timeout_ms=LONG_MS,
        heartbeat_interval_ms=100,
    )


async def has_all(member, settings):
    everything = range(settings.partitions)
    wanted = {TopicPartition(Topics(settings.prefix).events, n) for n in everything}
    await becomes(lambda: member.assignment() == wanted)


async def becomes(so):
    deadline = asyncio.get_running_loop().time() + 20
    while not so():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.05)


async def members_of_group(settings):
    admin = AIOKafkaAdminClient(**connection(settings))
    await admin.start()
    try:
        answer: Any
        [answer] = await admin.describe_consumer_groups([f"{settings.prefix}-leaving"])
    finally:
        await admin.close()
    [(_, _, _, _, _, members, *_)] = answer.groups
    return len(members)


async def test_a_member_leaves(settings, one):
    first, _ = one
    second = await named("two", settings, settings.brokers)
    await second.start()
    await becomes(lambda: len(second.assignment()) + len(first.assignment()) == settings.partitions)

    await left(second)
    await ended(second)

    await has_all(first, settings)
    assert await members_of_group(settings) == 1


@pytest.mark.parametrize("step", [Api.JOIN_GROUP, Api.SYNC_GROUP], ids=["joins", "synchronises"])
async def test_a_member_leaves_while_it(step, settings, one):
    """It waits for the other, who is to join as well, or to say who gets what."""
    first, line = one
    held = line.hold(step)
    second = await named("two", settings, settings.brokers)
    starting = asyncio.create_task(second.start())
    await held.reached.wait()
    await asyncio.sleep(0.3)  # Its own request is with the broker.
    assert not starting.done()

    starting.cancel()
    await left(second)
    await ended(second)
    held.release()

    await has_all(first, settings)
    assert await members_of_group(settings) == 1


async def test_who_comes_by_the_same_name_is_not_taken_out_with_it(settings, one):
    first, _ = one
    await cancelled(group_tasks(first))  # It sleeps, and hears of nothing.
    successor = await named("one", settings, settings.brokers)
    await successor.start()
    await has_all(successor, settings)

    await left(first)

    assert await members_of_group(settings) == 1
    await left(successor)
    await ended(successor)
