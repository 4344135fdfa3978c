"""Who owns which partition here, from adoption to loss; and what is done with their records."""

from __future__ import annotations

import asyncio
import gc
import logging
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from aiokafka.errors import IllegalStateError, KafkaError

from stream.errors import BrokerError
from stream.kafka.refusals import NotAllowedError
from stream.kafka.topics import Topics
from stream.kafka.transactions import Fenced
from stream.process.adopt import (
    LogReplacedError,
    LogWentBackError,
    ViewLostError,
    check_log,
    last_cut,
    restore,
)
from stream.process.all_views import AllViews
from stream.process.commit import Commits
from stream.process.held import Held
from stream.process.job import Place
from stream.process.lane import Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from stream.config import Settings
    from stream.process.job import Job
    from stream.process.lane import Reader
    from stream.process.runs import Run

AGAIN_AFTER_S: Final = 1.0
FENCED_FOR_S: Final = 10.0  # By then the group has noticed that another owns the partition.
REVOKED_WITHIN_S: Final = 2.0  # What is not committed by then, the next owner folds again.
SAID_EVERY_S: Final = 10.0
COLLECTED_EVERY: Final = 8  # batches
MENDABLE: Final = (BrokerError, KafkaError, OSError)
FINAL: Final = (LogReplacedError, LogWentBackError, ViewLostError, NotAllowedError)
log = logging.getLogger(__name__)


class _Owned(NamedTuple):
    lane: Lane
    working: asyncio.Task[None]


