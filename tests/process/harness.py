"""Workers to start and kill, a log to fill, and what the views must then be."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import orjson

from stream.codec.cuts import decode_cut
from stream.codec.events import decode, encode
from stream.codec.views import tell
from stream.core.fold import Partition
from stream.errors import DecodeError
from stream.kafka.follow import open_reader
from stream.kafka.publish import open_publisher
from stream.kafka.topics import VIEWS, Topics
from stream.process.worker import Pace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from stream.codec.cuts import Cut
    from stream.config import Settings
    from stream.core.events import Event
    from stream.core.position import Position

IMPATIENT: Final = Pace(session_s=6.0, heartbeat_s=0.5, rebalance_s=6.0, run_records=300)
Views = dict[tuple[str, int], dict[bytes, bytes]]
"""The rows of each view, by view and partition."""


class Worker:
    """A worker in a process of its own; what it says is in a file."""

    def __init__(self, settings: Settings, folder: Path, name: str, pace: Pace) -> None:
        self.name = name
        self._said = folder / f"{name}-{time.monotonic_ns()}.log"
        data = folder / f"data-{time.monotonic_ns()}"  # As on a machine of its own.
        plain = {key: value for key, value in asdict(settings).items() if key != "security"}
        what = {"settings": plain, "name": name, "pace": asdict(pace), "data": str(data)}
        with self._said.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.process.work", orjson.dumps(what).decode()],
                stdout=out,
                stderr=out,
            )

    @property
    def said(self) -> str:
        return self._said.read_text()

    async def says(self, words: str, *, within_s: float = 60.0, times: int = 1) -> None:
        """Wait for ``words`` on the worker's output."""
        deadline = time.monotonic() + within_s
        while self.said.count(words) < times:
            assert self.process.poll() is None, f"the worker has ended:\n{self.said}"
            assert time.monotonic() < deadline, f"{words!r} was not said:\n{self.said}"
            await asyncio.sleep(0.02)

    async def ends(self, *, within_s: float = 30.0) -> int:
        """Its exit status, once it has one; where it has none it says what it does instead."""
        try:
            return await asyncio.to_thread(self.process.wait, within_s)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGUSR1)
            await asyncio.sleep(1)
            msg = f"{self.name} has not ended:\n{self.said}"
            raise AssertionError(msg) from None

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def workers(settings: Settings, folder: Path) -> Iterator[WorkerStarter]:
    """Starts workers, and kills those that are left."""
    starter = WorkerStarter(settings, folder)
    try:
        yield starter
    finally:
        for worker in starter.started:
            worker.kill()


class WorkerStarter:
    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self.started: list[Worker] = []

    def __call__(self, name: str = "one", pace: Pace = IMPATIENT) -> Worker:
        worker = Worker(self._settings, self._folder, name, pace)
        self.started.append(worker)
        return worker


async def publish(settings: Settings, events: Iterable[Event]) -> Position:
    """Put ``events`` on the log."""
    async with open_publisher(settings) as publisher:
        await publisher.publish([encode(event) for event in events])
        return await publisher.flush()


async def caught_up(settings: Settings, *, within_s: float = 60.0) -> dict[int, Cut]:
    """Wait until the cut of every partition that has records is at the end of the log."""
    topics = Topics(settings.prefix)
    deadline = time.monotonic() + within_s
    cuts: dict[int, Cut] = {}
    async with open_reader(settings, [topics.events], {}) as reader:
        ends = {partition: end for (_, partition), end in (await reader.ends()).items() if end}
    async with open_reader(settings, [topics.progress], {}) as reader:
        while {partition: cut.offset for partition, cut in cuts.items()} != ends:
            assert time.monotonic() < deadline, f"the cuts are {cuts}, the log ends at {ends}"
            for (_, partition), records in (await reader.batch(1000, 200)).items():
                cuts[partition] = decode_cut(records[-1].value or b"", where=topics.progress)
    return cuts


async def rows(settings: Settings) -> Views:
    """What the view topics hold: of each key, the last committed value."""
    topics = Topics(settings.prefix)
    of = {topics.view(view): view for view in VIEWS}
    found: Views = {}
    async for (topic, partition), _, key, value in _records(settings, list(of)):
        kept = found.setdefault((of[topic], partition), {})
        if value is None:
            kept.pop(key, None)
        else:
            kept[key] = value
    return {place: kept for place, kept in found.items() if kept}


async def folded(settings: Settings) -> Views:
    """What they must hold: the log, folded partition by partition in one go."""
    topics = Topics(settings.prefix)
    states: dict[int, Partition] = {}
    async for (_, partition), offset, _, value in _records(settings, [topics.events]):
        try:
            event = decode(value or b"", where=f"{partition}@{offset}")
        except DecodeError:
            continue
        states.setdefault(partition, Partition()).join(event)
    return {
        (view, partition): kept
        for partition, state in states.items()
        for view, kept in _told(state).items()
    }


def _told(state: Partition) -> dict[str, dict[bytes, bytes]]:
    kept: dict[str, dict[bytes, bytes]] = {}
    for view, key, value, _ in tell(state):
        if value is not None:
            kept.setdefault(view, {})[key] = value
    return kept


async def _records(settings: Settings, topics: list[str]):
    async with open_reader(settings, topics, {}) as reader:
        ends = await reader.ends()
        while any(position < ends[at] for at, position in (await reader.positions()).items()):
            for at, records in (await reader.batch(10_000, 200)).items():
                for record in records:
                    yield at, record.offset, record.key, record.value
