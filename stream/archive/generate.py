"""A made-up community as events, in their order: as long as wanted, and the same for a seed.

Only what goes on at one time is kept: a heap with the next act of each open thread, so memory
depends on how busy the community is, not on how long it lasts.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from itertools import islice
from typing import TYPE_CHECKING, Final, Protocol

from stream.archive.made_up.chance import HOUR, MINUTE, Chance, busy_until, time_of
from stream.archive.made_up.people import ROBOT, People
from stream.archive.made_up.thread import Thread
from stream.archive.made_up.words import ROBOT_NOTE
from stream.archive.made_up.world import World
from stream.archive.robots import EVIDENCE
from stream.codec.events import identified
from stream.core.events import (
    AliasData,
    Changes,
    EditData,
    Event,
    FlagData,
    PersonAliased,
    PersonFlagged,
    PostEdited,
    order,
)
from stream.core.when import When, ms, to_datetime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

OPEN_MAX: Final = 50_000  # Threads; while so many go on, nobody comes by at a new one.
FIRST_NUMBER: Final = 10_001
ROBOT_EDITS: Final = 240  # At most, and of a small community every fourth question.
ALIASES_MAX: Final = 8


def generate(
    *,
    threads: int,
    seed: int,
    since: datetime,
    until: datetime,
    community: str = "community.example",
) -> Iterator[Event]:
    """So many threads that begin between ``since`` and ``until``, and what is said in them.

    In the order of events. What would come at ``until`` or later never comes, so some still wait.
    The same arguments give the same events, in every Python and on every machine.
    """
    chance = Chance(seed)
    world = World(community, chance, People(chance, threads))
    span = _Span(ms(since), ms(until))
    agenda = _Agenda()
    asking = _Asking(world, agenda, threads, span)
    agenda.add(asking.coming(), asking)
    agenda.add(span.at(0.6) // HOUR * HOUR, _Robot(world, asking.recent))
    renaming = _Renaming(world, span, threads)
    agenda.add(renaming.coming(), renaming)
    return agenda.run(span.until)


class _Actor(Protocol):
    def act(self, at: int) -> tuple[Event | None, int | None]:
        """What happens at ``at``, and when it acts again; None where it is done."""


class _Agenda:
    """Who acts next; among those who act at one time, whoever was added first."""

    def __init__(self) -> None:
        self._coming: list[tuple[int, int, _Actor]] = []
        self._added = 0

    def __len__(self) -> int:
        return len(self._coming)

    def add(self, at: int | None, actor: _Actor) -> None:
        if at is not None:
            self._added += 1
            heappush(self._coming, (at, self._added, actor))

    def run(self, until: int) -> Iterator[Event]:
        """Everything that happens before ``until``, what happens at one time in its own order."""
        together: list[Event] = []
        now = None
        while self._coming and self._coming[0][0] < until:
            at, _, actor = heappop(self._coming)
            if at != now:
                yield from sorted(together, key=order)
                together.clear()
                now = at
            event, again = actor.act(at)
            if event is not None:
                together.append(event)
            self.add(again, actor)
        yield from sorted(together, key=order)


class _Span:
    """A stretch of time in which more happens at some hours than at others."""

    def __init__(self, since: int, until: int) -> None:
        self.since, self.until = since, until
        self._from, self._to = busy_until(since), busy_until(until)

    def at(self, share: float) -> int:
        """The moment by which so much of all that happens has happened."""
        return time_of(self._from + int(share * (self._to - self._from)))


class _Asking:
    """Begins one thread after another, spread evenly over the span's busy hours."""

    def __init__(self, world: World, agenda: _Agenda, threads: int, span: _Span) -> None:
        self._world, self._agenda, self._threads, self._span = world, agenda, threads, span
        self._begun = 0
        self.recent: deque[Thread] = deque(maxlen=min(ROBOT_EDITS, 1 + threads // 4))

    def coming(self) -> int | None:
        if self._begun == self._threads:
            return None
        return self._span.at((self._begun + self._world.chance.draw()) / self._threads)

    def act(self, at: int) -> tuple[Event | None, int | None]:
        subject = str(FIRST_NUMBER + self._begun)
        thread = Thread.begin(self._world, subject, alone=len(self._agenda) >= OPEN_MAX)
        self._begun += 1
        self.recent.append(thread)
        event, again = thread.act(at)
        self._agenda.add(again, thread)
        return event, self.coming()


class _Robot:
    """Is said to be one, and edits the questions asked last, all within one hour."""

    def __init__(self, world: World, recent: deque[Thread]) -> None:
        self._world, self._recent = world, recent
        self._pause = 0

    def act(self, at: int) -> tuple[Event | None, int | None]:
        if not self._recent:
            return None, None
        if not self._pause:
            self._pause = 55 * MINUTE // len(self._recent)
            data = FlagData(person=ROBOT, robot=True, by="reader", evidence=EVIDENCE)
            community = self._world.community
            flagged = PersonFlagged(source=community, time=to_datetime(at), data=data)
            return identified(flagged), at
        thread = self._recent.popleft()
        edit = EditData(
            item="q",
            revision="robot",
            by=ROBOT,
            changes=Changes(text=thread.text(300)),
            note=ROBOT_NOTE,
            when=When(at=to_datetime(at)),
        )
        event = self._world.tell(PostEdited, thread.subject, edit)
        return event, at + self._pause


class _Renaming:
    """Says, of some who have changed their names, that both are one person."""

    def __init__(self, world: World, span: _Span, threads: int) -> None:
        self._world, self._span = world, span
        self._coming = deque(islice(world.people.renamed(), min(ALIASES_MAX, 1 + threads // 40)))
        self._planned = len(self._coming)

    def coming(self) -> int | None:
        done = self._planned - len(self._coming)
        return self._span.at((done + 0.5) / self._planned) if self._coming else None

    def act(self, at: int) -> tuple[Event | None, int | None]:
        data = AliasData(names=self._coming.popleft(), evidence="the profile's list of names")
        aliased = PersonAliased(source=self._world.community, time=to_datetime(at), data=data)
        return identified(aliased), self.coming()
