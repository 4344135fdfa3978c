"""Who is a robot, as an archive marks it or an operator names it; never a guess from a name."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from stream.codec.events import community_of, encode
from stream.codec.packing import packed, unpacked
from stream.core.events import (
    CommentCreated,
    CommentEdited,
    Event,
    FlagData,
    Person,
    PersonFlagged,
    PostCreated,
    PostEdited,
)
from stream.core.when import to_datetime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from stream.codec.events import Encoded

MARKED: Final = "-1"  # The account by which a Stack Exchange site marks its own doings.
EVIDENCE: Final = "the account -1 is the site's own"

First = dict[str, tuple[datetime, str]]
"""When the account -1 of a community first did something, and what it was called then."""

_WHO: Final[dict[type[Event], Callable[[Event], Person | None]]] = {
    PostCreated: attrgetter("data.author"),
    CommentCreated: attrgetter("data.author"),
    PostEdited: attrgetter("data.by"),
    CommentEdited: attrgetter("data.by"),
}


def marked(events: Iterable[Event], first: First | None = None) -> Iterator[Event]:
    """``events`` of Stack Exchange; at their end that the account -1 is a robot, if it is there.

    That is stated with the time of the first that it wrote or edited, so that whoever looks at any
    moment knows it from then on. ``first``: what it did that is not among ``events``.
    """
    first = {} if first is None else first
    for event in events:
        yield event
        watch(event, first)
    for community, (time, name) in sorted(first.items()):
        person = Person(id=MARKED, name=name or None)
        data = FlagData(person=person, robot=True, by="reader", evidence=EVIDENCE)
        yield PersonFlagged(source=community, time=time, data=data)


def watch(event: Event, first: First) -> None:
    """Put into ``first`` what the account -1 did, where that was earlier than what is there."""
    names = _WHO.get(type(event))
    who = None if names is None else names(event)
    if who is not None and who.id == MARKED:
        join(first, {event.source: (event.time, who.name or "")})


def join(first: First, other: First) -> None:
    """The earlier of both, of each community."""
    for community, found in other.items():
        first[community] = min(found, first.get(community, found))


def named(
    events: Iterable[bytes], names: Sequence[str], since: int | None = None
) -> Iterator[bytes]:
    """Packed ``events`` in order, and before the first of each community that these are robots.

    ``since``: before the first of these that is not earlier. What is given may be a name or an id,
    and nobody can tell which: both are stated.
    """
    return _named(events, names, since) if names else iter(events)


def _named(events: Iterable[bytes], names: Sequence[str], since: int | None) -> Iterator[bytes]:
    begun: set[str] = set()
    for record in events:
        event = unpacked(record)
        community = community_of(event)
        if community not in begun and (since is None or event.at >= since):
            begun.add(community)
            yield from sorted(map(packed, _flags(names, community, event.at)))
        yield record


def _flags(names: Sequence[str], community: str, at: int) -> Iterator[Encoded]:
    for name in dict.fromkeys(names):
        for person in (Person(id=name), Person(name=name)):
            data = FlagData(person=person, robot=True, evidence=f"--bots {name}")
            yield encode(PersonFlagged(source=community, time=to_datetime(at), data=data))
