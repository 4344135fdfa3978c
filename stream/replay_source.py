"""What a replay takes from archives, and what of it has been published."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import chain, islice
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from stream.codec.events import NOWHERE, community_of
from stream.core.position import Position
from stream.core.when import to_datetime
from stream.replay_point import DIGESTS, Point, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from stream.codec.events import Encoded

TOGETHER: Final = 2_000  # Events handed on at a time; bounds memory.
BEYOND_MAX: Final = 10_000  # Events of one moment; more are rather published again than held.
KNOWN_BY: Final = 256  # First events, by which an archive is known again.


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """From ``since`` on, before ``until`` (milliseconds); ``speed`` times real time, None: at once.

    ``max_gap_ms``: how much event time a silence may take; ``resume``: go on where one stopped.
    """

    since: int | None = None
    until: int | None = None
    speed: float | None = None
    max_gap_ms: int | None = None
    resume: bool = True


@dataclass(slots=True)
class Progress:
    """What has been published, and between which event times it lies.

    ``already``: events that an earlier replay had published; ``stopped``: before the last event;
    ``unstated``: communities of which nobody knows that all is there up to some time.
    """

    events: int = 0
    already: int = 0
    position: Position = field(default_factory=Position)
    stopped: bool = False
    first: int | None = None
    last: int | None = None
    ends: dict[str, int] = field(default_factory=dict)
    unstated: set[str] = field(default_factory=set)
    _digest: int = 0
    _settled: tuple[int, int] = (0, 0)

    @property
    def since(self) -> datetime | None:
        return None if self.first is None else to_datetime(self.first)

    @property
    def until(self) -> datetime | None:
        return None if self.last is None else to_datetime(self.last)

    @property
    def communities(self) -> dict[str, datetime]:
        """The time of the last event of each."""
        return {community: to_datetime(at) for community, at in self.ends.items()}

    def add(self, events: Sequence[Encoded], *, already: bool = False) -> None:
        """Some more, in order, and no earlier than those before."""
        if not events:
            return
        last = events[-1].at
        if self.last is None or last > self.last:
            of_last = bisect_left(events, last, key=attrgetter("at"))
            self._count(events[:of_last], already=already)
            self._settled = (self.events + self.already, self._digest)
            self.first = events[0].at if self.first is None else self.first
            self.last, events = last, events[of_last:]
        self._count(events, already=already)

    def _count(self, events: Sequence[Encoded], *, already: bool) -> None:
        self._end(events)
        ids = sum([int(event.id, 16) for event in events])
        self._digest = (self._digest + ids) % DIGESTS
        if already:
            self.already += len(events)
        else:
            self.events += len(events)

    def _end(self, events: Sequence[Encoded]) -> None:
        """Each community ends with its last event so far."""
        ends, community, place = self.ends, "", NOWHERE
        for event in events:
            key = event.key
            if key is None or not key.startswith(place):
                community = community_of(event)
                place = NOWHERE if key is None else key[: key.index(b"/") + 1]
            ends[community] = event.at

    def point(self, until: int) -> Point:
        """What has come up to ``until``: the last event's time, just before it, or later."""
        if self.last is not None and until < self.last:
            settled, digest = self._settled
            beyond = self.events + self.already - settled
            return Point(settled, digest, until, beyond, (self._digest - digest) % DIGESTS)
        return Point(self.events + self.already, self._digest, until)


class Source:
    """The events of archives, and by what they are known again.

    ``opened`` gives all of them in order, each time anew; ``ends``: the time of each community's
    last one, as far as that is known. Making a source takes the first events, which is when an
    archive that is in no order is read and sorted.
    """

    def __init__(
        self, opened: Callable[[], Iterable[Encoded]], how: How, ends: Mapping[str, int]
    ) -> None:
        self.how = how
        self.ends = ends
        self.cut = False
        self._opened = opened
        events = iter(opened())
        first = list(islice(events, KNOWN_BY))
        self.archive = fingerprint(first)
        self._events = chain(first, events)

    def events(self) -> Iterator[Encoded]:
        """Those from ``since`` on and before ``until``, which sets ``cut`` if any comes later."""
        since, until = self.how.since, self.how.until
        return self._events if since is None and until is None else self._within(since, until)

    def _within(self, since: int | None, until: int | None) -> Iterator[Encoded]:
        for event in self._events:
            if until is not None and event.at >= until:
                self.cut = True
                return
            if since is None or event.at >= since:
                yield event

    async def passed(self, point: Point, progress: Progress) -> bool:
        """Leave out what lies before ``point``; False where that is no point of these events."""
        passed: list[Encoded] = []
        for event in self._events:
            if event.at > point.until:
                self._events = chain([event], self._events)
                break
            passed.append(event)
            if len(passed) == TOGETHER:
                progress.add(passed, already=True)
                passed.clear()
                await asyncio.sleep(0)
        progress.add(passed, already=True)
        if progress.point(point.until)[:3] != point[:3]:
            return False
        progress.add(self._beyond(point), already=True)
        return True

    def _beyond(self, point: Point) -> list[Encoded]:
        """What of the moment after ``point`` is published, too; nothing where that is not sure."""
        if point.beyond > BEYOND_MAX:
            return []
        next_ones = list(islice(self._events, point.beyond))
        digest = sum([int(event.id, 16) for event in next_ones]) % DIGESTS
        if digest == point.digest_beyond and len({event.at for event in next_ones}) <= 1:
            return next_ones
        self._events = chain(next_ones, self._events)
        return []

    def anew(self) -> Source:
        """The same from the start."""
        return Source(self._opened, self.how, self.ends)
