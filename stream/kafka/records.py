"""Records on their way out: the partition a key lies in, and whole batches instead of singles."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from stream.kafka.batch import Batch

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable, Sequence

    from aiokafka import AIOKafkaProducer
    from aiokafka.structs import RecordMetadata

    from stream.kafka.batch import Outgoing

Delivered: TypeAlias = "asyncio.Future[RecordMetadata]"
T = TypeVar("T")

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


def filled(records: Sequence[Outgoing], topic: str) -> list[Batch]:
    """``records``, in order, in as few batches of a transaction as hold them."""
    batches: list[Batch] = []
    done = 0
    while done < len(records):
        batches.append(Batch(transactional=True))
        done = batches[-1].fill(records, topic, done)
    return batches


async def send_batches(
    producer: AIOKafkaProducer, topic: str, partition: int, batches: Iterable[Batch]
) -> list[tuple[Delivered, int]]:
    """Hand ``batches`` over in order; of each a future and its number of records.

    The future gives the batch's first offset once that is written. Await them all: one that
    fails and is not awaited fails unseen.
    """
    sent: list[tuple[Delivered, int]] = []
    for batch in batches:
        delivered = await producer.send_batch(batch, topic, partition=partition)
        delivered.add_done_callback(take_note)
        sent.append((delivered, batch.count))
    return sent


def take_note(sent: asyncio.Future[T]) -> None:
    """Nobody awaits it where handing over the next one fails; asyncio would log its failure."""
    if not sent.cancelled():
        sent.exception()
