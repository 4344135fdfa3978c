"""Publishing: events are appended to the log in order, and the position after them is known."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import orjson

from stream.codec.events import HEADERS
from stream.codec.keys import quoted
from stream.codec.packing import parts
from stream.core.position import Position
from stream.kafka.batch import BATCH_BYTES, Batch
from stream.kafka.connect import connection, running, translated
from stream.kafka.once import once_producer
from stream.kafka.records import partition_of, take_note
from stream.kafka.topics import RECORD_BYTES_MAX, Topics, create

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from aiokafka import AIOKafkaProducer
    from aiokafka.structs import RecordMetadata

    from stream.codec.events import Encoded
    from stream.config import Settings
    from stream.kafka.batch import Headers, Outgoing

IN_FLIGHT_MAX: Final = 2  # Batches a partition: bounds memory where the archive is the faster one.
_HEADERS: Final[Headers] = list(HEADERS)
DELIVERED_WITHIN_S: Final = 60.0  # A broker may restart meanwhile; nothing is lost or doubled.


class Publisher:
    """Appends events, each thread's in the order given, in whole record batches."""

    def __init__(self, producer: AIOKafkaProducer, settings: Settings) -> None:
        self.position = Position()
        self._producer = producer
        self._settings = settings
        self._topic = Topics(settings.prefix).events
        self._everywhere = range(settings.partitions)
        self._filling = [Batch(transactional=False) for _ in self._everywhere]
        self._in_flight: list[deque[asyncio.Task[int]]] = [deque() for _ in self._everywhere]
        self._turns = [asyncio.Lock() for _ in self._everywhere]

    async def publish(self, encoded: Iterable[Encoded]) -> None:
        """Append ``encoded``; sent when a batch is full, or at `flush`.

        Returns as soon as there is room for more, which is before all of it is written.
        """
        await self._all((event.key, event.value, event.at) for event in encoded)

    async def publish_packed(self, events: Iterable[bytes]) -> None:
        """The same of events as `stream.codec.packing` packs them."""
        await self._all(map(parts, events))

    async def _all(self, events: Iterable[tuple[bytes | None, bytes, int]]) -> None:
        sorted_out: list[list[Outgoing]] = [[] for _ in self._everywhere]
        many = len(sorted_out)
        for key, value, at in events:
            if key is not None:
                sorted_out[partition_of(key, many)].append((key, value, at, _HEADERS))
            else:
                record = (_community_key(value), value, at, _HEADERS)
                for records in sorted_out:
                    records.append(record)
        with translated(self._settings):
            for partition, records in enumerate(sorted_out):
                await self._append(partition, records)

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
            for sending in waiting:
                sending.cancel()
            waiting.clear()

    async def _append(self, partition: int, records: list[Outgoing]) -> None:
        done = self._filling[partition].fill(records, self._topic)
        while done < len(records):
            await self._send(partition)
            done = self._filling[partition].fill(records, self._topic, done)

    async def _send(self, partition: int) -> None:
        batch = self._filling[partition]
        if not batch.count:
            return
        self._filling[partition] = Batch(transactional=False)
        sending = asyncio.create_task(self._delivered(partition, batch))
        sending.add_done_callback(take_note)
        self._in_flight[partition].append(sending)
        await self._confirmed(partition, left=IN_FLIGHT_MAX)

    async def _delivered(self, partition: int, batch: Batch) -> int:
        """Where the log goes on behind ``batch``; compressed beside others, sent in its turn."""
        async with self._turns[partition]:
            await batch.compressed()
            sent = await self._producer.send_batch(batch, self._topic, partition=partition)
        written: RecordMetadata = await sent
        return written.offset + batch.count

    async def _confirmed(self, partition: int, *, left: int) -> None:
        waiting = self._in_flight[partition]
        while len(waiting) > left:
            async with asyncio.timeout(DELIVERED_WITHIN_S):
                self.position[partition] = await waiting.popleft()


@asynccontextmanager
async def open_publisher(settings: Settings) -> AsyncIterator[Publisher]:
    """A publisher for as long as the ``async with`` lasts; the topics are made where missing.

    What was published and not flushed is not promised to be in the log.
    """
    await create(settings)
    producer = once_producer(
        **connection(settings),
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


def _community_key(value: bytes) -> bytes:
    """The key of what concerns a community: its name alone, as the events of its threads begin."""
    return quoted(orjson.loads(value)["source"]).encode()
