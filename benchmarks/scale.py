"""Scale: more workers, longer threads, more threads; what an event costs must not grow with them.

More workers begin at one moment: they have their partitions of an empty log and are stopped while
it is filled. From what an event costs a worker and the broker follows how far any number of them
would come on so many cores (`budget`), which is compared with what was measured.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

import msgspec

from benchmarks import logs
from benchmarks.bench import bare
from benchmarks.child import work
from benchmarks.counted import Counted, right
from benchmarks.groups import group_on
from benchmarks.meter import Meter
from benchmarks.processes import ROOT, Child, running
from benchmarks.restore import empty_worker_mb, memory_an_item
from benchmarks.sizes import ITEMS_A_THREAD
from benchmarks.worker import worked
from stream.kafka.topics import create
from stream.process.commit import group_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.bench import Bench, Broker
    from benchmarks.results import Line, Took
    from stream.core.events import Event

WORKERS: Final = "scale, workers"
SIZES: Final = "scale, items a thread"
A_THREAD: Final = "items a thread"
ON_ONE_POST: Final = "on one post"
THREADS: Final = "scale, threads"
COUNTS: Final = (1, 2, 4)
SHORT: Final = 1_000  # Items of threads that the longest are compared with.
SHARED_WITHIN_S: Final = 120.0
SETTLED_S: Final = 2.0  # Nobody has gained a partition for so long.
WITHIN_S: Final = 900.0


def workers(bench: Bench) -> Iterator[Took]:
    """1, 2 and 4 of them on one log each."""
    root = bench.compiled_root() if bench.compiled else ROOT
    with bench.broker() as broker:
        alone: Took | None = None
        for n, count in enumerate(COUNTS):
            took = asyncio.run(_shared(bench, broker, count, root))
            alone = alone or took
            if n == 0:
                yield bare(WORKERS, broker.named("workers-1"))
            budget = _budget(alone, count)
            more = {"speedup_x": took.rate / alone.rate} | budget
            yield msgspec.structs.replace(took, figure=WORKERS, what=_named(count), more=more)
        yield bare(WORKERS, broker.named("workers-1"), after=True)


def _named(count: int) -> str:
    return f"{count} worker{'s' if count > 1 else ''}"


def _budget(alone: Took, count: int) -> dict[str, float]:
    """How many times one worker the CPU allows: here, the broker elsewhere, a core for each.

    What one worker leaves unused (round trips) it leaves in company, too, so each comes as far
    as one alone while there are cores for what an event costs all of them and the broker.
    """
    broker_us = (alone.broker_cpu_s or 0.0) / alone.count * 1e6
    cores_us = (os.cpu_count() or 1) * 1e6
    here = min(count * alone.rate, cores_us / (alone.cpu_us + broker_us))
    apart = min(count * alone.rate, cores_us / alone.cpu_us)
    return {
        "budget_here_x": here / alone.rate,
        "budget_broker_apart_x": apart / alone.rate,
        "budget_own_cores_x": float(count),
    }


async def _shared(bench: Bench, broker: Broker, count: int, root: Path) -> Took:
    settings = broker.named(f"workers-{count}")
    await create(settings)
    async with AsyncExitStack() as ending:
        started = [
            await ending.enter_async_context(running(work(settings), cwd=root))
            for _ in range(count)
        ]
        owners = _Owners(started, ending)
        await owners.even(settings.partitions)
        for worker in started:
            worker.send(signal.SIGSTOP)
        ending.callback(_wake, started)
        counted = Counted(settings.partitions)
        await logs.publish(settings, counted.passing(logs.community(bench.sizes.scale)))
        group = await ending.enter_async_context(group_on(settings, group_of(settings)))
        meter = Meter(broker, *started)
        _wake(started)
        await group.all_committed(within_s=WITHIN_S)
        took = meter.took(WORKERS, "", group.events)
    return msgspec.structs.replace(took, right=await right(bench, settings, counted))


def _wake(workers: list[Child]) -> None:
    for worker in workers:
        worker.send(signal.SIGCONT)


class _Owners:
    """Which worker has which partition, by what they say."""

    def __init__(self, workers: list[Child], ending: AsyncExitStack) -> None:
        self._count = len(workers)
        self._owner: dict[str, int] = {}
        self._changed = asyncio.Event()
        for n, worker in enumerate(workers):
            listening = asyncio.create_task(self._listen(n, worker))
            ending.callback(listening.cancel)

    async def even(self, partitions: int) -> None:
        """Once all have the same number, and nothing has changed for a while."""
        async with asyncio.timeout(SHARED_WITHIN_S):
            while True:
                self._changed.clear()
                each = [list(self._owner.values()).count(n) for n in range(self._count)]
                shared = sum(each) == partitions and max(each) == min(each)
                try:
                    async with asyncio.timeout(SETTLED_S if shared else None):
                        await self._changed.wait()
                except TimeoutError:
                    return

    async def _listen(self, n: int, worker: Child) -> None:
        while True:
            said = await worker.says("", within_s=WITHIN_S)
            if "goes on" in said:
                self._owner[said.split()[1]] = n
                self._changed.set()


def items_a_thread(bench: Bench) -> Iterator[Took]:
    """As many events, in threads of 1 item to very many; and all on one post, with its host."""
    hot, sizes = bench.sizes.hot, bench.sizes.sizes
    shapes = {f"{n:,} {A_THREAD}": logs.threads_of(max(1, hot // n), n) for n in sizes}
    for n in sorted({min(SHORT, max(sizes)), max(sizes)}):
        shapes[f"{n:,} {ON_ONE_POST}"] = logs.hosted(max(1, hot // n), n)
    yield from _shapes(bench, SIZES, shapes)


def size_of(line: Line) -> int:
    """How many items its threads have, or how many threads there are."""
    return int(line.what.partition(" ")[0].replace(",", ""))


def threads(bench: Bench) -> Iterator[Took]:
    """Ever more threads of the same size."""
    shapes = {f"{n:,} threads": logs.threads_of(n, ITEMS_A_THREAD) for n in bench.sizes.threads}
    yield from _shapes(bench, THREADS, shapes)


def _shapes(bench: Bench, figure: str, shapes: dict[str, Iterator[Event]]) -> Iterator[Took]:
    root = bench.compiled_root() if bench.compiled else ROOT
    with bench.broker() as broker:
        empty_mb = asyncio.run(empty_worker_mb(broker, root))
        for n, (what, events) in enumerate(shapes.items()):
            settings = broker.named(f"shape-{n}")
            counted = Counted(settings.partitions)
            asyncio.run(logs.publish(settings, counted.passing(events)))
            if n == 0:
                yield bare(figure, settings)
            took = asyncio.run(worked(broker, settings, "all", root))
            yield msgspec.structs.replace(
                took,
                figure=figure,
                what=what,
                right=asyncio.run(right(bench, settings, counted)),
                more=memory_an_item(took, empty_mb, counted.items),
            )
        yield bare(figure, broker.named("shape-0"), after=True)
