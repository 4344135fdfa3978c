"""A batch of the worker is one transaction: its view records, its cut, its place in the log."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import (
    IllegalOperation,
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
    InvalidTxnState,
    KafkaError,
    OutOfOrderSequenceNumber,
    ProducerFenced,
)

from stream.errors import BrokerError
from stream.kafka.batch import BATCH_BYTES
from stream.kafka.connect import connection, started, translated
from stream.kafka.ending import ended, give_up_hearing
from stream.kafka.forgetful import ForgottenError, Sitting, sitting_of
from stream.kafka.records import filled, send_batches, take_note
from stream.kafka.topics import RECORD_BYTES_MAX, VIEWS, Topics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from aiokafka.structs import RecordMetadata

    from stream.config import Settings
    from stream.kafka.batch import Batch, Outgoing

Offsets: TypeAlias = tuple[tuple[str, int], int]  # Topic and partition of the log; next offset.

TRANSACTION_MS_MAX: Final = 20_000  # After that Kafka gives it up, and others read on behind it.
COMMITTED_WITHIN_S: Final = TRANSACTION_MS_MAX / 1000  # aiokafka would try for ever.
LET_GO_WITHIN_S: Final = COMMITTED_WITHIN_S + 10.0  # Where it keeps to itself that it is to end.
ABORTED_WITHIN_S: Final = 1.0  # Else whoever starts next does it, or Kafka.
_TAKEN: Final = (
    ProducerFenced,
    InvalidProducerEpoch,
    InvalidTxnState,
    OutOfOrderSequenceNumber,
)


class WentBackError(BrokerError):
    """A topic ends before what its broker had confirmed: what we know of it is no more."""


class Fenced(BrokerError):  # noqa: N818 (it is what happened, and no fault of ours)
    """Somebody else has this partition now, or Kafka gave our transaction up: adopt it anew."""


class PartitionProducer:
    """Writes what follows from one partition of the log; whoever starts one ends the last.

    ``views`` says up to where each view's topic is written: `commit` moves it on. Whoever adopts
    a partition sets it from the partition's last cut.
    """

    def __init__(self, settings: Settings, partition: int) -> None:
        self.views: dict[str, int] = dict.fromkeys(VIEWS, 0)
        self._settings = settings
        self._partition = partition
        self._topics = Topics(settings.prefix)
        self._view_of = {self._topics.view(view): view for view in VIEWS}
        self._producer: AIOKafkaProducer | None = None
        self._sitting: Sitting | None = None
        self._told = 0  # The next offset of our cuts, as far as we have written some.
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Fence whoever wrote for this partition before: what they had open is aborted."""
        await self.stop()
        self._told = 0
        self._producer = AIOKafkaProducer(
            **connection(self._settings),
            transactional_id=f"{self._settings.prefix}-{self._partition}",
            transaction_timeout_ms=TRANSACTION_MS_MAX,
            acks="all",
            compression_type="zstd",
            max_batch_size=BATCH_BYTES,
            max_request_size=RECORD_BYTES_MAX,
        )
        try:
            await started(self._producer, self._settings)
            self._sitting = await sitting_of(self._producer)
        except BaseException:
            await self.stop()
            raise

    async def commit(
        self,
        view_records: Mapping[str, Sequence[Outgoing]],
        cut: Callable[[dict[str, int]], bytes],
        offsets: Offsets,
        group: str,
    ) -> None:
        """Write all of it or nothing: records by topic, the cut, and ``group``'s offset.

        ``cut`` makes the cut's record from the next offset of every view after these records.
        Where it raises, this producer is done for: `start` it again, and restore what is there.
        (Nothing of the batch is, unless the answer to the commit itself was lost.)
        """
        producer = self._producer
        if producer is None:
            msg = f"the writer of partition {self._partition} has ended; adopt the partition again"
            raise Fenced(msg)
        async with self._turn:
            try:
                batches = await _batches(view_records)  # Before its time begins to run.
                async with asyncio.timeout(LET_GO_WITHIN_S):
                    views = await self._transacted(producer, batches, cut, offsets, group)
            except BaseException as error:
                await self._give_up(producer)
                self._raise_understood(error)
                raise
            self.views = views

    async def _transacted(
        self,
        producer: AIOKafkaProducer,
        batches: Mapping[str, Sequence[Batch]],
        cut: Callable[[dict[str, int]], bytes],
        offsets: Offsets,
        group: str,
    ) -> dict[str, int]:
        """The whole transaction; the next offset of every view after it."""
        with translated(self._settings), _explained(producer):
            async with asyncio.timeout(COMMITTED_WITHIN_S):
                if self._sitting is not None:
                    await self._sitting.begin()
                await producer.begin_transaction()
                _end_of(producer).add_done_callback(take_note)
                views = await self._write(producer, batches, cut)
                place, offset = offsets
                await producer.send_offsets_to_transaction({TopicPartition(*place): offset}, group)
                await producer.commit_transaction()
        return views

    def _raise_understood(self, error: BaseException) -> None:
        if self._sitting is not None and self._sitting.over and isinstance(error, Exception):
            raise ForgottenError from error
        if isinstance(error.__cause__, _TAKEN):
            msg = f"partition {self._partition} has another writer: {error}"
            raise Fenced(msg) from error
        if isinstance(error.__cause__, InvalidProducerIdMapping):
            msg = (
                f"Kafka has forgotten the writer of partition {self._partition}, which wrote "
                "nothing for so long (transactional.id.expiration.ms)"
            )
            raise BrokerError(msg) from error

    async def stop(self) -> None:
        """End it; a transaction still open is aborted by Kafka, or by the next that starts."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await ended(producer)

    async def _give_up(self, producer: AIOKafkaProducer) -> None:
        """Abort while that is possible: a fenced producer's transaction is gone already."""
        give_up_hearing(producer)
        with suppress(KafkaError, TimeoutError, AssertionError):  # Its states are asserted.
            async with asyncio.timeout(ABORTED_WITHIN_S):
                await producer.abort_transaction()
        await self.stop()

    async def _write(
        self,
        producer: AIOKafkaProducer,
        waiting: Mapping[str, Sequence[Batch]],
        cut: Callable[[dict[str, int]], bytes],
    ) -> dict[str, int]:
        sent = {
            topic: await send_batches(producer, topic, self._partition, batches)
            for topic, batches in waiting.items()
        }
        await asyncio.gather(*(done for batches in sent.values() for done, _ in batches))
        views = dict(self.views)
        for topic, batches in sent.items():
            if batches and topic in self._view_of:
                view = self._view_of[topic]
                self._check_end(topic, views[view], await batches[0][0])
                delivered, count = batches[-1]
                views[view] = (await delivered).offset + count
        told = await producer.send_and_wait(
            self._topics.progress,
            cut(views),
            key=b"%d" % self._partition,
            partition=self._partition,
        )
        self._check_end(self._topics.progress, self._told, told)
        self._told = told.offset + 1
        return views

    def _check_end(self, topic: str, end: int, written: RecordMetadata) -> None:
        """Kafka loses nothing that it confirmed; the embedded broker does, when it is killed."""
        if written.offset < end:
            msg = (
                f"{topic}[{self._partition}] ended at {written.offset}, where {end} had been "
                "confirmed: the broker has lost the last that was written"
            )
            raise WentBackError(msg)


async def _batches(view_records: Mapping[str, Sequence[Outgoing]]) -> dict[str, list[Batch]]:
    """``view_records`` as they are sent."""
    made = {topic: filled(records, topic) for topic, records in view_records.items()}
    await asyncio.gather(*(batch.compressed() for batches in made.values() for batch in batches))
    return made


@contextmanager
def _explained(producer: AIOKafkaProducer) -> Iterator[None]:
    """Raise what ended the transaction, where aiokafka only says that there is none, or nothing."""
    try:
        yield
    except (IllegalOperation, AssertionError, KafkaError) as error:
        ended = _end_of(producer)
        vague = type(error) is KafkaError or not isinstance(error, KafkaError)
        if not vague or ended is None or not ended.done() or ended.exception() is None:
            raise
        why: BaseException = ended.exception()
    else:
        return
    raise why  # Outside, as it has a cause of its own.


def _end_of(producer: AIOKafkaProducer) -> Any:  # noqa: ANN401 # A future, where there is one.
    transactions: Any = producer._txn_manager  # noqa: SLF001 # No public way.
    return transactions.wait_for_transaction_end()
