"""Records on their way out: the partition a key lies in, and whole batches instead of singles."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from stream.errors import BrokerError
from stream.kafka.topics import RECORD_BYTES_MAX

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable, Iterator

    from aiokafka import AIOKafkaProducer
    from aiokafka.producer.message_accumulator import BatchBuilder
    from aiokafka.structs import RecordMetadata

Headers: TypeAlias = list[tuple[str, bytes]]
# Key, value (None deletes the key), time in milliseconds; headers where they are its own.
Outgoing: TypeAlias = (
    "tuple[bytes | None, bytes | None, int] | tuple[bytes | None, bytes | None, int, Headers]"
)
Delivered: TypeAlias = "asyncio.Future[RecordMetadata]"

BATCH_BYTES: Final = 900_000  # One round trip a batch: aiokafka's 16 KB triple a commit's time.
OVERHEAD_BYTES: Final = 1_000
_MULTIPLIER: Final = 0x5BD1E995
_WORD: Final = 0xFFFFFFFF


@lru_cache(maxsize=1 << 16)
def partition_of(key: bytes, partitions: int) -> int:
    """Where Kafka's own clients would put ``key``, in any language."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """Kafka's hash of keys: MurmurHash2, 32 bits, with Kafka's seed."""
    length = len(data)
    whole = length & ~3
    value = 0x9747B28C ^ length
    for at in range(0, whole, 4):
        word = int.from_bytes(data[at : at + 4], "little") * _MULTIPLIER & _WORD
        word = (word ^ word >> 24) * _MULTIPLIER & _WORD
        value = (value * _MULTIPLIER & _WORD) ^ word
    if whole < length:
        value = (value ^ int.from_bytes(data[whole:], "little")) * _MULTIPLIER & _WORD
    value = (value ^ value >> 13) * _MULTIPLIER & _WORD
    return value ^ value >> 15


async def send_records(
    producer: AIOKafkaProducer, topic: str, partition: int, records: Iterable[Outgoing]
) -> list[Delivered]:
    """Hand ``records`` over in order, in as few batches as hold them; a future a batch.

    Each future gives its batch's first offset once that is written. Await them all: one that
    fails and is not awaited fails unseen.
    """
    sent = await send_batches(producer, topic, partition, records)
    return [delivered for delivered, _ in sent]


async def send_batches(
    producer: AIOKafkaProducer, topic: str, partition: int, records: Iterable[Outgoing]
) -> list[tuple[Delivered, int]]:
    """The same, each future with its batch's number of records."""
    sent: list[tuple[Delivered, int]] = []
    for batch in _batches(producer, topic, records):
        batch.close()
        delivered = await producer.send_batch(batch, topic, partition=partition)
        delivered.add_done_callback(_take_note)
        sent.append((delivered, batch.record_count()))
    return sent


def _take_note(delivered: Delivered) -> None:
    """Nobody awaits it where handing over the next one fails; asyncio would log its failure."""
    if not delivered.cancelled():
        delivered.exception()


def _batches(
    producer: AIOKafkaProducer, topic: str, records: Iterable[Outgoing]
) -> Iterator[BatchBuilder]:
    batch = producer.create_batch()
    for record in records:
        if not append(batch, record, topic):
            yield batch
            batch = producer.create_batch()
            append(batch, record, topic)
    if batch.record_count():
        yield batch


def append(batch: BatchBuilder, record: Outgoing, topic: str) -> bool:
    """Whether ``record`` went into ``batch``; an empty batch takes any that ``topic`` takes.

    Kafka has no times before 1970: such a record lies there at 0, its event says the real one.
    """
    key, value, at = record[:3]
    if value is not None and len(value) > RECORD_BYTES_MAX - OVERHEAD_BYTES - len(key or b""):
        raise BrokerError(_too_large(key, value, topic))
    at = at if at > 0 else 0  # noqa: FURB136 # `max` is a call, and this runs for every row.
    if len(record) == 3:  # noqa: PLR2004 # Without headers, as nearly all.
        return batch.append(timestamp=at, key=key, value=value) is not None
    return batch.append(timestamp=at, key=key, value=value, headers=record[3]) is not None


def _too_large(key: bytes | None, value: bytes, topic: str) -> str:
    name = "none" if key is None else key.decode(errors="replace")
    return (
        f"a record with the key {name} has {len(value)} bytes, {topic} takes "
        f"{RECORD_BYTES_MAX - OVERHEAD_BYTES}; shorten that item's text in the archive"
    )
