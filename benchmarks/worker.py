"""The worker: the simple job beside other engines, and the whole job, all views of it.

A run is over when the offsets of the last record are committed, by whichever engine; it began
with the first record. All read one log, each in its own way (README.md says what is fair).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Literal

import msgspec
import orjson

from benchmarks import logs
from benchmarks.bench import bare
from benchmarks.child import work
from benchmarks.counted import Counted, right
from benchmarks.groups import group_on
from benchmarks.meter import Meter
from benchmarks.peers import measured_peers
from benchmarks.processes import ROOT, running
from benchmarks.simple import truth
from stream.kafka.topics import Topics
from stream.process.commit import group_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.bench import Bench, Broker
    from benchmarks.results import Took
    from benchmarks.simple import Answers
    from stream.config import Settings

SIMPLE: Final = "worker, simple job"
WHOLE: Final = "worker, all views"
OURS: Final = "threadline, exactly-once"
WITHIN_S: Final = 1800.0
STARTED_WITHIN_S: Final = 60.0
Job = Literal["all", "simple"]


def simple(bench: Bench) -> Iterator[Took]:
    """Ours and the others, in one run, on one topic."""
    with bench.broker() as broker:
        settings = broker.named("simple")
        asyncio.run(logs.publish(settings, logs.community(bench.sizes.worker)))
        wanted = truth(logs.community(bench.sizes.worker))
        yield bare(SIMPLE, settings)
        took = asyncio.run(worked(broker, settings, "simple"))
        is_right = asyncio.run(_kept(settings)) == wanted
        yield msgspec.structs.replace(took, figure=SIMPLE, what=OURS, right=is_right)
        if bench.peers:
            yield from measured_peers(bench, broker, settings, wanted)
        yield bare(SIMPLE, settings, after=True)


def whole(bench: Bench) -> Iterator[Took]:
    """All views and changelogs, interpreted and compiled, each on a log of its own."""
    ways = {"threadline": ROOT}
    if bench.compiled:
        ways["threadline, compiled"] = bench.compiled_root()
    with bench.broker() as broker:
        for n, (way, root) in enumerate(ways.items()):
            settings = broker.named(f"whole-{n}")
            counted = Counted(settings.partitions)
            events = counted.passing(logs.community(bench.sizes.worker))
            asyncio.run(logs.publish(settings, events))
            if n == 0:
                yield bare(WHOLE, settings)
            took = asyncio.run(worked(broker, settings, "all", root))
            is_right = asyncio.run(right(bench, settings, counted))
            yield msgspec.structs.replace(took, figure=WHOLE, what=way, right=is_right)
        yield bare(WHOLE, broker.named("whole-0"), after=True)


async def worked(broker: Broker, settings: Settings, job: Job, root: Path = ROOT) -> Took:
    """From the moment at which a worker has its first partition until all is committed."""
    async with (
        group_on(settings, group_of(settings)) as group,
        running(work(settings, job), cwd=root) as worker,
    ):
        await worker.says("goes on", within_s=STARTED_WITHIN_S)
        meter = Meter(broker, worker)
        await group.all_committed(within_s=WITHIN_S)
        return meter.took("", "", group.events)


async def _kept(settings: Settings) -> Answers:
    """What the simple job's changelog holds."""
    found: Answers = {}
    async for _, key, value in logs.records(settings, Topics(settings.prefix).threads):
        count, _, first = orjson.loads(value)
        found[key.decode()] = (count, first)
    return found
