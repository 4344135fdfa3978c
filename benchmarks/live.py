"""Live: from publishing an event until it is in HTTP's answer, at a steady rate.

A worker and the service run; each event is published at its moment, alone, and its thread is then
asked for with the event's position, so that the answer comes as soon as the views hold it. The
wait is counted from the moment at which the event was due. Before that comes a while that does not
count: a broker that has just begun needs twice the CPU, as Java compiles what it runs.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final

import msgspec
from aiokafka import AIOKafkaProducer

from benchmarks import logs
from benchmarks.bench import bare
from benchmarks.child import serve as serving
from benchmarks.child import work
from benchmarks.http import Http
from benchmarks.load import OK
from benchmarks.meter import Meter
from benchmarks.processes import ROOT, running
from benchmarks.restore import all_ready
from benchmarks.serve import quantile, ready
from stream.codec.cuts import decode_cut
from stream.codec.events import HEADERS, encode
from stream.core.position import Position
from stream.kafka.connect import connection
from stream.kafka.connect import running as client_running
from stream.kafka.follow import open_reader
from stream.kafka.records import partition_of
from stream.kafka.topics import Topics, create
from tests.brokers import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
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


@dataclass(slots=True)
class Waited:
    """Milliseconds after they were due at which events were written, committed, answered."""

    written: list[float] = field(default_factory=list)
    folded: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    given_up: int = 0  # Their waits are among those above.
    wrong: int = 0

    def more(self) -> dict[str, float]:
        """Quantiles: of the whole way, and of its stages."""
        found = {}
        for name in ("answered", "written", "folded"):
            ordered = sorted(getattr(self, name))
            stage = "" if name == "answered" else f"{name}_"
            found[f"{stage}p50_ms"] = quantile(ordered, 0.5)
            found[f"{stage}p99_ms"] = quantile(ordered, 0.99)
            found[f"{stage}p99.9_ms"] = quantile(ordered, 0.999)
        return found | {"given_up_times": self.given_up, "wrong_times": self.wrong}


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
        warm = await _Publishing(settings, port, rate).run(list(islice(events, before)))
        meter = Meter(broker, worker, service)
        waited = await _Publishing(settings, port, rate).run(list(islice(events, count)))
        took = meter.took(FIGURE, f"{rate:g} events/s", count, waited.more())
    return msgspec.structs.replace(took, right=waited.wrong + warm.wrong == 0, unit="events live")


class _Publishing:
    def __init__(self, settings: Settings, port: int, rate: float) -> None:
        self._settings = settings
        self._topics = Topics(settings.prefix)
        self._http = Http(port)
        self._rate = rate
        self._waited = Waited()
        self._due: dict[tuple[int, int], float] = {}  # Of events that no cut covers yet.
        self._clock = asyncio.get_running_loop().time

    async def run(self, events: list[Event]) -> Waited:
        producer = AIOKafkaProducer(
            **connection(self._settings), acks="all", enable_idempotence=True, linger_ms=0
        )
        watching = asyncio.create_task(self._watch())
        async with client_running(producer, self._settings):
            began = self._clock() + 0.5
            tasks = []
            for n, event in enumerate(events):
                due = began + n / self._rate
                await asyncio.sleep(max(0.0, due - self._clock()))
                tasks.append(asyncio.create_task(self._one(producer, event, due)))
            await asyncio.gather(*tasks)
        watching.cancel()
        await self._http.close()
        return self._waited

    async def _one(self, producer: AIOKafkaProducer, event: Event, due: float) -> None:
        encoded = encode(event)
        assert encoded.key is not None  # noqa: S101 # Only threads' events are published here.
        partition = partition_of(encoded.key, self._settings.partitions)
        written = await producer.send(
            self._topics.events,
            encoded.value,
            key=encoded.key,
            partition=partition,
            timestamp_ms=encoded.at,
            headers=list(HEADERS),
        )
        offset = (await written).offset
        self._waited.written.append(self._since(due))
        self._due[partition, offset] = due
        token = Position({partition: offset + 1}).token
        path = f"/v1/threads/{encoded.key.decode()}?min_position={token}&wait_ms={WITHIN_MS}"
        try:
            self._waited.wrong += not await self._right(path, event)
        except TimeoutError:
            self._waited.given_up += 1
        self._waited.answered.append(self._since(due))

    async def _right(self, path: str, event: Event) -> bool:
        """Whether the answer holds the event, once it comes."""
        status, body = await self._http.get(path)
        if status == NOT_REACHED:
            raise TimeoutError
        item = getattr(event.data, "item", None)
        return status == OK and (item is None or f'"item":"{item}"'.encode() in body)

    async def _watch(self) -> None:
        """When each is in the committed views."""
        topic = self._topics.progress
        async with open_reader(self._settings, [topic], {}) as reader:
            while True:
                for (_, partition), records in (await reader.batch(1000, 1000)).items():
                    upto = decode_cut(records[-1].value or b"", where=topic).offset
                    covered = [p for p in self._due if p[0] == partition and p[1] < upto]
                    for place in covered:
                        self._waited.folded.append(self._since(self._due.pop(place)))

    def _since(self, due: float) -> float:
        return (self._clock() - due) * 1000
