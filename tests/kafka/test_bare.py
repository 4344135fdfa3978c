"""Records handed out as they were unpacked are the same that aiokafka hands out."""

from __future__ import annotations

import pytest
from aiokafka import TopicPartition

from stream.codec.events import Encoded
from stream.kafka.bare import arrival, unwrapped
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

    consumer = committed_consumer(**connection(settings), auto_offset_reset="none")
    async with running(consumer, settings):
        places = [TopicPartition(topic, part) for part in range(settings.partitions)]
        consumer.assign(places)
        for place in places:
            consumer.seek(place, 0)
        read: dict[tuple[str, int], list[object]] = {}
        while sum(map(len, read.values())) < 100:
            await arrival(consumer, 0.1)
            unwrapped(consumer)
            for place, records in (await consumer.getmany(max_records=7)).items():
                assert len(records) <= 7
                read.setdefault((place.topic, place.partition), []).extend(map(_plain, records))

    assert read == {at: [*map(_plain, said)] for at, said in expected.items()}


def _plain(record):
    return record.offset, record.key, record.value, record.timestamp, [*record.headers]
