"""The topics are made once, rightly, and what differs is named."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from stream.errors import BrokerError
from stream.kafka.connect import connection
from stream.kafka.topics import VIEWS, Difference, Topics, check, create

pytestmark = pytest.mark.broker


async def test_creating_makes_every_topic_and_again_none(settings):
    topics = Topics(settings.prefix)
    views = {topics.view(name) for name in VIEWS}

    assert set(await create(settings)) == {
        *views,
        topics.events,
        topics.progress,
        topics.dead_letters,
    }
    assert await create(settings) == []
    assert await check(settings) == []


async def test_several_processes_may_create_at_once(settings):
    created = await asyncio.gather(*(create(settings) for _ in range(4)))

    assert sorted(name for names in created for name in names) == sorted(
        Topics(settings.prefix).settings()
    )


async def test_other_partitions_are_refused_with_what_to_do(settings):
    await create(settings)

    with pytest.raises(BrokerError, match="has 3 partitions, not 5; set THREADLINE_PARTITIONS=3"):
        await create(replace(settings, partitions=5))


async def test_check_names_what_is_missing_and_what_is_set_otherwise(settings):
    topics = Topics(settings.prefix)
    admin = AIOKafkaAdminClient(**connection(settings))
    await admin.start()
    await admin.create_topics(
        [NewTopic(topics.items, 2, 1, topic_configs={"retention.ms": "1000"})]
    )
    while topics.items not in await admin.list_topics():  # It takes effect a moment later.
        pass
    await admin.close()

    differences = await check(settings)

    assert Difference(topics.events, "topic", "there", None) in differences
    assert Difference(topics.items, "partitions", "3", "2") in differences
    assert Difference(topics.items, "retention.ms", "-1", "1000") in differences
    assert Difference(topics.items, "cleanup.policy", "compact", "delete") in differences


def test_a_view_that_there_is_not_has_no_topic():
    with pytest.raises(KeyError):
        Topics("threadline").view("events")
