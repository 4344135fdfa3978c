"""What is odd about events that could be read, seen as they go by.

A robot is what an archive marks or an operator names, never what behaves like one: a burst is only
said to be one.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Final, NamedTuple

from stream.archive.numbered_ids import InTurn, Numbered, number_of
from stream.codec.times import stamp
from stream.core.events import (
    CommentCreated,
    CommentEdited,
    ItemDeleted,
    ItemRestored,
    PersonFlagged,
    PostCreated,
    PostEdited,
)
from stream.core.people import Voice, call, masked, tokens_of
from stream.core.when import ms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream.core.events import Event, Person

BURST: Final = 30  # Acts of one account within an hour.
HOUR_MS: Final = 3_600_000
FORGET: Final = 10_000  # Events after which those who fell silent are forgotten.

Odd = tuple[str, str]


class Robots:
    """Who is stated to be a robot, and how much each of them did."""

    def __init__(self) -> None:
        self._stated: dict[tuple[str, bool], frozenset[str]] = {}
        self._acts: Counter[tuple[str, Person]] = Counter()

    def join(self, event: PersonFlagged) -> None:
        key, person = (event.source, event.data.robot), event.data.person
        tokens = tokens_of([(person.id or "", person.name or "")])
        self._stated[key] = self._stated.get(key, frozenset()) | tokens

    def has(self, community: str, person: Person) -> bool:
        if not self._stated:
            return False
        voice = Voice(person.id, person.name)
        robots, humans = (
            self._stated.get((community, robot), frozenset()) for robot in (True, False)
        )
        return masked(voice, robots) and not masked(voice, humans)

    def count(self, community: str, person: Person) -> None:
        self._acts[community, person] += 1

    @property
    def acts(self) -> dict[str, int]:
        """By name; who is stated to be none after all has none."""
        acts: Counter[str] = Counter()
        for (community, person), count in self._acts.items():
            if self.has(community, person):
                acts[_name(person)] += count
        return dict(acts)


class Act(NamedTuple):
    """Somebody did something at a moment that is known."""

    person: Person
    at: int


class Watch:
    """Looks at events in their order; holds who was active within the last hour, and ids."""

    def __init__(self, robots: Robots) -> None:
        self._robots = robots
        self._recent: dict[tuple[str, str], deque[int]] = {}
        self._bursting: dict[tuple[str, str], tuple[int, int, Person]] = {}
        self._last_id = ""
        self._ids: dict[str, InTurn] = {}
        self._seen = 0

    def see(self, event: Event) -> Iterator[Odd]:
        if event.id and event.id == self._last_id:
            yield "repeated-event", f"{event.id} ({event.source}/{event.subject})"
        self._last_id = event.id
        if isinstance(event, PersonFlagged):
            self._robots.join(event)
        if isinstance(event, PostCreated) and event.data.item == event.subject:
            yield from self._in_order(event)
        act = act_of(event)
        if act is not None:
            yield from self._acted(event.source, act)

    def ended(self) -> Iterator[Odd]:
        """The bursts that nothing ended."""
        for person, burst in self._bursting.items():
            yield self._burst(person, *burst)

    def _in_order(self, event: PostCreated) -> Iterator[Odd]:
        number = number_of(event.data.item)
        if number is None or event.data.when.at is None:
            return
        this = Numbered(number[1], ms(event.data.when.at), event.subject)
        before = self._ids.setdefault(event.source, InTurn()).see(this)
        if before is not None:
            yield "id-order", f"{this.id} is later than {before} ({event.source})"

    def _acted(self, community: str, act: Act) -> Iterator[Odd]:
        if self._robots.has(community, act.person):
            self._robots.count(community, act.person)
        self._seen += 1
        if not self._seen % FORGET:
            self._forget(act.at)
        person = community, act.person.id or f"@{call(act.person.name or '')}"
        recent = self._recent.setdefault(person, deque())
        recent.append(act.at)
        while recent[0] <= act.at - HOUR_MS:
            recent.popleft()
        burst = self._bursting.get(person)
        if len(recent) >= BURST:
            begun, acts, who = burst or (recent[0], BURST - 1, act.person)
            self._bursting[person] = begun, acts + 1, who
        elif burst is not None:
            del self._bursting[person]
            yield self._burst(person, *burst)

    def _burst(self, person: tuple[str, str], begun: int, acts: int, who: Person) -> Odd:
        code = "robot-burst" if self._robots.has(person[0], who) else "burst"
        return code, f"{acts:,} acts of {_name(who)} from {stamp(begun)[:16]}Z ({person[0]})"

    def _forget(self, now: int) -> None:
        silent = [who for who, recent in self._recent.items() if recent[-1] <= now - HOUR_MS]
        for who in silent:
            if who not in self._bursting:
                del self._recent[who]


def act_of(event: Event) -> Act | None:
    """Who did what an event says, where it says who and when."""
    match event:
        case PostCreated() | CommentCreated():
            person = event.data.author
        case PostEdited() | CommentEdited() | ItemDeleted() | ItemRestored():
            person = event.data.by
        case _:
            return None
    if person is None or event.data.when.at is None:
        return None
    return Act(person, ms(event.data.when.at))


def _name(person: Person) -> str:
    if person.id is None:
        return person.name or "nobody"
    return f"{person.name} ({person.id})" if person.name else f"user {person.id}"
