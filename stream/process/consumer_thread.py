"""The thread in which Faust's consumer talks to the broker: runs, and where they begin."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode.threads import WorkerThread
from typing_extensions import override

from stream.kafka.bare import arrival, in_turn, unwrapped, woken
from stream.kafka.committed import committed_consumer
from stream.kafka.ending import cancelled, ended
from stream.kafka.leaving import left
from stream.process.adopt import LogWentBackError
from stream.process.assign import ask_again_when_left_out, assignor_of
from stream.process.runs import Run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiokafka.consumer.group_coordinator import GroupCoordinator

    from stream.kafka.follow import Record
    from stream.process.batches import RunApp

FETCH_WAIT_MS: Final = 250
BEGUN_S: Final = 0.01  # A thread takes less to begin, mostly.
FAUST_LOG: Final = logging.getLogger("faust.threadline")  # Where the rest of Faust speaks.


class Told(WorkerThread):
    """One whose error Faust hands on to whoever runs the app: Python need not print it, too."""

    @override
    def run(self) -> None:
        with suppress(Exception):
            super().run()


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """The thread that talks to the broker."""

    logger = FAUST_LOG
    Worker = Told
    app: RunApp

    @override
    def __post_init__(self) -> None:
        super().__post_init__()
        # A fetch and a seek exclude each other, so a run's place in the log is certain.
        self._placing = asyncio.Lock()
        self._next: dict[TP, int] = {}
        self._seeks: dict[TP, int] = defaultdict(int)
        self._revocations = 0

    @override
    async def on_start(self) -> None:
        """As Faust's, but whoever is told to end meanwhile does.

        It begins once whoever starts it waits for it: mode raises there only what comes after.
        """
        turn = asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self.parent_loop)
        await self.wait(asyncio.wrap_future(turn))
        self._consumer = self._create_consumer(loop=self.thread_loop)
        self.time_started = monotonic()
        starting = asyncio.create_task(self._consumer.start())
        await self.wait(starting)
        await cancelled({starting})
        if self._consumer._coordinator is not None:  # noqa: SLF001 # No public way.
            ask_again_when_left_out(self._consumer._coordinator)  # noqa: SLF001 # As above.

    @override
    async def stop(self) -> None:
        """As mode's, also while the thread has yet to begin: mode would leave it to itself."""
        thread = self._thread
        while thread is not None and thread.is_alive() and not self._started.is_set():  # noqa: ASYNC110 # No event.
            await asyncio.sleep(BEGUN_S)
        await super().stop()

    @override
    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        conf = self.app.conf
        self._assignor = assignor_of(conf.consumer_group_instance_id)
        return committed_consumer(
            **self.app.connection,
            group_id=conf.id,
            group_instance_id=conf.consumer_group_instance_id,
            partition_assignment_strategy=[self._assignor],
            auto_offset_reset="earliest",  # Until the owner has sought its own place.
            fetch_max_wait_ms=FETCH_WAIT_MS,
            max_poll_records=conf.broker_max_poll_records,
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
        )

    async def check_group(self) -> None:
        """Raise what aiokafka keeps for whoever asks it, which Faust does not."""
        if self._consumer is not None and self._consumer._coordinator is not None:  # noqa: SLF001 # No public way.
            await self.call_thread(self._check, self._consumer._coordinator)  # noqa: SLF001 # As above.

    async def _check(self, coordinator: GroupCoordinator) -> None:
        try:
            coordinator.check_errors()
        except KafkaError as error:
            if not error.retriable:  # The others it tries again, once they have been asked for.
                raise

    def seeks(self, tp: TP) -> int:
        """How often ``tp`` was sought."""
        return self._seeks[tp]

    async def seek_to(self, offsets: Mapping[TP, int]) -> None:
        """The next run of each partition begins at its offset."""
        await self.call_thread(self._seek_to, dict(offsets))

    async def _seek_to(self, offsets: Mapping[TP, int]) -> None:
        consumer = self._ensure_consumer()
        async with self._placing:
            for tp, offset in offsets.items():
                consumer.seek(TopicPartition(tp.topic, tp.partition), offset)
                self._next[tp] = offset
                self._seeks[tp] += 1

    def look_again(self) -> None:
        """End the wait for what comes: there is more to look at, as a partition is read on."""
        if self._consumer is not None:
            with suppress(RuntimeError):  # Where the thread has ended.
                self.thread_loop.call_soon_threadsafe(woken, self._consumer)

    @override
    async def _fetch_records(  # type: ignore[override] # For Faust, lists of records.
        self,
        consumer: AIOKafkaConsumer,
        active_partitions: set[TP],
        timeout: float | None = None,
        max_records: int | None = None,
    ) -> dict[TP, Run]:
        async with self._placing:
            before = self._revocations
            fetched = await self._here(consumer, active_partitions, max_records)
            if not fetched and timeout:
                await arrival(consumer, timeout)
                if not consumer._closed:  # noqa: SLF001 # No public way.
                    fetched = await self._here(consumer, active_partitions, max_records)
            if self._revocations != before:
                return {}
            return {
                TP(tp.topic, tp.partition): self._run(TP(tp.topic, tp.partition), records)
                for tp, records in fetched.items()
                if records
            }

    async def _here(
        self, consumer: AIOKafkaConsumer, partitions: set[TP], most: int | None
    ) -> Mapping[TP, list[Record]]:
        """What has come already: of each partition a run at most, first of those not taken last."""
        unwrapped(consumer, self.app.run_records)
        taken = await super()._fetch_records(consumer, set(partitions), 0, most)
        in_turn(consumer, [TopicPartition(*tp) for tp in taken])
        return taken

    def _run(self, tp: TP, records: list[Record]) -> Run:
        after = self._next.get(tp, records[0].offset)
        if records[0].offset < after:  # aiokafka goes to the start where an offset is not there.
            raise LogWentBackError(*tp, after)
        upto = self._next[tp] = records[-1].offset + 1
        return Run(after, upto, records, self._seeks[tp])

    @override
    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        # Ours or not, what comes next begins where it is sought. A fetch under way may itself
        # be waiting for the next assignment, so it is not waited for, only disregarded.
        self._revocations += 1
        self._next.clear()
        await super().on_partitions_revoked(revoked)

    @override
    def _stopped_set(self) -> None:
        """As mode's, but for a thread that has ended by itself, too: its loop is closed."""
        try:
            super()._stopped_set()
        except RuntimeError:
            self._stopped.set()

    @override
    async def on_thread_stop(self) -> None:
        await self.method_queue.stop()
        if self._consumer is not None:
            await left(self._consumer)
            await ended(self._consumer)

    @override
    async def _gather_remaining_tasks(self) -> None:
        """As its own, but not for ever: one of aiokafka's may keep its cancellation to itself."""
        await cancelled(asyncio.all_tasks() - {asyncio.current_task()})

    @override
    def on_crash(self, msg: str, *fmt: object, **kwargs: object) -> None:
        """Print nothing: whoever runs the app gets the exception."""
