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
from benchmarks.groups import group_on
from benchmarks.meter import Meter
from benchmarks.processes import ROOT, Child, running
from stream.kafka.topics import create
from stream.process.commit import group_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.bench import Bench, Broker
    from benchmarks.results import Took
    from stream.config import Settings

FIGURE: Final = "restore"
WITHIN_S: Final = 1800.0
READY_WITHIN_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class Folded:
    """A log that has been folded, its views beside it."""

    broker: Broker
    settings: Settings
    events: int
    items: int
    folding: Took
    empty_mb: float  # What a worker without an item holds.


@contextmanager
def folded(bench: Bench) -> Iterator[Folded]:
    """``bench.sizes.items`` items, folded by one worker."""
    with ExitStack() as ending:
        broker = ending.enter_context(bench.broker())
        settings = broker.named("folded")
        root = bench.compiled_root() if bench.compiled else ROOT
        events = asyncio.run(logs.publish(settings, logs.items(bench.sizes.items)))
        empty_mb = asyncio.run(_empty_mb(broker.named("empty"), root))
        folding, held_mb = asyncio.run(_folding(broker, settings, root))
        more = {"memory_B/item": bytes_an_item(held_mb - empty_mb, bench.sizes.items)}
        what = f"folding {bench.sizes.items:,} items"
        folding = msgspec.structs.replace(folding, figure=FIGURE, what=what, more=more)
        yield Folded(broker, settings, events, bench.sizes.items, folding, empty_mb)


def restore(bench: Bench) -> Iterator[Took]:
    """From starting the process until it goes on where the last one stopped, in all partitions."""
    made = bench.folded or bench.keep(folded(bench))
    yield bare(FIGURE, made.settings)
    yield made.folding
    root = bench.compiled_root() if bench.compiled else ROOT
    yield asyncio.run(_restored(made, root))
    yield bare(FIGURE, made.settings, after=True)


async def _restored(made: Folded, root: Path) -> Took:
    async with running(work(made.settings), cwd=root) as worker:
        meter = Meter(made.broker, worker, from_start=True)
        await all_ready(worker, made.settings.partitions)
        more = {"memory_B/item": bytes_an_item(worker.rss_mb - made.empty_mb, made.items)}
        took = meter.took(FIGURE, "until ready", made.items, more)
    return msgspec.structs.replace(took, unit="items")


async def _empty_mb(settings: Settings, root: Path) -> float:
    await create(settings)
    async with running(work(settings), cwd=root) as worker:
        await all_ready(worker, settings.partitions)
        return worker.rss_mb


async def _folding(broker: Broker, settings: Settings, root: Path) -> tuple[Took, float]:
    name = group_of(settings)
    async with group_on(settings, name) as group, running(work(settings), cwd=root) as worker:
        await worker.says("goes on", within_s=READY_WITHIN_S)
        meter = Meter(broker, worker)
        await group.all_committed(within_s=WITHIN_S)
        took = meter.took(FIGURE, "", group.events)
        return took, worker.rss_mb


async def all_ready(worker: Child, partitions: int) -> None:
    """Once it goes on in every partition."""
    for _ in range(partitions):
        await worker.says("goes on", within_s=READY_WITHIN_S)


def bytes_an_item(mb: float, items: int) -> float:
    """So much memory over so many items."""
    return mb * (1 << 20) / items
