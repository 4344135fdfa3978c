"""What is published lies in the log, in order, with its own time, at a known position."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stream.codec.events import CONTENT_TYPE, Encoded, encode
from stream.codec.packing import packed
from stream.config import Settings
from stream.core.position import Position
from stream.errors import BrokerError
from stream.kafka.follow import open_reader
from stream.kafka.publish import open_publisher
from stream.kafka.records import partition_of
from stream.kafka.topics import RECORD_BYTES_MAX, Topics
from tests.brokers import ApacheBroker, free_ports
from tests.kafka.reading import read_all, read_to_end
from tests.story import commented

pytestmark = pytest.mark.broker


async def test_each_threads_events_lie_in_its_partition_in_the_order_given(settings):
    events = [_said(f"c/t{n % 7}", n) for n in range(5000)]

    async with open_publisher(settings) as publisher:
        await publisher.publish(events)
        position = await publisher.flush()

    topic = Topics(settings.prefix).events
    log = await read_all(settings, topic)
    for partition in range(settings.partitions):
        mine = [event for event in events if partition_of(event.key, 3) == partition]
        there = log[topic, partition]
        assert [(record.key, record.value) for record in there] == [(e.key, e.value) for e in mine]
        assert [record.timestamp for record in there] == [event.at for event in mine]
        assert {tuple(record.headers) for record in there} <= {(("content-type", CONTENT_TYPE),)}
        assert position.get(partition, 0) == len(mine)


@pytest.mark.parametrize("as_packed", [False, True], ids=["encoded", "packed"])
async def test_what_concerns_a_community_is_sent_everywhere_under_its_name(settings, as_packed):
    said = Encoded(None, b'{"source":"reddit.com/r/Cornell"}', 5, "07" * 16)
    async with open_publisher(settings) as publisher:
        if as_packed:
            await publisher.publish_packed([packed(said)])
        else:
            await publisher.publish([said])
        position = await publisher.flush()

    topic = Topics(settings.prefix).events
    log = await read_all(settings, topic)
    assert [log[topic, p][0].key for p in range(3)] == [b"reddit.com%2Fr%2FCornell"] * 3
    assert position == Position({0: 1, 1: 1, 2: 1})


async def test_packed_events_are_published_as_they_were(settings):
    events = [encode(commented(f"q.c{n}", thread=f"t{n % 7}", after=n)) for n in range(500)]
    async with open_publisher(settings) as publisher:
        await publisher.publish_packed(map(packed, events))
        await publisher.flush()

    topic = Topics(settings.prefix).events
    log = await read_all(settings, topic)
    for partition in range(settings.partitions):
        said = [(one.key, one.value, one.timestamp) for one in log[topic, partition]]
        mine = [event for event in events if partition_of(event.key, 3) == partition]
        assert said == [(event.key, event.value, event.at) for event in mine]


async def test_the_position_goes_on_from_what_another_published(settings):
    position = Position()
    for _ in range(2):
        async with open_publisher(settings) as publisher:
            await publisher.publish([_said("c/t", n) for n in range(10)])
            position = await publisher.flush()

    assert position == Position({partition_of(b"c/t", 3): 20})


async def test_nothing_published_is_the_beginning(settings):
    async with open_publisher(settings) as publisher:
        assert await publisher.flush() == Position()


async def test_a_time_before_1970_lies_at_0(settings):
    async with open_publisher(settings) as publisher:
        await publisher.publish([Encoded(b"c/t", b"{}", -86_400_000, "x")])
        position = await publisher.flush()

    topic = Topics(settings.prefix).events
    log = await read_all(settings, topic)
    assert [record.timestamp for p in position for record in log[topic, p]] == [0]


async def test_times_of_the_future_are_taken(settings):
    in_2100 = 4_102_444_800_000

    async with open_publisher(settings) as publisher:
        await publisher.publish([Encoded(b"c/t", b"{}", in_2100, "x")])
        assert await publisher.flush() == Position({partition_of(b"c/t", 3): 1})


async def test_a_text_of_many_megabytes_is_taken_and_one_too_large_is_named(settings):
    large = Encoded(b"c/t", b"x" * (RECORD_BYTES_MAX - 2000), 0, "x")

    async with open_publisher(settings) as publisher:
        await publisher.publish([_said("c/t", 0), large, _said("c/t", 1)])
        assert await publisher.flush() == Position({partition_of(b"c/t", 3): 3})
        with pytest.raises(BrokerError, match="the key c/t has 8388608 bytes"):
            await publisher.publish([Encoded(b"c/t", b"x" * RECORD_BYTES_MAX, 0, "x")])


async def test_a_second_reader_sees_what_comes_later(settings):
    topic = Topics(settings.prefix).events
    async with open_publisher(settings) as publisher:
        await publisher.publish([_said("c/t", n) for n in range(3)])
        position = await publisher.flush()
        there = {(topic, partition): offset for partition, offset in position.items()}
        async with open_reader(settings, [topic], there) as reader:
            await publisher.publish([_said("c/t", 3)])
            await publisher.flush()
            later = await read_to_end(reader)

    assert [r.value for records in later.values() for r in records] == [b'{"n":3}']


async def test_no_broker_is_said_before_anything_is_read(settings):
    nobody = replace(settings, brokers=f"127.0.0.1:{free_ports(1)[0]}")

    with pytest.raises(BrokerError, match=r"no Kafka broker at .*: nothing listens there"):
        async with open_publisher(nobody):
            pass


@pytest.mark.apache
@pytest.mark.timeout(300)
async def test_a_broker_that_restarts_meanwhile_loses_and_doubles_nothing(tmp_path):
    """Not the embedded broker: it saves its log every few seconds, so a kill takes some of it."""
    broker = ApacheBroker(tmp_path)
    broker.start()
    settings = Settings(brokers=broker.address, partitions=3)
    try:
        async with open_publisher(settings) as publisher:
            await publisher.publish([_said(f"c/t{n}", n) for n in range(20_000)])
            broker.kill()
            broker.start()
            await publisher.publish([_said(f"c/t{n}", n) for n in range(20_000, 40_000)])
            position = await publisher.flush()
        log = await read_all(settings, Topics(settings.prefix).events)
    finally:
        broker.stop()

    assert sum(position.values()) == 40_000
    values = [r.value for records in log.values() for r in records]
    assert len(values) == len(set(values)) == 40_000


def _said(key: str, n: int) -> Encoded:
    return Encoded(key.encode(), b'{"n":%d}' % n, 1_493_016_437_770 + n, str(n))
