"""One batch, one transaction; those of a partition follow one another."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from stream.codec.cuts import Cut, encode_cut
from stream.kafka.topics import Topics
from stream.kafka.transactions import PartitionProducer

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream.config import Settings
    from stream.kafka.records import Outgoing
    from stream.process.held import Batch, DeadLetter, Place

COMMITTED_WITHIN_S: Final = 30.0
SETTLED_WITHIN_S: Final = 2.0


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

    async def start(self) -> None:
        """Fence whoever had the partition before; call before anything is restored."""
        await self._producer.start()

    def go_on(self, cut: Cut) -> None:
        """The views stand where ``cut`` says."""
        self._producer.views = dict(cut.views)

    async def add(self, batch: Batch) -> bool:
        """Begin to commit ``batch`` once the one before it is committed; False if that failed."""
        if not await self.settled():
            return False
        self._last = asyncio.create_task(self._commit(batch))
        self._last.add_done_callback(self._done)
        return True

    async def settled(self) -> bool:
        """Wait for what is under way; whether it went well."""
        last = self._last
        if last is None:
            return True
        await asyncio.wait([last])
        return not last.cancelled() and last.exception() is None

    async def close(self) -> None:
        """End the producer, after what is under way, if that ends soon."""
        if self._last is not None:
            await asyncio.wait([self._last], timeout=SETTLED_WITHIN_S)
            self._last.cancel()
        await self._producer.stop()

    def _done(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._lost(self, error)

    async def _commit(self, batch: Batch) -> None:
        records: dict[str, list[Outgoing]] = {
            self._topics.view(view): list(rows) for view, rows in batch.rows.items()
        }
        if batch.dead:
            records[self._topics.dead_letters] = [self._dead(letter) for letter in batch.dead]
        log = (self._place.topic, self._place.partition)

        def cut(views: dict[str, int]) -> bytes:
            return encode_cut(
                Cut(
                    partition=self._place.partition,
                    offset=batch.upto,
                    views=views,
                    watermark=batch.watermark,
                )
            )

        async with asyncio.timeout(COMMITTED_WITHIN_S):
            await self._producer.commit(records, cut, (log, batch.upto), self._group)

    def _dead(self, letter: DeadLetter) -> Outgoing:
        record, place = letter.record, self._place
        headers = [
            ("threadline-topic", place.topic.encode()),
            ("threadline-partition", b"%d" % place.partition),
            ("threadline-offset", b"%d" % record.offset),
            ("threadline-problem", letter.problem.encode()),
        ]
        return record.key, record.value, record.timestamp, headers


def group_of(settings: Settings) -> str:
    """The workers' consumer group, and the id of their Faust app."""
    return f"{settings.prefix}-worker"
