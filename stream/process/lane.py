"""A lane: the runs of one partition on their way into its job, beside those of all others.

Each partition has its own, so none waits for another's: where one's commits are slow, its lane
fills and it is not read, and the others go on.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Final, Protocol

from aiokafka.errors import IllegalStateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream.process.commit import Commits
    from stream.process.held import Batch, Held
    from stream.process.runs import Run

RUNS_MAX: Final = 2  # In hand and waiting; beyond that comes what was on its way by then.
log = logging.getLogger(__name__)


class Reader(Protocol):
    """What we need of a consumer."""

    async def go_on(self, partition: int, offset: int) -> None: ...
    async def read_again(self, partition: int, offset: int, beyond: Run) -> None: ...
    def hold(self, partition: int) -> None: ...
    def read_on(self, partition: int) -> None: ...


class Lane:
    """``told``: called after each batch, once it is on its way to be committed.

    ``folding``: whoever has this lock keeps the lane from folding, and knows that it does not.
    """

    def __init__(
        self, held: Held, commits: Commits, reader: Reader, told: Callable[[], None]
    ) -> None:
        self.held = held
        self.commits = commits
        self.folding = asyncio.Lock()
        self._reader = reader
        self._told = told
        self._runs: deque[Run] = deque()
        self._arrived = asyncio.Event()
        self._in_hand = 0
        self._full = False

    def put(self, run: Run) -> None:
        """Let ``run`` wait for its turn. It always finds room: a full lane is not read on."""
        self._runs.append(run)
        self._arrived.set()
        if self._in_hand + len(self._runs) >= RUNS_MAX:
            self._full = True
            self._reader.hold(self.commits.partition)

    def clear(self) -> None:
        """Forget what waits: it is to be read again from where the fold stands."""
        self._runs.clear()

    async def work(self) -> None:
        """Take run after run, for ever."""
        while True:
            while not self._runs:
                self._read_on()
                self._arrived.clear()
                await self._arrived.wait()
            self._in_hand = 1
            await self._take(self._runs.popleft())
            self._in_hand = 0
            self._read_on()

    def _read_on(self) -> None:
        """Where it was full, and is not: also by having been cleared before any was taken."""
        if self._full and len(self._runs) < RUNS_MAX:
            self._full = False
            self._reader.read_on(self.commits.partition)

    async def _take(self, run: Run) -> None:
        """Fold what is new in it and begin to commit what follows from that.

        What finds no room to wait for its commit waits here, before the next run is folded.
        """
        if run.after > self.held.offset:
            await self._read_again(run)
            return
        async with self.folding:
            batch = await self._folded(run)
        if batch is not None:
            await self.commits.add(batch)
            self._told()

    async def _read_again(self, beyond: Run) -> None:
        try:
            await self._reader.read_again(self.commits.partition, self.held.offset, beyond)
        except IllegalStateError:
            log.debug("partition %d was taken away meanwhile", self.commits.partition)

    async def _folded(self, run: Run) -> Batch | None:
        held = self.held
        if run.upto <= held.offset:
            return None
        records = run.records
        if run.after < held.offset:
            records = [record for record in records if record.offset >= held.offset]
        return await held.fold(records, run.upto)
