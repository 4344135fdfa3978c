"""Events published singly, each at its moment, and how long until the committed views hold them.

A wait is counted from the moment at which the event was due, whatever became of those before it.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from aiokafka import AIOKafkaProducer

from benchmarks.results import quantile
from stream.codec.cuts import decode_cut
from stream.codec.events import HEADERS, encode
from stream.kafka.connect import connection
from stream.kafka.connect import running as client_running
from stream.kafka.ending import cancelled
from stream.kafka.follow import open_reader
from stream.kafka.records import partition_of
from stream.kafka.topics import Topics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from stream.config import Settings
    from stream.core.events import Event

FOLDED_WITHIN_S: Final = 60.0


@dataclass(slots=True)
class Waited:
    """Milliseconds after they were due at which events were written, and in committed views."""

    written: list[float] = field(default_factory=list)
    folded: list[float] = field(default_factory=list)
    not_folded: int = 0  # Given up; their waits are among those above.

    def more(self, of: str) -> dict[str, float]:
        """Quantiles until folded, named as ``of`` says."""
        ordered = sorted(self.folded)
        return {
            f"{of}_p50_ms": quantile(ordered, 0.5),
            f"{of}_p99_ms": quantile(ordered, 0.99),
            f"{of}_max_ms": quantile(ordered, 1.0),
            f"{of}_times": len(ordered),
        }


class Singly:
    """One stretch of it, at ``rate`` events a second."""

    _producer: AIOKafkaProducer

    def __init__(self, settings: Settings, rate: float) -> None:
        self.waited = Waited()
        self._settings = settings
        self._topics = Topics(settings.prefix)
        self._rate = rate
        self._due: dict[tuple[int, int], float] = {}  # Of events that no cut covers yet.
        self._upto: dict[int, int] = {}  # Where the views stand, by partition.
        self._watches = asyncio.Event()
        self._clock = asyncio.get_running_loop().time

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        """Whatever it needs is there, so that `run` begins at once."""
        producer = AIOKafkaProducer(
            **connection(self._settings), acks="all", enable_idempotence=True, linger_ms=0
        )
        watching = asyncio.create_task(self._watch())
        try:
            async with client_running(producer, self._settings):
                self._producer = producer
                await self._watches.wait()
                yield
        finally:
            await cancelled({watching})

    async def run(self, events: Iterable[Event], ended: asyncio.Event | None = None) -> None:
        """Publish all of ``events``, or until ``ended``; then wait until they are in the views."""
        began, left = self._clock(), iter(events)
        tasks: list[asyncio.Task[None]] = []
        while True:
            due = began + len(tasks) / self._rate
            await asyncio.sleep(max(0.0, due - self._clock()))
            if ended is not None and ended.is_set():
                break
            event = next(left, None)
            if event is None:
                break
            tasks.append(asyncio.create_task(self._one(event, due)))
        await asyncio.gather(*tasks)
        await self._all_folded()

    async def answered(self, event: Event, key: bytes, upto: dict[int, int], due: float) -> None:
        """What else an event is waited for, once it is written: nothing; ``upto`` is behind it."""

    async def _one(self, event: Event, due: float) -> None:
        encoded = encode(event)
        assert encoded.key is not None  # noqa: S101 # Only threads' events are published here.
        partition = partition_of(encoded.key, self._settings.partitions)
        written = await self._producer.send(
            self._topics.events,
            encoded.value,
            key=encoded.key,
            partition=partition,
            timestamp_ms=encoded.at,
            headers=list(HEADERS),
        )
        offset = (await written).offset
        self.waited.written.append(self.since(due))
        self._due[partition, offset] = due
        self._covered(partition)  # The cut may have come before the broker's answer.
        await self.answered(event, encoded.key, {partition: offset + 1}, due)

    async def _watch(self) -> None:
        """When each is in the committed views."""
        topic = self._topics.progress
        async with open_reader(self._settings, [topic], {}) as reader:
            for place, end in (await reader.ends()).items():
                reader.seek(place, end)
            self._watches.set()
            while True:
                for (_, partition), records in (await reader.batch(1000, 1000)).items():
                    cut = decode_cut(records[-1].value or b"", where=topic)
                    self._upto[partition] = cut.offset
                    self._covered(partition)

    def _covered(self, partition: int) -> None:
        upto = self._upto.get(partition, 0)
        for place in [p for p in self._due if p[0] == partition and p[1] < upto]:
            self.waited.folded.append(self.since(self._due.pop(place)))

    async def _all_folded(self) -> None:
        until = self._clock() + FOLDED_WITHIN_S
        while self._due and self._clock() < until:  # noqa: ASYNC110 # Another process's.
            await asyncio.sleep(0.01)
        self.waited.not_folded = len(self._due)
        self.waited.folded += map(self.since, self._due.values())

    def since(self, due: float) -> float:
        """Milliseconds from then on."""
        return (self._clock() - due) * 1000
