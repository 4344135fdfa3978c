"""A producer whose batches lie in the log once, also where an answer of Kafka's was lost.

Whoever gets no answer sends again, and an idempotent producer may: Kafka does not write twice what
has the same producer and place in its sequence. But it forgets a producer a day after the latest
*time of its records*, whenever a broker starts and every ten minutes besides; ours have the
archive's times, so it takes what it has for new. The log is looked at before anything is sent
again (docs/decisions/0028).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError, for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest

from stream.kafka.committed import READ_UNCOMMITTED, batches_in

if TYPE_CHECKING:
    from aiokafka.producer.message_accumulator import MessageBatch

LATEST: Final = -1
ITS_OWN_TIMES: Final = -1  # Of the records, that is, not Kafka's.
LOOK_BYTES: Final = 4 << 20  # At once; a larger batch still comes.

Batches: TypeAlias = "dict[TopicPartition, MessageBatch]"


def once_producer(**arguments: Any) -> AIOKafkaProducer:  # noqa: ANN401 # aiokafka's own.
    """An idempotent one of aiokafka's for our `Batch`es, which looks before it sends one again."""
    producer = AIOKafkaProducer(acks="all", enable_idempotence=True, **arguments)
    sender: Any = producer._sender  # noqa: SLF001 # No public way to what is sent again.
    sender._send_produce_req = _Once(sender).send  # noqa: SLF001 # As above.
    return producer


class _Once:
    """Sends what it is given, but for what lies in the log already.

    aiokafka has one batch of a partition on its way at a time, so that what has to be looked at is
    what came behind the last one confirmed. None is sent before it is known where that is.
    """

    def __init__(self, sender: Any) -> None:  # noqa: ANN401 # aiokafka's.
        self._sender = sender
        self._send = sender._send_produce_req  # noqa: SLF001 # As above.
        self._ends: dict[TopicPartition, int] = {}

    async def send(self, node: int, batches: Batches) -> None:
        """One attempt; what fails and may be tried again is queued again, as aiokafka does it."""
        try:
            there = await self._there(node, batches)
        except KafkaError as error:
            await self._later(batches, error)
            self._over(node, batches)
            return
        for place, offset in there.items():
            batches[place].done(offset, ITS_OWN_TIMES)
        left = {place: batch for place, batch in batches.items() if place not in there}
        if left:
            self._over(None, there)
            await self._send(node, left)
        else:
            self._over(node, there)
        self._take_ends(batches)

    async def _there(self, node: int, batches: Batches) -> dict[TopicPartition, int]:
        """Where those of ``batches`` begin that have been written already."""
        new = [place for place in batches if place not in self._ends]
        again = [place for place in batches if batches[place].retry_count > 1]
        if new:
            self._ends |= await self._listed(node, new)
        found = {place: await self._found(node, place, batches[place]) for place in again}
        return {place: offset for place, offset in found.items() if offset is not None}

    async def _listed(self, node: int, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        wanted: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for place in places:
            wanted[place.topic].append((place.partition, LATEST))
        request = OffsetRequest(-1, READ_UNCOMMITTED, list(wanted.items()))
        ends = {}
        for topic, partitions in (await self._sender.client.send(node, request)).topics:
            for partition, code, *_, offset in partitions:
                _check(code, topic)
                ends[TopicPartition(topic, partition)] = offset
        return ends

    async def _found(self, node: int, place: TopicPartition, batch: MessageBatch) -> int | None:
        wanted = batch._builder.producer  # noqa: SLF001 # As above.
        # A leader that has begun anew, and shows less than it has, refuses to say where it ends
        # (KIP-207), where an answer to a fetch shows that less.
        offset, end = self._ends[place], (await self._listed(node, [place]))[place]
        while offset < end:
            try:
                records = await self._fetched(node, place, offset)
            except OffsetOutOfRangeError:
                return None  # The log was emptied, or is another.
            before = offset
            for written in batches_in(records):
                said = (written.producer_id, written.producer_epoch, written.base_sequence)
                if said == wanted:
                    return int(written.base_offset)
                offset = written.next_offset
            if offset <= before:
                return None
        return None

    async def _fetched(self, node: int, place: TopicPartition, offset: int) -> bytes:
        wanted = [(place.topic, [(place.partition, offset, LOOK_BYTES)])]
        request = FetchRequest(0, 0, LOOK_BYTES, READ_UNCOMMITTED, wanted, rack_id="")
        answer = await self._sender.client.send(node, request)
        [(_, [(_, code, *_, records)])] = answer.topics
        _check(code, place.topic)
        return records or b""

    async def _later(self, batches: Batches, error: KafkaError) -> None:
        client = self._sender.client
        if error.invalid_metadata:
            client.force_metadata_update()
        if not error.retriable:
            for batch in batches.values():
                batch.failure(error)
            return
        await asyncio.sleep(self._sender._retry_backoff)  # noqa: SLF001 # As above.
        for batch in batches.values():
            self._sender._message_accumulator.reenqueue(batch)  # noqa: SLF001 # As above.
        await client._maybe_wait_metadata()  # noqa: SLF001 # As above.

    def _over(self, node: int | None, batches: Batches | dict[TopicPartition, int]) -> None:
        """``node`` and the partitions of ``batches`` may be sent to again."""
        if node is not None:
            self._sender._in_flight.remove(node)  # noqa: SLF001 # As above.
        self._sender._muted_partitions.difference_update(batches)  # noqa: SLF001 # As above.

    def _take_ends(self, batches: Batches) -> None:
        for place, batch in batches.items():
            sent = batch.future
            if sent.done() and not sent.cancelled() and sent.exception() is None:
                self._ends[place] = sent.result().offset + batch.record_count


def _check(code: int, topic: str) -> None:
    if code:
        raise for_code(code)(topic)
