"""Whoever begins to read anywhere near aborted transactions gets what is committed, and no more.

The embedded broker goes on listing a transaction that was aborted before the offset asked for;
Apache Kafka lists one only while its end lies ahead, and the reader is to tell one from the other.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from stream.kafka.committed import Aborts, committed_consumer
from stream.kafka.connect import connection, running
from stream.kafka.follow import open_reader
from stream.kafka.topics import Topics, create
from tests.kafka.reading import read_to_end

pytestmark = pytest.mark.broker

# A fetch brings one batch (where the broker minds).
SMALL_FETCHES = {"auto_offset_reset": "none", "max_partition_fetch_bytes": 1_000}


class Sent(NamedTuple):
    offset: int
    value: bytes
    committed: bool


class Story:
    """Transactions of two producers in one partition, and what became of their records."""

    def __init__(self, topic, producers):
        self.topic = topic
        self.sent: list[Sent] = []
        self._producers = producers

    async def transaction(self, *values, by=0, commit=True):
        producer = self._producers[by]
        await producer.begin_transaction()
        for value in values:
            await self.says(value, by=by, committed=commit)
        await (producer.commit_transaction() if commit else producer.abort_transaction())

    async def begins(self, *, by):
        await self._producers[by].begin_transaction()

    async def says(self, value, *, by, committed):
        done = await self._producers[by].send_and_wait(self.topic, value, value, partition=1)
        self.sent.append(Sent(done.offset, value, committed))

    async def commits(self, *, by):
        await self._producers[by].commit_transaction()

    def committed(self, begin):
        """What a reader is to get that begins at ``begin``."""
        return [sent.value for sent in self.sent if sent.committed and sent.offset >= begin]

    @property
    def begins_to_try(self):
        return range(self.sent[-1].offset + 2)


@pytest.fixture
async def story(settings):
    await create(settings)
    async with (
        _producer(settings, "a") as one,
        _producer(settings, "b") as other,
    ):
        yield Story(Topics(settings.prefix).items, [one, other])


@asynccontextmanager
async def _producer(settings, name):
    producer = AIOKafkaProducer(
        **connection(settings), transactional_id=f"{settings.prefix}-{name}", acks="all"
    )
    async with running(producer, settings):
        yield producer


async def _check(settings, story):
    for begin in story.begins_to_try:
        async with open_reader(settings, [story.topic], {(story.topic, 1): begin}) as reader:
            found = await read_to_end(reader)
        read = [record.value for record in found[story.topic, 1]]
        assert read == story.committed(begin), f"begun at {begin}"


async def test_behind_an_aborted_transaction_its_producer_is_heard_again(settings, story):
    await story.transaction(b"1")
    await story.transaction(b"2", b"2, again", commit=False)
    await story.transaction(b"3", b"3, again")
    await story.transaction(b"4")
    await _check(settings, story)


async def test_one_aborted_after_another_is_not_heard(settings, story):
    await story.transaction(b"1", b"1, again", commit=False)
    await story.transaction(b"2", b"2, again", commit=False)
    await story.transaction(b"3", b"3, again")
    await story.transaction(b"4", b"4, again", commit=False)
    await _check(settings, story)


async def test_one_producer_s_abort_does_not_silence_another(settings, story):
    await story.begins(by=1)
    await story.says(b"other 1", by=1, committed=True)
    await story.transaction(b"1", b"1, again", commit=False)
    await story.says(b"other 2", by=1, committed=True)
    await story.transaction(b"2")
    await story.says(b"other 3", by=1, committed=True)
    await story.commits(by=1)
    await story.transaction(b"other 4", by=1, commit=False)
    await story.transaction(b"3")
    await story.transaction(b"other 5", by=1)
    await _check(settings, story)


@pytest.mark.parametrize("commit", [True, False], ids=["committed", "aborted"])
async def test_a_transaction_that_a_fetch_does_not_hold_is_looked_up_to_its_end(
    settings, story, commit
):
    big = [b"%d" % n * 900 for n in range(6)]
    await story.transaction(b"1", b"1, again", commit=False)
    await story.transaction(*big, commit=commit)
    await story.transaction(b"2")
    for begin in story.begins_to_try:
        reader = committed_consumer(**connection(settings), **SMALL_FETCHES)
        read = await _read(settings, reader, story.topic, begin)
        assert read == story.committed(begin), f"begun at {begin}"


async def test_where_an_aborted_transaction_ends_is_forgotten_once_that_is_read(settings):
    await create(settings)
    topic = Topics(settings.prefix).items
    async with AsyncExitStack() as writers:
        writing = [await writers.enter_async_context(_producer(settings, f"{n}")) for n in range(5)]
        story = Story(topic, writing)
        for by in range(len(writing)):
            await story.transaction(*[b"%d" % by * 900] * 4, by=by, commit=False)
            await story.transaction(b"%d" % by, by=by)
    reader = AIOKafkaConsumer(
        **connection(settings), **SMALL_FETCHES, isolation_level="read_committed"
    )
    client: Any = reader._client  # noqa: SLF001 (as `committed_consumer`)
    client.send = (aborts := Aborts(client.send)).send
    assert await _read(settings, reader, topic, 0) == story.committed(0)
    ends = [end for found in aborts._ahead.values() for end in found]  # noqa: SLF001
    assert len(ends) <= 1, "there was one transaction at a time"


async def _read(settings, consumer, topic, begin):
    """What a reader gets from ``begin`` to the end."""
    place = TopicPartition(topic, 1)
    async with running(consumer, settings):
        consumer.assign([place])
        consumer.seek(place, begin)
        end = (await consumer.end_offsets([place]))[place]
        read = []
        while await consumer.position(place) < end:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                read += [record.value for record in records]
    return read
