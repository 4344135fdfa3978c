"""A batch, or all that wait meanwhile, is one transaction; those of a partition follow in turn."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from stream.codec.cuts import Cut, encode_cut
from stream.kafka.topics import Topics
from stream.kafka.transactions import ABORTED_WITHIN_S, PartitionProducer
from stream.process.letters import outgoing
from stream.process.waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stream.config import Settings
    from stream.kafka.batch import Outgoing
    from stream.process.held import Batch
    from stream.process.job import Place

SETTLED_WITHIN_S: Final = 2.0
GIVEN_UP_WITHIN_S: Final = 2 * ABORTED_WITHIN_S


class Commits:
    """The transactions of one partition: while one commits, the next batch is folded."""

    def __init__(
        self, settings: Settings, place: Place, lost: Callable[[Commits, BaseException], None]
    ) -> None:
        self._topics = Topics(settings.prefix)
        self._group = group_of(settings)
        self._place = place
        self.partition = place.partition
        self._lost = lost  # told once, when a transaction has failed
        self._producer = PartitionProducer(settings, place.partition)
        self._last: asyncio.Task[None] | None = None
        self._waiting = Waiting()
        self._failed = False

    async def start(self) -> None:
        """Fence whoever had the partition before; call before anything is restored."""
        await self._producer.start()

    def go_on(self, cut: Cut) -> None:
        """The views stand where ``cut`` says."""
        self._producer.views = dict(cut.views)

    async def add(self, batch: Batch) -> bool:
        """Commit ``batch`` after those before it, with all that wait by then; False if one failed.

        Returns at once while there is room: a commit takes a broker's round trips, in which the
        next batches are folded. What waits becomes one transaction.
        """
        while self._waiting.full:
            if not await self._next():
                return False
        if self._failed:
            return False
        self._waiting.add(batch)
        if self._last is None or self._last.done():
            self._begin()
        return True

    async def settled(self) -> bool:
        """Wait for all that was added; whether it went well."""
        while self._last is not None and not self._last.done():
            await asyncio.wait([self._last])
            await asyncio.sleep(0)  # Let the next begin.
        return not self._failed

    async def close(self) -> None:
        """End the producer, after what is under way, if that ends soon."""
        self._waiting = Waiting()
        if self._last is not None:
            await asyncio.wait([self._last], timeout=SETTLED_WITHIN_S)
            self._last.cancel()
            await asyncio.wait([self._last], timeout=GIVEN_UP_WITHIN_S)
        await self._producer.stop()

    async def _next(self) -> bool:
        """Wait for the transaction under way; whether it went well."""
        if self._last is not None:
            await asyncio.wait([self._last])
            await asyncio.sleep(0)  # Let the next begin.
        return not self._failed

    def _begin(self) -> None:
        waiting, self._waiting = self._waiting, Waiting()
        if waiting:
            self._last = asyncio.create_task(self._commit(waiting.joined()))
            self._last.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        self._failed |= task.cancelled() or error is not None
        if error is not None:
            self._lost(self, error)
        elif not self._failed:
            self._begin()

    async def _commit(self, batch: Batch) -> None:
        records: dict[str, Sequence[Outgoing]] = {
            self._topics.view(view): rows for view, rows in batch.rows.items()
        }
        if batch.dead:
            letters = [outgoing(letter, self._place) for letter in batch.dead]
            records[self._topics.dead_letters] = letters
        log = (self._place.topic, self._place.partition)

        def cut(views: dict[str, int]) -> bytes:
            return encode_cut(
                Cut(
                    partition=self._place.partition,
                    offset=batch.upto,
                    views=views,
                    watermark=batch.watermark,
                    last=batch.last,
                )
            )

        await self._producer.commit(records, cut, (log, batch.upto), self._group)


def group_of(settings: Settings) -> str:
    """The workers' consumer group, and the id of their Faust app."""
    return f"{settings.prefix}-worker"
