"""What is published lies in the log once, also where Kafka's answer to it is lost."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from stream.codec.events import Encoded
from stream.config import Settings
from stream.core.position import Position
from stream.kafka.connect import connection
from stream.kafka.follow import open_reader
from stream.kafka.once import LOOK_BYTES
from stream.kafka.publish import open_publisher
from stream.kafka.records import partition_of
from stream.kafka.topics import Topics
from tests.brokers import ApacheBroker
from tests.faults.admin import Altered
from tests.faults.brokers import Apache
from tests.faults.heard import Api
from tests.faults.proxy import Proxy
from tests.kafka.reading import read_all, read_to_end

pytestmark = pytest.mark.broker

IN_2017 = 1_493_016_437_770  # Kafka forgets who wrote what is older than a day.
REACHED_WITHIN_S = 20
ASKED_WITHIN_S = 2.0  # It is asked ten times a second.


@pytest.fixture
def settings(settings):
    return replace(settings, partitions=1)


async def test_what_is_in_the_log_is_not_sent_again(settings):
    async with _broken_off(settings, answer=True) as proxy:
        again = proxy.hold(Api.PRODUCE)

    assert not again.reached.is_set()
    assert await _values(settings) == [*_said(0, 10), *_said(10, 30)]


async def test_what_never_arrived_is_sent_again(settings):
    async with _broken_off(settings, answer=False):
        pass

    assert await _values(settings) == [*_said(0, 10), *_said(10, 30)]


async def test_it_is_found_behind_however_much_others_have_written(settings):
    much = [os.urandom(500_000) for _ in range(2 * LOOK_BYTES // 500_000)]
    async with _broken_off(settings, answer=True, before=much) as proxy:
        again = proxy.hold(Api.PRODUCE)

    assert not again.reached.is_set()
    assert await _values(settings) == [*_said(0, 10), *much, *_said(10, 30)]


async def test_what_of_another_partition_waited_is_sent_beside_it_and_all_goes_on(settings):
    settings = replace(settings, partitions=2)
    one, other = (Encoded(key, b"{}", IN_2017, "x") for key in (b"c/t0", b"c/t1"))
    assert [partition_of(event.key, 2) for event in (one, other)] == [0, 1]
    async with (
        Proxy(settings.brokers).running() as proxy,
        open_publisher(replace(settings, brokers=proxy.address)) as publisher,
    ):
        gate = proxy.hold(Api.PRODUCE, answer=True)
        await publisher.publish([one])
        flushing = asyncio.create_task(publisher.flush())
        await asyncio.wait_for(gate.reached.wait(), REACHED_WITHIN_S)
        await publisher.publish([other])
        gate.drop()
        assert await publisher.flush() == Position({0: 1, 1: 1})
        await flushing
        await publisher.publish([one, other])
        assert await publisher.flush() == Position({0: 2, 1: 2})


async def test_where_the_log_was_emptied_meanwhile_it_is_sent_again(settings):
    async with _broken_off(settings, answer=False, before=_said(30, 35)):
        await _emptied(settings)

    topic = Topics(settings.prefix).events
    async with open_reader(settings, [topic], {(topic, 0): 15}) as reader:
        [records] = (await read_to_end(reader)).values()
    assert [record.value for record in records] == _said(10, 30)


@pytest.mark.apache
@pytest.mark.timeout(300)
@pytest.mark.parametrize("how", ["kill", "stop"])
async def test_a_broker_that_forgot_who_wrote_it_does_not_write_it_twice(tmp_path, how):
    """As Kafka does where all records of a batch are of 2017: after any end, in good order too."""
    broker = ApacheBroker(tmp_path)
    broker.start()
    settings = Settings(brokers=broker.address, partitions=1)
    try:
        async with _broken_off(settings, answer=True):
            await asyncio.to_thread(getattr(broker, how))
            await asyncio.to_thread(broker.start)
        values = await _values(settings)
    finally:
        broker.stop()

    assert values == [*_said(0, 10), *_said(10, 30)]


@pytest.mark.apache
@pytest.mark.timeout(300)
async def test_a_broker_that_hides_what_too_few_copies_have_does_not_write_it_twice(tmp_path):
    """As Kafka does that was killed, and begins while more copies are wanted than are there."""
    broker = Apache(tmp_path, copies=2)
    await broker.start()
    settings = Settings(brokers=broker.address, partitions=1, replication=2)
    topics = Altered(settings)

    async def enough_again():
        await asyncio.sleep(ASKED_WITHIN_S)
        await topics.allow("events")
        await asyncio.sleep(ASKED_WITHIN_S)
        await broker.stop()  # Else it shows what it has only once more is written.
        await broker.start()

    try:
        async with _broken_off(settings, answer=True, then=enough_again):
            await topics.refuse("events")
            await broker.kill()
            await broker.start()
        values = await _values(settings)
    finally:
        await broker.stop()

    assert values == [*_said(0, 10), *_said(10, 30)]


async def _nothing():
    pass


@asynccontextmanager
async def _broken_off(settings, *, answer, before=(), then=_nothing):
    """The line broke with the second of two batches on it, or with the answer to it.

    What another writes lies ``before`` it. What is done meanwhile is done before we know of the
    line, what is done ``then`` afterwards; in the end all is published.
    """
    async with (
        open_publisher(settings) as other,
        Proxy(settings.brokers).running() as proxy,
        open_publisher(replace(settings, brokers=proxy.address)) as publisher,
    ):
        await publisher.publish(_events(_said(0, 10)))
        await publisher.flush()
        await other.publish(_events(before))
        await other.flush()
        gate = proxy.hold(Api.PRODUCE, answer=answer)
        await publisher.publish(_events(_said(10, 30)))
        flushing = asyncio.create_task(publisher.flush())
        await asyncio.wait_for(gate.reached.wait(), REACHED_WITHIN_S)
        yield proxy
        gate.drop()
        await then()
        assert await flushing == Position({0: len(before) + 30})


async def _emptied(settings):
    topic = TopicPartition(Topics(settings.prefix).events, 0)
    admin = AIOKafkaAdminClient(**connection(settings))
    await admin.start()
    try:
        await admin.delete_records({topic: RecordsToDelete(before_offset=-1)})
    finally:
        await admin.close()


async def _values(settings):
    [records] = (await read_all(settings, Topics(settings.prefix).events)).values()
    return [record.value for record in records]


def _said(first, end):
    return [b'{"n":%d}' % n for n in range(first, end)]


def _events(values):
    return [Encoded(b"c/t", value, IN_2017, "x") for value in values]
