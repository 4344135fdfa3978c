"""What a replay takes from archives, and what of it has been published."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from stream.codec.events import NOWHERE, community_of
from stream.codec.packing import KEY_AT, id_of, time_of, unpacked
from stream.core.position import Position
from stream.core.when import to_datetime
from stream.replay_point import DIGESTS, Point, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

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

    def add(self, events: Sequence[bytes], *, already: bool = False) -> None:
        """Some more, packed, in order, and no earlier than those before."""
        if not events:
            return
        last = time_of(events[-1])
        if self.last is None or last > self.last:
            of_last = bisect_left(events, last, key=time_of)
            self._count(events[:of_last], already=already)
            self._settled = (self.events + self.already, self._digest)
            self.first = time_of(events[0]) if self.first is None else self.first
            self.last, events = last, events[of_last:]
        self._count(events, already=already)

    def _count(self, events: Sequence[bytes], *, already: bool) -> None:
        self._end(events)
        self._digest = (self._digest + digest_of(events)) % DIGESTS
        if already:
            self.already += len(events)
        else:
            self.events += len(events)

    def _end(self, events: Sequence[bytes]) -> None:
        """Each community ends with its last event so far."""
        ends, community, place, before = self.ends, "", NOWHERE, b""
        for event in events:
            if place == NOWHERE or not event.startswith(place, KEY_AT):
                if before:
                    ends[community] = time_of(before)
                said = unpacked(event)
                key, community = said.key, community_of(said)
                place = NOWHERE if key is None else key[: key.index(b"/") + 1]
            before = event
        if before:
            ends[community] = time_of(before)

    def point(self, until: int) -> Point:
        """What has come up to ``until``: the last event's time, just before it, or later."""
        if self.last is not None and until < self.last:
            settled, digest = self._settled
            beyond = self.events + self.already - settled
            return Point(settled, digest, until, beyond, (self._digest - digest) % DIGESTS)
        return Point(self.events + self.already, self._digest, until)


def digest_of(events: Iterable[bytes]) -> int:
    """The sum of the ids of packed events, as a `Point` has it."""
    return sum(map(int.from_bytes, map(id_of, events))) % DIGESTS


class Source:
    """The events of archives, packed, and by what they are known again.

    ``opened`` gives all of them in order, each time anew; ``ends``: the time of each community's
    last one, as far as that is known. Making a source takes the first events, which is when an
    archive that is in no order is read and sorted.
    """

    def __init__(
        self, opened: Callable[[], Iterable[bytes]], how: How, ends: Mapping[str, int]
    ) -> None:
        self.how = how
        self.ends = ends
        self.cut = False
        self._opened = opened
        events = iter(opened())
        first = list(islice(events, KNOWN_BY))
        self.archive = fingerprint(first)
        self._events = chain(first, events)

    def events(self) -> Iterator[bytes]:
        """Those from ``since`` on and before ``until``, which sets ``cut`` if any comes later."""
        since, until = self.how.since, self.how.until
        return self._events if since is None and until is None else self._within(since, until)

    def _within(self, since: int | None, until: int | None) -> Iterator[bytes]:
        for event in self._events:
            at = time_of(event)
            if until is not None and at >= until:
                self.cut = True
                return
            if since is None or at >= since:
                yield event

    async def passed(self, point: Point, progress: Progress) -> bool:
        """Leave out what lies before ``point``; False where that is no point of these events."""
        passed: list[bytes] = []
        for event in self._events:
            if time_of(event) > point.until:
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

    def _beyond(self, point: Point) -> list[bytes]:
        """What of the moment after ``point`` is published, too; nothing where that is not sure."""
        if point.beyond > BEYOND_MAX:
            return []
        next_ones = list(islice(self._events, point.beyond))
        same = digest_of(next_ones) == point.digest_beyond
        if same and len(set(map(time_of, next_ones))) <= 1:
            return next_ones
        self._events = chain(next_ones, self._events)
        return []

    def anew(self) -> Source:
        """The same from the start."""
        return Source(self._opened, self.how, self.ends)
