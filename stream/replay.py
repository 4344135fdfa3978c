"""From archives to the log: every event published once, in order, and how far that has come."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from stream.codec.events import Encoded, encode
from stream.core.events import ProgressData, ReplayFinished, ReplayProgressed
from stream.core.position import Position
from stream.kafka.publish import open_publisher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from stream.config import Settings
    from stream.core.events import Event
    from stream.kafka.publish import Publisher

TOGETHER: Final = 2_000  # Events handed to the publisher at a time; bounds memory.
PROGRESS_EVENTS: Final = 10_000
PROGRESS_S: Final = 1.0
_MOMENT: Final = timedelta(milliseconds=1)


@dataclass(slots=True)
class Progress:
    """What has been published, and between which event times it lies."""

    events: int = 0
    since: datetime | None = None
    until: datetime | None = None
    communities: dict[str, datetime] = field(default_factory=dict)
    position: Position = field(default_factory=Position)

    def add(self, event: Event) -> None:
        self.events += 1
        if self.since is None or event.time < self.since:
            self.since = event.time
        if self.until is None or event.time > self.until:
            self.until = event.time
        last = self.communities.get(event.source)
        if last is None or event.time > last:
            self.communities[event.source] = event.time


async def replay(
    settings: Settings,
    events: Iterable[Event],
    *,
    tell: Callable[[Progress], None] = lambda _: None,
) -> Progress:
    """Publish all of ``events``; ``tell`` hears of it after every few thousand.

    ``replay.progressed`` says up to which time everything has been published, ``replay.finished``
    that this is all. Both are statements: saying them again changes no view.
    """
    progress = Progress()
    async with open_publisher(settings) as publisher:
        await _publish(publisher, events, progress, tell)
        finished = [
            encode(ReplayFinished(source=community, time=until, data=ProgressData(until=until)))
            for community, until in progress.communities.items()
        ]
        await publisher.publish(finished)
        progress.position = await publisher.flush()
    tell(progress)
    return progress


async def _publish(
    publisher: Publisher,
    events: Iterable[Event],
    progress: Progress,
    tell: Callable[[Progress], None],
) -> None:
    told_at, told_events = time.monotonic(), 0
    remaining = iter(events)
    while together := list(islice(remaining, TOGETHER)):
        await publisher.publish([encode(event) for event in together])
        for event in together:
            progress.add(event)
        tell(progress)
        now = time.monotonic()
        if progress.events - told_events >= PROGRESS_EVENTS or now - told_at >= PROGRESS_S:
            told_at, told_events = now, progress.events
            await publisher.publish(_progressed(progress))


def _progressed(progress: Progress) -> list[Encoded]:
    """More events of a community's last moment may follow, so what is complete ends before it."""
    ends = {community: last - _MOMENT for community, last in progress.communities.items()}
    return [
        encode(ReplayProgressed(source=community, time=end, data=ProgressData(until=end)))
        for community, end in ends.items()
    ]
