"""Scale, hot: one thread that has everything, in one partition, while a little goes on elsewhere.

A worker begins far behind: all of it lies on the log. Meanwhile events are published singly in a
partition that has nothing else, and each is waited for until the committed views hold it. That is
compared with as much in many threads of the other partitions, and with none at all.
"""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING, Final

import msgspec

from benchmarks import logs
from benchmarks.bench import PARTITIONS, bare
from benchmarks.child import work
from benchmarks.counted import Counted, right
from benchmarks.groups import group_on
from benchmarks.meter import Meter
from benchmarks.processes import ROOT, running
from benchmarks.restore import all_ready, empty_worker_mb, goes_on, memory_an_item, restored_right
from benchmarks.scale import SHORT
from benchmarks.singly import Singly
from stream.kafka.topics import create
from stream.process.commit import group_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from benchmarks.bench import Bench, Broker
    from benchmarks.results import Took
    from stream.config import Settings
    from stream.core.events import Event

FIGURE: Final = "scale, hot"
ONE_THREAD: Final = "in one thread"
SPREAD: Final = "in threads of"
FREE: Final = 0  # The partition of the little that goes on.
NUMBERED_FROM: Final = 10_000_000  # Its threads; the others' numbers are lower.
THREADS: Final = 1_000  # Their number
ITEMS_EACH: Final = 10
WITHIN_S: Final = 900.0


def hot(bench: Bench) -> Iterator[Took]:
    """Spread; the little alone; in one thread; and that one restored by another worker."""
    count = bench.sizes.one_thread
    with bench.broker() as broker:
        root = bench.compiled_root() if bench.compiled else ROOT
        empty_mb = asyncio.run(empty_worker_mb(broker, root))
        spread = _Log(bench, broker.named("spread"), _spread(count))
        yield bare(FIGURE, spread.settings)
        compared = asyncio.run(_folded(bench, broker, spread, root, empty_mb))
        yield msgspec.structs.replace(compared, what=f"{count:,} {SPREAD} {SHORT:,}")
        alone = asyncio.run(_alone(bench, broker, _Log(bench, broker.named("alone"), ()), root))
        yield alone
        one = _Log(bench, broker.named("one"), logs.grown([next(_elsewhere())], count))
        took = asyncio.run(_folded(bench, broker, one, root, empty_mb))
        starved = {
            "trickle_p99_times_spread_x": _p99_times(took, compared),
            "trickle_p99_times_alone_x": _p99_times(took, alone),
        }
        what = f"{count:,} {ONE_THREAD}"
        yield msgspec.structs.replace(took, what=what, more=took.more | starved)
        yield asyncio.run(_restored(bench, broker, one, root, empty_mb))
        yield bare(FIGURE, spread.settings, after=True)


def _elsewhere() -> Iterator[int]:
    """The numbers of threads that lie in the other partitions."""
    return logs.in_partitions(set(range(PARTITIONS)) - {FREE}, PARTITIONS)


def _spread(count: int) -> Iterator[Event]:
    threads = max(PARTITIONS, count // SHORT)
    return logs.grown(list(islice(_elsewhere(), threads)), count // threads)


def _p99_times(one: Took, other: Took) -> float:
    waited, compared = (took.more["trickle_p99_ms"] for took in (one, other))
    return waited / compared if compared else 0.0


class _Log:
    """One with ``events`` on it, and the little that is still to come."""

    def __init__(self, bench: Bench, settings: Settings, events: Iterable[Event]) -> None:
        self.settings = settings
        self.counted = Counted(settings.partitions)
        asyncio.run(logs.publish(settings, self.counted.passing(events)))
        free = logs.in_partitions({FREE}, PARTITIONS, NUMBERED_FROM)
        threads = list(islice(free, THREADS))
        self.little = self.counted.passing(logs.grown(threads, ITEMS_EACH))
        self._rate = bench.sizes.trickle_rate

    def singly(self) -> Singly:
        """What publishes the little."""
        return Singly(self.settings, self._rate)


async def _folded(bench: Bench, broker: Broker, log: _Log, root: Path, empty_mb: float) -> Took:
    """All that lies there, by a worker that has just begun."""
    settings, singly = log.settings, log.singly()
    ended = asyncio.Event()
    async with (
        group_on(settings, group_of(settings)) as group,
        singly.ready(),
        running(work(settings), cwd=root) as worker,
    ):
        await goes_on(worker)
        meter = Meter(broker, worker)
        await all_ready(worker, settings.partitions - 1)
        going_on = asyncio.create_task(singly.run(log.little, ended))
        await group.all_committed(within_s=WITHIN_S)
        took = meter.took(FIGURE, "", group.events)
        ended.set()
        await going_on
    more = memory_an_item(took, empty_mb, log.counted.items) | singly.waited.more("trickle")
    is_right = await right(bench, settings, log.counted) and not singly.waited.not_folded
    return msgspec.structs.replace(took, right=is_right, more=more)


async def _restored(bench: Bench, broker: Broker, log: _Log, root: Path, empty_mb: float) -> Took:
    """All of it by another worker; the little begins as soon as its own partition goes on."""
    settings, counted, singly = log.settings, log.counted, log.singly()
    ended, items = asyncio.Event(), counted.items
    ends = dict(counted.ends)
    went_on: dict[int, int] = {}
    async with singly.ready(), running(work(settings), cwd=root) as worker:
        meter = Meter(broker, worker, from_start=True)
        going_on: asyncio.Task[None] | None = None
        while len(went_on) < settings.partitions:
            partition, offset = await goes_on(worker)
            went_on[partition] = offset
            if partition == FREE:
                going_on = asyncio.create_task(singly.run(log.little, ended))
        took = meter.took(FIGURE, "restoring that thread", items)
        ended.set()
        if going_on is not None:
            await going_on
        is_right = await restored_right(bench, settings, counted, went_on, ends)
    more = memory_an_item(took, empty_mb, items) | singly.waited.more("trickle")
    is_right = is_right and not singly.waited.not_folded
    return msgspec.structs.replace(took, unit="items", right=is_right, more=more)


async def _alone(bench: Bench, broker: Broker, log: _Log, root: Path) -> Took:
    """Nothing but the little."""
    settings, singly = log.settings, log.singly()
    count = int(bench.sizes.trickle_s * bench.sizes.trickle_rate)
    await create(settings)
    async with singly.ready(), running(work(settings), cwd=root) as worker:
        await all_ready(worker, settings.partitions)
        meter = Meter(broker, worker)
        await singly.run(islice(log.little, count))
        took = meter.took(FIGURE, "the trickle alone", count, singly.waited.more("trickle"))
    is_right = await right(bench, settings, log.counted) and not singly.waited.not_folded
    return msgspec.structs.replace(took, unit="events live", right=is_right)
