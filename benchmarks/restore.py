"""Restoring: from the changelogs of many items until a worker is ready; and what an item takes.

The log is folded once by a worker; others then begin with nothing but its topics. Memory is what
a worker holds beyond one that has no items at all.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from benchmarks import logs
from benchmarks.bench import bare
from benchmarks.child import work
from benchmarks.counted import Counted, right
from benchmarks.groups import group_on
from benchmarks.meter import Meter
from benchmarks.processes import ROOT, Child, running
from benchmarks.worker import worked
from stream.kafka.topics import create
from stream.process.commit import group_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from benchmarks.bench import Bench, Broker
    from benchmarks.results import Took
    from stream.config import Settings

FIGURE: Final = "restore"
READY_WITHIN_S: Final = 300.0
COMMITTED_WITHIN_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Folded:
    """A log that has been folded, its views beside it."""

    broker: Broker
    settings: Settings
    counted: Counted  # What is on the log; each check of a restored worker adds some.
    folding: Took
    empty_mb: float  # What a worker without an item holds.


@contextmanager
def folded(bench: Bench) -> Iterator[Folded]:
    """``bench.sizes.items`` items, folded by one worker."""
    with ExitStack() as ending:
        broker = ending.enter_context(bench.broker())
        settings = broker.named("folded")
        root = bench.compiled_root() if bench.compiled else ROOT
        counted = Counted(settings.partitions)
        asyncio.run(logs.publish(settings, counted.passing(logs.items(bench.sizes.items))))
        empty_mb = asyncio.run(empty_worker_mb(broker, root))
        folding = asyncio.run(worked(broker, settings, "all", root))
        folding = msgspec.structs.replace(
            folding,
            figure=FIGURE,
            what=f"folding {counted.items:,} items",
            right=asyncio.run(right(bench, settings, counted)),
            more=memory_an_item(folding, empty_mb, counted.items),
        )
        yield Folded(broker, settings, counted, folding, empty_mb)


def restore(bench: Bench) -> Iterator[Took]:
    """From starting the process until it goes on where the last one stopped, in all partitions."""
    made = bench.folded or bench.keep(folded(bench))
    yield bare(FIGURE, made.settings)
    yield made.folding
    root = bench.compiled_root() if bench.compiled else ROOT
    yield asyncio.run(_restored(bench, made, root))
    yield bare(FIGURE, made.settings, after=True)


async def _restored(bench: Bench, made: Folded, root: Path) -> Took:
    settings, counted = made.settings, made.counted
    async with running(work(settings), cwd=root) as worker:
        meter = Meter(made.broker, worker, from_start=True)
        went_on = dict([await goes_on(worker) for _ in range(settings.partitions)])
        took = meter.took(FIGURE, "until ready", counted.items)
        more = memory_an_item(took, made.empty_mb, counted.items)
        is_right = await restored_right(bench, settings, counted, went_on, dict(counted.ends))
    return msgspec.structs.replace(took, unit="items", right=is_right, more=more)


async def restored_right(
    bench: Bench,
    settings: Settings,
    counted: Counted,
    went_on: Mapping[int, int],
    ends: Mapping[int, int],
) -> bool:
    """Whether a worker that runs went on where the log ended then, and knows what came before.

    What it knows is seen by a comment more in some threads: their rows must count it, and all
    that they had.
    """
    at_end = all(went_on[at] == ends.get(at, 0) for at in range(settings.partitions))
    if not at_end:
        bench.say(f"WRONG: {settings.prefix}: it goes on from {went_on}, not {ends}")
    await logs.publish(settings, counted.passing(counted.late()))
    async with group_on(settings, group_of(settings)) as group:
        await group.all_committed(within_s=COMMITTED_WITHIN_S)
    return await right(bench, settings, counted, rows=False) and at_end


async def empty_worker_mb(broker: Broker, root: Path) -> float:
    """What a worker without an item holds."""
    settings = broker.named("empty")
    await create(settings)
    async with running(work(settings), cwd=root) as worker:
        await all_ready(worker, settings.partitions)
        return worker.rss_mb


async def all_ready(worker: Child, partitions: int) -> None:
    """Once it goes on in every partition."""
    for _ in range(partitions):
        await goes_on(worker)


async def goes_on(worker: Child) -> tuple[int, int]:
    """The next partition that it goes on in, and from which offset."""
    said = (await worker.says("goes on", within_s=READY_WITHIN_S)).split()
    return int(said[1]), int(said[-1])


def memory_an_item(took: Took, empty_mb: float, items: int) -> dict[str, float]:
    """What was held in the end beyond a worker without an item, of each."""
    return {"memory_B/item": ((took.held_mb or 0.0) - empty_mb) * (1 << 20) / items}