class Partitions:
    """The partitions of this worker.

    ``consumer`` reads them. Whatever happens to one of them (another worker has fenced us, the
    broker was away), the way out is the same: forget its state and adopt it again, if it is
    still ours. What no adoption can mend ends in ``failed``.
    """

    consumer: Reader

    def __init__(
        self,
        settings: Settings,
        job: Callable[[Place], Job] = AllViews,
        *,
        fenced_for_s: float = FENCED_FOR_S,
    ) -> None:
        self.failed: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._settings = settings
        self._job = job
        self._fenced_for_s = fenced_for_s
        self._assigned: set[int] = set()
        self._owned: dict[int, _Owned] = {}
        self._adopting: dict[int, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False
        self._said_at = -SAID_EVERY_S
        self._batches = 0

    def take(self, partition: int, run: Run) -> None:
        """Have ``run`` folded after those before it; nobody waits for that here."""
        owned = self._owned.get(partition)
        if owned is not None and not self._closed:
            owned.lane.put(run)

    def _put_aside(self) -> None:
        """Keep the collector from the state: walking it again and again cost more than the fold.

        The state holds nothing to collect. What else there is, is looked at once in a while.
        """
        self._batches += 1
        if self._batches % COLLECTED_EVERY == 0:
            gc.collect(0)
        gc.freeze()

    async def on_revoked(self) -> None:
        """Let what is under way come to an end: others may own the partitions next."""
        lanes = [owned.lane for owned in self._owned.values()]
        for lane in lanes:
            lane.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(REVOKED_WITHIN_S), AsyncExitStack() as still:
                for lane in lanes:
                    await still.enter_async_context(lane.folding)
                await asyncio.gather(*(lane.commits.settled() for lane in lanes))

    async def on_assigned(self, partitions: set[int]) -> None:
        """From now on these, and only these, are ours."""
        self._assigned = set(partitions)
        for partition in {*self._owned, *self._adopting} - partitions:
            self._forget(partition)

    async def positions(self, partitions: set[int]) -> Mapping[int, int]:
        """The next offset of those that can be read on; the others are made ready meanwhile."""
        for partition in partitions - self._owned.keys() - self._adopting.keys():
            self._adopt(partition)
        return {p: self._owned[p].lane.held.offset for p in partitions & self._owned.keys()}

    async def close(self) -> None:
        """End after what is under way; nothing is taken any more."""
        self._closed = True
        lanes = [owned.lane for owned in self._owned.values()]
        for lane in lanes:
            lane.clear()
        for lane in lanes:
            async with lane.folding:
                pass  # It folds nothing now, and nothing more comes.
        for partition in {*self._owned, *self._adopting}:
            self._forget(partition)
        while self._ending:  # What ends may have something to end, too.
            await asyncio.wait(self._ending)

    def _forget(self, partition: int) -> None:
        adopting = self._adopting.pop(partition, None)
        if adopting is not None:
            adopting.cancel()
            self._wait_for(adopting)
        owned = self._owned.pop(partition, None)
        if owned is not None:
            owned.working.cancel()
            self._wait_for(owned.working)
            self._in_background(owned.lane.commits.close())

    def _in_background(self, ending: Coroutine[None, None, None]) -> None:
        self._wait_for(asyncio.create_task(ending))

    def _wait_for(self, ending: asyncio.Task[None]) -> None:
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    def _adopt(self, partition: int, after_s: float = 0.0) -> None:
        if self._closed or partition not in self._assigned:
            return
        task = asyncio.create_task(self._adopted(partition, after_s))
        self._adopting[partition] = task
        task.add_done_callback(self._failed)

    def _failed(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() and not self.failed.done():
            self.failed.set_exception(task.exception() or RuntimeError)

    async def _adopted(self, partition: int, after_s: float) -> None:
        await asyncio.sleep(after_s)
        place = Place(Topics(self._settings.prefix).events, partition, self._settings.partitions)
        lane = None
        while lane is None:
            lane = await self._try(place)
        working = asyncio.create_task(lane.work())
        working.add_done_callback(self._failed)
        self._owned[partition] = _Owned(lane, working)
        del self._adopting[partition]
        try:
            await self.consumer.go_on(partition, lane.held.offset)
        except IllegalStateError:
            log.debug("partition %d was taken away meanwhile", partition)

    async def _try(self, place: Place) -> Lane | None:
        commits = Commits(self._settings, place, self._lost)
        try:
            held = await self._restored(commits, place)
            return Lane(held, commits, self.consumer, self._put_aside)
        except BaseException as error:
            self._in_background(commits.close())
            if isinstance(error, FINAL) or not isinstance(error, MENDABLE):
                raise
            self.say(error)
            await asyncio.sleep(AGAIN_AFTER_S)
            return None

    async def _restored(self, commits: Commits, place: Place) -> Held:
        await commits.start()
        cut = await last_cut(self._settings, place.partition)
        await check_log(self._settings, cut)
        job = self._job(place)
        await restore(self._settings, cut, job)
        for _ in job.restored(cut.watermark):
            await asyncio.sleep(0)
        gc.collect(0)  # What has read it is not state, and holds what it was sent.
        gc.freeze()  # As `_put_aside`, before `_watch` has the collector look.
        commits.go_on(cut)
        log.info("partition %d goes on from offset %d", place.partition, cut.offset)
        return Held(job, cut.offset)

    def _lost(self, commits: Commits, error: BaseException) -> None:
        """A transaction has failed: its batch is in the state, not in the topics."""
        partition = commits.partition
        owned = self._owned.get(partition)
        if owned is None or owned.lane.commits is not commits:
            return  # It was ended for other reasons.
        if isinstance(error, FINAL) or not isinstance(error, MENDABLE):
            if not self.failed.done():
                self.failed.set_exception(error)
            return
        self.say(error)
        self.consumer.hold(partition)
        self._forget(partition)
        self._adopt(partition, self._fenced_for_s if isinstance(error, Fenced) else AGAIN_AFTER_S)

    def say(self, error: BaseException) -> None:
        """Tell that we wait for ``error`` to be mended, but not again and again, nor at the end."""
        if self._closed:
            return
        now = asyncio.get_running_loop().time()
        if now - self._said_at >= SAID_EVERY_S:
            self._said_at = now
            log.warning("%s; trying again", error)
