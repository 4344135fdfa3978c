"""Live: from publishing an event until it is in HTTP's answer, at a steady rate.

A worker and the service run; each event is published at its moment, alone, and its thread is then
asked for with the event's position, so that the answer comes as soon as the views hold it. The
wait is counted from the moment at which the event was due. Before that comes a while that does not
count: a broker that has just begun needs twice the CPU, as Java compiles what it runs.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from itertools import islice
from typing import TYPE_CHECKING, Final

import msgspec
from typing_extensions import override

from benchmarks import logs
from benchmarks.bench import bare
from benchmarks.child import serve as serving
from benchmarks.child import work
from benchmarks.http import Http
from benchmarks.load import OK
from benchmarks.meter import Meter
from benchmarks.processes import ROOT, running
from benchmarks.restore import all_ready
from benchmarks.results import quantile
from benchmarks.serve import ready
from benchmarks.singly import Singly
from stream.core.position import Position
from stream.kafka.topics import create
from tests.brokers import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from benchmarks.bench import Bench, Broker
    from benchmarks.results import Took
    from stream.config import Settings
    from stream.core.events import Event

FIGURE: Final = "live"
ITEMS_EACH: Final = 10  # Of each thread in the end: what is asked for is as long as most are.
WITHIN_MS: Final = 20_000
NOT_REACHED: Final = 504  # The views have not come so far by then.
STARTED_WITHIN_S: Final = 60.0


def live(bench: Bench) -> Iterator[Took]:
    """One stretch of it; the bare loop then reads what was published."""
    with bench.broker() as broker, bench.folder() as folder:
        noise = broker.named("noise")
        asyncio.run(logs.publish(noise, logs.community(bench.sizes.hot)))
        yield bare(FIGURE, noise)
        root = bench.compiled_root() if bench.compiled else ROOT
        yield asyncio.run(_live(bench, broker, folder / "views.db", root))
        yield bare(FIGURE, noise, after=True)


async def _live(bench: Bench, broker: Broker, database: Path, root: Path) -> Took:
    settings = broker.named("live")
    await create(settings)
    (port,) = free_ports(1)
    async with AsyncExitStack() as ending:
        worker = await ending.enter_async_context(running(work(settings), cwd=root))
        await all_ready(worker, settings.partitions)
        service = await ending.enter_async_context(running(serving(settings, port, database)))
        await service.says("serving on", within_s=STARTED_WITHIN_S)
        await ready(port)
        rate = bench.sizes.live_rate
        before, count = int(bench.sizes.live_warm_s * rate), int(bench.sizes.live_s * rate)
        events = logs.threads_of((before + count) // ITEMS_EACH + 1, ITEMS_EACH)
        warm, asked = (_Asked(settings, port, rate) for _ in range(2))
        await warm.all(list(islice(events, before)))
        meter = Meter(broker, worker, service)
        await asked.all(list(islice(events, count)))
        took = meter.took(FIGURE, f"{rate:g} events/s", count, asked.more())
    wrong = warm.wrong + asked.wrong
    return msgspec.structs.replace(took, right=wrong == 0, unit="events live")


class _Asked(Singly):
    """Each is asked for once it is written."""

    def __init__(self, settings: Settings, port: int, rate: float) -> None:
        super().__init__(settings, rate)
        self._http = Http(port)
        self._answers: list[float] = []
        self.given_up = 0  # Their waits are among those above.
        self.wrong = 0

    async def all(self, events: Iterable[Event]) -> None:
        """Publish them and have each answered."""
        async with self.ready():
            await self.run(events)
        await self._http.close()

    def more(self) -> dict[str, float]:
        """Quantiles: of the whole way, and of its stages."""
        found = {}
        stages = {"": self._answers, "written_": self.waited.written, "folded_": self.waited.folded}
        for stage, waited in stages.items():
            ordered = sorted(waited)
            found[f"{stage}p50_ms"] = quantile(ordered, 0.5)
            found[f"{stage}p99_ms"] = quantile(ordered, 0.99)
            found[f"{stage}p99.9_ms"] = quantile(ordered, 0.999)
        return found | {"given_up_times": self.given_up, "wrong_times": self.wrong}

    @override
    async def answered(self, event: Event, key: bytes, upto: dict[int, int], due: float) -> None:
        """Once the answer about its thread holds it."""
        token = Position(upto).token
        path = f"/v1/threads/{key.decode()}?min_position={token}&wait_ms={WITHIN_MS}"
        try:
            self.wrong += not await self._right(path, event)
        except TimeoutError:
            self.given_up += 1
        self._answers.append(self.since(due))

    async def _right(self, path: str, event: Event) -> bool:
        """Whether the answer holds the event, once it comes."""
        status, body = await self._http.get(path)
        if status == NOT_REACHED:
            raise TimeoutError
        item = getattr(event.data, "item", None)
        return status == OK and (item is None or f'"item":"{item}"'.encode() in body)
