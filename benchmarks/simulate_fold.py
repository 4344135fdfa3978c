"""How long workers take for a log: partitions, hot threads, slow machines, and cores to share.

Nothing here is measured: what an event costs comes in, and how long all of it takes comes out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from stream.kafka.records import partition_of

if TYPE_CHECKING:
    from collections.abc import Sequence

OUTSTANDING: Final = 2  # Batches of a partition: one that commits, one that waits for that.
HASHED: Final = 1_000  # The largest threads each have their partition; the rest spreads evenly.


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of a batch: the worker's, and the broker's for the same."""

    worker_s: float
    broker_s: float


@dataclass(slots=True)
class _Worker:
    """``left``: batches; ``most``: how many may be on their way to the broker."""

    left: int
    most: int
    busy_s: float = 0.0  # Left of the batch that it folds; 0 where it folds none.
    sent: int = 0

    def begin(self, cost: Cost) -> None:
        """Fold the next one, where there is one and room for it."""
        if not self.busy_s and self.left and self.sent < self.most:
            self.left -= 1
            self.busy_s = cost.worker_s


@dataclass(slots=True)
class _Job:
    """A batch at the broker."""

    of: _Worker
    left_s: float


@dataclass(slots=True)
class Machine:
    """``cores`` shared by all that runs; ``apart``: the broker has enough of its own elsewhere."""

    cores: int
    apart: bool = False
    _workers: list[_Worker] = field(default_factory=list)
    _jobs: list[_Job] = field(default_factory=list)

    def fold_s(self, batches: Sequence[int], workers: int, cost: Cost) -> float:
        """Seconds until all ``batches`` (by partition) are committed; a worker folds one at a time.

        It goes from one end of a fold or of a commit to the next: whoever runs has a core, or its
        equal share of those that there are.
        """
        mine = [range(one, len(batches), workers) for one in range(workers)]
        self._workers = [
            _Worker(sum(batches[part] for part in parts), OUTSTANDING * len(parts))
            for parts in mine
        ]
        self._jobs = []
        clock_s = 0.0
        while True:
            for worker in self._workers:
                worker.begin(cost)
            folding = [worker for worker in self._workers if worker.busy_s]
            if not folding and not self._jobs:
                return clock_s
            clock_s += self._step(folding, cost)

    def _step(self, folding: list[_Worker], cost: Cost) -> float:
        """On to whatever ends next; how long that took."""
        sharing = len(folding) + (0 if self.apart else len(self._jobs))
        share = min(1.0, self.cores / sharing) if sharing else 1.0
        of_job = 1.0 if self.apart else share
        ends = [worker.busy_s / share for worker in folding]
        ends += [job.left_s / of_job for job in self._jobs]
        passed_s = min(ends)
        for job in list(self._jobs):
            job.left_s = _less(job.left_s, passed_s * of_job)
            if not job.left_s:
                job.of.sent -= 1
                self._jobs.remove(job)
        for worker in folding:
            worker.busy_s = _less(worker.busy_s, passed_s * share)
            if not worker.busy_s:
                worker.sent += 1
                self._jobs.append(_Job(worker, cost.broker_s))
        return passed_s


def _less(left_s: float, done_s: float) -> float:
    return left_s - done_s if left_s - done_s > 1e-9 else 0.0  # noqa: PLR2004 # A nanosecond.


def speedup(loads: Sequence[float], workers: int, slow: float = 1.0) -> float:
    """How many times one worker so many come, each with a core of its own, the broker with enough.

    All wait for whoever has most to do. ``slow``: the speed of the first worker beside the others.
    """
    mine = [sum(loads[one::workers]) for one in range(workers)]
    mine[0] /= slow
    return sum(loads) / max(mine)


def zipf_loads(partitions: int, exponent: float, threads: int, draw: int) -> list[float]:
    """Each partition's share of a log of ``threads``, the n-th largest of which has 1/n^exponent.

    ``draw``: another one, other threads' names, which is all that chance decides.
    """
    top = [math.pow(n, -exponent) for n in range(1, HASHED + 1)]
    rest = _beyond(HASHED, threads, exponent)
    whole = sum(top) + rest
    loads = [rest / partitions / whole] * partitions
    for n, weight in enumerate(top):
        loads[_partition(draw, n, partitions)] += weight / whole
    return loads


def hot_loads(partitions: int, share: float) -> list[float]:
    """One thread has ``share`` of all; the rest is even."""
    even = (1 - share) / partitions
    return [even + share, *[even] * (partitions - 1)]


def largest(exponent: float, threads: int) -> float:
    """The share of the largest thread."""
    top = sum(math.pow(n, -exponent) for n in range(1, HASHED + 1))
    return 1 / (top + _beyond(HASHED, threads, exponent))


def _beyond(first: int, last: int, exponent: float) -> float:
    """The sum of n^-exponent behind ``first``, as the area under the curve."""
    low, high = first + 0.5, last + 0.5
    power = 1 - exponent
    return (math.pow(high, power) - math.pow(low, power)) / power


@lru_cache(maxsize=1 << 15)
def _partition(draw: int, thread: int, partitions: int) -> int:
    return partition_of(b"site-%d.example/%d" % (draw, thread), partitions)
