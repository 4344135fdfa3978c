"""Publishing: events are appended to the log in order, and the position after them is known."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import orjson
from aiokafka import AIOKafkaProducer

from stream.codec.events import HEADERS
from stream.codec.keys import quoted
from stream.core.position import Position
from stream.kafka.connect import connection, running, translated
from stream.kafka.records import BATCH_BYTES, Delivered, append, partition_of
from stream.kafka.topics import RECORD_BYTES_MAX, Topics, create

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from stream.codec.events import Encoded
    from stream.config import Settings

IN_FLIGHT_MAX: Final = 2  # Batches a partition: bounds memory where the archive is the faster one.
_HEADERS: Final = list(HEADERS)
DELIVERED_WITHIN_S: Final = 60.0  # A broker may restart meanwhile; nothing is lost or doubled.


class Publisher:
    """Appends events, each thread's in the order given, in whole record batches."""

    def __init__(self, producer: AIOKafkaProducer, settings: Settings) -> None:
        self.position = Position()
        self._producer = producer
        self._settings = settings
        self._topic = Topics(settings.prefix).events
        self._everywhere = range(settings.partitions)
        self._filling = [producer.create_batch() for _ in self._everywhere]
        self._in_flight: list[deque[tuple[Delivered, int]]] = [deque() for _ in self._everywhere]

    async def publish(self, encoded: Sequence[Encoded]) -> None:
        """Append ``encoded``; sent when a batch is full, or at `flush`.

        Returns as soon as there is room for more, which is before all of it is written.
        """
        with translated(self._settings):
            for event in encoded:
                if event.key is not None:
                    partition = partition_of(event.key, len(self._everywhere))
                    await self._append(partition, event.key, event)
                    continue
                community = _community_key(event)
                for partition in self._everywhere:
                    await self._append(partition, community, event)

    async def flush(self) -> Position:
        """The position after all that was published, once Kafka has confirmed every record."""
        with translated(self._settings):
            for partition in self._everywhere:
                await self._send(partition)
            for partition in self._everywhere:
                await self._confirmed(partition, left=0)
        return self.position

    def abandon(self) -> None:
        """Ask no more what becomes of what is on its way: an error was raised already."""
        for waiting in self._in_flight:
            for delivered, _ in waiting:
                delivered.add_done_callback(_looked_at)
            waiting.clear()

    async def _append(self, partition: int, key: bytes, event: Encoded) -> None:
        record = (key, event.value, event.at, _HEADERS)
        if not append(self._filling[partition], record, self._topic):
            await self._send(partition)
            append(self._filling[partition], record, self._topic)

    async def _send(self, partition: int) -> None:
        batch = self._filling[partition]
        if not batch.record_count():
            return
        batch.close()
        delivered = await self._producer.send_batch(batch, self._topic, partition=partition)
        self._in_flight[partition].append((delivered, batch.record_count()))
        self._filling[partition] = self._producer.create_batch()
        await self._confirmed(partition, left=IN_FLIGHT_MAX)

    async def _confirmed(self, partition: int, *, left: int) -> None:
        waiting = self._in_flight[partition]
        while len(waiting) > left:
            delivered, count = waiting.popleft()
            async with asyncio.timeout(DELIVERED_WITHIN_S):
                self.position[partition] = (await delivered).offset + count


@asynccontextmanager
async def open_publisher(settings: Settings) -> AsyncIterator[Publisher]:
    """A publisher for as long as the ``async with`` lasts; the topics are made where missing.

    What was published and not flushed is not promised to be in the log.
    """
    await create(settings)
    producer = AIOKafkaProducer(
        **connection(settings),
        acks="all",
        enable_idempotence=True,  # A batch that is sent again is written once.
        compression_type="zstd",
        max_batch_size=BATCH_BYTES,
        max_request_size=RECORD_BYTES_MAX,
        request_timeout_ms=int(DELIVERED_WITHIN_S * 1000),
    )
    async with running(producer, settings):
        publisher = Publisher(producer, settings)
        try:
            yield publisher
        finally:
            publisher.abandon()


def _looked_at(delivered: Delivered) -> None:
    """An exception that nobody looks at is printed when its future is thrown away."""
    if not delivered.cancelled():
        delivered.exception()


def _community_key(event: Encoded) -> bytes:
    """The key of what concerns a community: its name alone, as the events of its threads begin."""
    return quoted(orjson.loads(event.value)["source"]).encode()
