"""From archives to the log: every event published once, in order, and how far that has come."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Final

from stream.codec.events import encode
from stream.codec.packing import packed, time_of
from stream.core.events import ProgressData, ReplayFinished, ReplayProgressed
from stream.core.when import to_datetime
from stream.kafka.publish import open_publisher
from stream.replay_pace import Pace
from stream.replay_point import Told, marked, told
from stream.replay_source import TOGETHER, How, Progress, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from stream.codec.events import Encoded
    from stream.config import Settings
    from stream.core.events import Event
    from stream.kafka.publish import Publisher
    from stream.replay_point import Point

PROGRESS_EVENTS: Final = 10_000
PROGRESS_S: Final = 1.0
TICK_S: Final = 0.05  # What is due within it is published together.


async def replay(
    settings: Settings,
    events: Iterable[Event],
    *,
    tell: Callable[[Progress], None] = lambda _: None,
) -> Progress:
    """Publish all of ``events``, from the first to the last, as fast as goes."""
    source = Source(lambda: map(packed, map(encode, events)), How(resume=False), {})
    return await publish(settings, source, tell)


async def publish(
    settings: Settings,
    source: Source,
    tell: Callable[[Progress], None] = lambda _: None,
    stop: asyncio.Event | None = None,
) -> Progress:
    """Publish the events of ``source``; ``tell`` hears of it after every few thousand.

    ``replay.progressed`` says up to which time everything has been published, ``replay.finished``
    that this is all. Both are statements: saying them again changes no view. Once ``stop`` is set
    no more is published; the next replay goes on from there.
    """
    known = await _known(settings, source)
    progress = Progress()
    if known.point is not None and not await source.passed(known.point, progress):
        source, progress = source.anew(), Progress()
    async with open_publisher(settings) as publisher:
        run = _Run(publisher, Statements(source, progress, known.until), tell)
        await run.publish(stop or asyncio.Event())
        progress.position = await publisher.flush()
    tell(progress)
    return progress


async def _known(settings: Settings, source: Source) -> Told:
    """What the log says of earlier replays, where that matters."""
    if source.how.since is not None:
        return (await told(settings, source.archive))._replace(point=None)
    return await told(settings, source.archive) if source.how.resume else Told(None, {})


class Statements:
    """What may be said of how far ``source`` has been published: never more than that.

    ``before``: up to when the log held all of a community before. Without that, who leaves out
    what comes before ``since`` can claim nothing.
    """

    def __init__(self, source: Source, progress: Progress, before: Mapping[str, int]) -> None:
        self.source, self.progress = source, progress
        self._before = before

    def progressed(self, now: int) -> list[Encoded]:
        """That everything up to ``now`` is there, of each community as far as its archive goes."""
        ends = self.progress.ends.items()
        far = {name: min(now, max(last, self.source.ends.get(name, last))) for name, last in ends}
        return self._all(ReplayProgressed, far, self.progress.point(now))

    def finished(self) -> list[Encoded]:
        """That this was all, or as much of it as was asked for."""
        progress, until = self.progress, self.source.how.until
        if progress.last is None or (self.source.cut and not progress.events):
            return []
        if progress.stopped:
            return self.progressed(progress.last - 1)
        if self.source.cut and until is not None:
            return self.progressed(until - 1)
        return self._all(ReplayFinished, progress.ends, progress.point(progress.last))

    def _all(
        self,
        kind: type[ReplayProgressed | ReplayFinished],
        far: Mapping[str, int],
        point: Point,
    ) -> list[Encoded]:
        since = self.source.how.since
        made = []
        for community, at in far.items():
            if since is not None and self._before.get(community, since - 2) < since - 1:
                self.progress.unstated.add(community)
                continue
            until = to_datetime(at)
            said = encode(kind(source=community, time=until, data=ProgressData(until=until)))
            made.append(said if since is not None else marked(said, self.source.archive, point))
        return made


class _Run:
    """One replay on its way."""

    def __init__(
        self, publisher: Publisher, statements: Statements, tell: Callable[[Progress], None]
    ) -> None:
        self._publisher, self._statements, self._tell = publisher, statements, tell
        self._progress = statements.progress
        self._stated_at, self._stated_events = time.monotonic(), 0

    async def publish(self, stop: asyncio.Event) -> None:
        how, events = self._statements.source.how, self._statements.source.events()
        if how.speed is None:
            await self._at_once(events, stop)
        else:
            await self._paced(events, Pace(how.speed, how.max_gap_ms), stop)
        await self._publisher.publish(self._statements.finished())

    async def _at_once(self, events: Iterator[bytes], stop: asyncio.Event) -> None:
        while together := list(islice(events, TOGETHER)):
            if stop.is_set():
                self._progress.stopped = True
                return
            await self._append(together)
            await self._state(time_of(together[-1]) - 1)
            await asyncio.sleep(0)  # Where all of it found room, nobody else had a turn.

    async def _paced(self, events: Iterator[bytes], pace: Pace, stop: asyncio.Event) -> None:
        began = time.monotonic()
        coming = next(events, None)
        while coming is not None:
            if stop.is_set():
                self._progress.stopped = True
                return
            real_s = time.monotonic() - began
            due: list[bytes] = []
            while (
                coming is not None
                and pace.wait_s(time_of(coming)) <= real_s
                and len(due) < TOGETHER
            ):
                pace.due_s(time_of(coming))
                due.append(coming)
                coming = next(events, None)
            await self._append(due)
            if coming is not None:
                await self._state(pace.now(real_s, time_of(coming)))
            await self._publisher.flush()
            if coming is not None and len(due) < TOGETHER:
                wait_s = pace.wait_s(time_of(coming)) - (time.monotonic() - began)
                await _pause(stop, min(max(wait_s, TICK_S), PROGRESS_S))

    async def _append(self, together: list[bytes]) -> None:
        await self._publisher.publish_packed(together)
        self._progress.add(together)
        self._tell(self._progress)

    async def _state(self, now: int) -> None:
        """Say that everything up to ``now`` is published, unless that was said a moment ago."""
        real, events = time.monotonic(), self._progress.events
        many = events - self._stated_events >= PROGRESS_EVENTS
        if many or real - self._stated_at >= PROGRESS_S:
            self._stated_at, self._stated_events = real, events
            await self._publisher.publish(self._statements.progressed(now))


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
