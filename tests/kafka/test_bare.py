"""Records handed out as they were unpacked are the same that aiokafka hands out."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from aiokafka import TopicPartition

from stream.codec.events import Encoded
from stream.kafka.bare import arrival, in_turn, unwrapped, woken
from stream.kafka.committed import committed_consumer
from stream.kafka.connect import connection, running
from stream.kafka.publish import open_publisher
from stream.kafka.topics import Topics
from tests.kafka.reading import read_all

pytestmark = pytest.mark.broker


async def test_records_that_stay_as_they_were_unpacked_are_all_there_and_the_same(settings):
    topic = Topics(settings.prefix).events
    async with open_publisher(settings) as publisher:
        await publisher.publish([Encoded(b"c/%d" % n, b"%d" % n, n, str(n)) for n in range(100)])
        await publisher.flush()
    expected = {at: said for at, said in (await read_all(settings, topic)).items() if said}

    async with reading(settings, topic) as consumer:
        read: dict[tuple[str, int], list[object]] = {}
        while sum(map(len, read.values())) < 100:
            await arrival(consumer, 0.1)
            unwrapped(consumer, 5)
            for place, records in (await consumer.getmany(max_records=7)).items():
                assert len(records) <= 5
                read.setdefault((place.topic, place.partition), []).extend(map(_plain, records))

    assert read == {at: [*map(_plain, said)] for at, said in expected.items()}


async def test_a_partition_that_has_much_does_not_come_before_the_others(settings):
    """aiokafka emptied one after another: 45,000 events of one before the first of the next."""
    topic = Topics(settings.prefix).events
    async with open_publisher(settings) as publisher:
        await publisher.publish([Encoded(b"c/%d" % n, b"%d" % n, n, str(n)) for n in range(100)])
        await publisher.flush()
    async with reading(settings, topic) as consumer:
        taken: list[int] = []
        while len(taken) < 3 * settings.partitions:
            await arrival(consumer, 0.1)
            unwrapped(consumer, 4)
            records = await consumer.getmany(max_records=4)
            in_turn(consumer, records)
            taken += [place.partition for place in records]
    rounds = [taken[n : n + settings.partitions] for n in range(0, len(taken), settings.partitions)]
    assert all(len(set(once)) == settings.partitions for once in rounds[1:]), taken


async def test_whoever_waits_for_what_comes_can_be_woken(settings):
    async with open_publisher(settings):
        pass
    async with reading(settings, Topics(settings.prefix).events) as consumer:
        waiting = asyncio.create_task(arrival(consumer, 60))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        woken(consumer)
        await asyncio.wait_for(waiting, 5)


@asynccontextmanager
async def reading(settings, topic):
    """A consumer of all partitions from their start."""
    consumer = committed_consumer(**connection(settings), auto_offset_reset="none")
    async with running(consumer, settings):
        places = [TopicPartition(topic, part) for part in range(settings.partitions)]
        consumer.assign(places)
        for place in places:
            consumer.seek(place, 0)
        yield consumer


def _plain(record):
    return record.offset, record.key, record.value, record.timestamp, [*record.headers]
