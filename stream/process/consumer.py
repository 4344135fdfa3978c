"""Faust's consumer, reading runs: from where their owner wants them, committed records only.

Faust's own offsets and commits are not used: it commits past what is in flight, does not rewind
a partition that was never committed, and takes the record after a gap for acknowledged. A run says
which stretch of the log it is, and the owner knows which it needs next.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from typing_extensions import override

from stream.process.consumer_thread import FAUST_LOG, ConsumerThread
from stream.process.runs import Forgetful, InTurn, Run, RunMessage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stream.process.batches import RunApp

POLL_S: Final = 0.25  # A seek waits for a poll that finds nothing.
GROUP_ASKED_EVERY_S: Final = 0.5


class Consumer(driver.Consumer):
    """Hands on runs, and commits nothing."""

    logger = FAUST_LOG
    app: RunApp
    _thread: ConsumerThread

    @override
    def __post_init__(self) -> None:
        super().__post_init__()
        self.scheduler = InTurn(self.app.run_records)
        self._read_offset = Forgetful()
        self._resumed = asyncio.Event()

    async def go_on(self, partition: int, offset: int) -> None:
        """Read ``partition`` from ``offset`` on."""
        tp = TP(self.app.log_topic, partition)
        await self._thread.seek_to({tp: offset})
        self.resume_partitions({tp})
        self._resumed.set()

    async def read_again(self, partition: int, offset: int, beyond: Run) -> None:
        """Go back to ``offset``: what lies between it and ``beyond`` has been lost on the way."""
        tp = TP(self.app.log_topic, partition)
        if beyond.seeks == self._thread.seeks(tp):  # Else it is from before we went back.
            await self._thread.seek_to({tp: offset})

    def hold(self, partition: int) -> None:
        """Read nothing of ``partition`` until `go_on` or `read_on`."""
        self.pause_partitions({TP(self.app.log_topic, partition)})

    def read_on(self, partition: int) -> None:
        """Read ``partition`` on where it was held, at once: much of it may have come already."""
        self.resume_partitions({TP(self.app.log_topic, partition)})
        self._resumed.set()
        self._thread.look_again()

    async def left(self) -> None:
        """Wait for what ends our part in the group, and raise it: else we would idle for ever."""
        while True:
            await asyncio.sleep(GROUP_ASKED_EVERY_S)
            await self._thread.check_group()

    @override
    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    @override
    async def perform_seek(self) -> None:
        tps = {tp for tp in self.assignment() if tp.topic == self.app.log_topic}
        known = await self.app.owner.positions({tp.partition for tp in tps})
        self.pause_partitions(tp for tp in tps if tp.partition not in known)
        await self._thread.seek_to({tp: known[tp.partition] for tp in tps if tp.partition in known})

    @override
    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        await super().on_partitions_revoked(revoked)
        await self.app.owner.on_revoked()

    @override
    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        await self.app.owner.on_assigned(
            {tp.partition for tp in assigned if tp.topic == self.app.log_topic}
        )
        await super().on_partitions_assigned(assigned, generation_id)

    @override
    def _to_message(self, tp: TP, record: Run) -> RunMessage:
        return RunMessage.of(record, tp, self.app.consumer_generation_id)

    @override
    async def _wait_next_records(self, timeout: float) -> tuple[Mapping[TP, Any], set[TP]]:
        """As Faust's, but one that has nothing to read looks again as soon as it has.

        What was read is handed on, although its partition may be held by then.
        """
        if not self.flow_active:
            await self.wait(self.can_resume_flow.wait())
        self._resumed.clear()
        active, within_s = self._get_active_partitions(), min(timeout, POLL_S)
        if not active:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._resumed.wait(), within_s)
            return {}, active
        records = await self._getmany(active, within_s)
        return records, set(records)

    @override
    async def commit(self, topics: object = None, start_new_transaction: bool = True) -> bool:
        return False  # An offset is committed with the batch that it stands for.

    @override
    def on_buffer_full(self, tp: TP) -> None:
        """A full queue blocks the fetcher; nothing is to be taken out of what it fetches."""

    @override
    def on_buffer_drop(self, tp: TP) -> None:
        """See `on_buffer_full`."""

    @override
    def verify_event_path(self, now: float, tp: TP) -> None:
        """Nothing: Faust would miss its own commits."""


class Transport(driver.Transport):
    """What Faust asks for a consumer."""

    Consumer = Consumer
