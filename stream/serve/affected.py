"""Which threads' rows do not hold for a moment, without robots or without aliases.

Rather one too many, which is folded again to the same, than one too few.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

from stream.codec.events import decode
from stream.core.events import PersonAliased, PersonFlagged
from stream.core.people import call, tokens_of, unite
from stream.core.robots import names_of
from stream.core.when import ms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream.core.events import Event
    from stream.core.people import Names
    from stream.serve.again import How
    from stream.serve.shown import Shown

_OF: Final = {True: "t.community = ?", False: "? IS NULL"}
_SPANS: Final = "FROM threads t JOIN spans s USING(no) WHERE"
_ONE_OF: Final = "IN (SELECT value FROM json_each(?))"
_WRITTEN: Final = (
    "SELECT DISTINCT thread FROM items"  # noqa: S608 (our own words)
    f" WHERE community = ? AND (author {_ONE_OF} OR called {_ONE_OF})"
)


class Place(NamedTuple):
    """A thread's number, the partition it lies in, and its key."""

    number: int
    part: int
    key: str


def affected(shown: Shown, community: int | None, how: How, *, tags: bool) -> list[Place]:
    """Those to be folded again, by community; ``tags``: also where the tags were others."""
    numbers = (
        _straddling(shown, community, how.as_of, tags=tags) if how.as_of is not None else set()
    )
    for number in [community] if community is not None else shown.communities().values():
        numbers |= _by_people(shown, number, how)
    found = shown.rows(
        f"SELECT t.no, t.part, t.key {_SPANS} ifnull(s.first <= ?, 1)"
        f" AND t.no {_ONE_OF} ORDER BY t.community, t.no",
        how.as_of,
        json.dumps(sorted(numbers)),
    )
    return [Place(*row) for row in found]


def people(shown: Shown, community: int) -> list[Event]:
    """What is stated of a community's people."""
    return [decode(value, where="") for value in shown.people(community)]


def _straddling(shown: Shown, community: int | None, as_of: int, *, tags: bool) -> set[int]:
    """Those that had begun, and to which something happened since."""
    last = "max(s.last, s.edited)" if tags else "s.last"
    found = shown.rows(
        f"SELECT t.no {_SPANS} {_OF[community is not None]} AND s.first <= ? AND {last} > ?",
        community,
        as_of,
        as_of,
    )
    return {number for (number,) in found}


def _by_people(shown: Shown, community: int, how: How) -> set[int]:
    """Those in which somebody has written who is a robot, or has another name."""
    stated = people(shown, community)
    aliases = [event for event in stated if isinstance(event, PersonAliased)]
    late = [event for event in aliases if not (how.aliases and _by(event, how.as_of))]
    names = _together({call(name) for event in late for name in event.data.names}, aliases)
    authors: set[str] = set()
    if not how.robots:
        robots = _robots(stated, how.as_of)
        authors = {token for token in robots if token[0] != "~"}
        names |= _together(names_of(robots), aliases)
    numbers = set[int]()
    if names or authors:
        called, tokens = json.dumps(sorted(names)), json.dumps(sorted(authors))
        numbers = {number for (number,) in shown.rows(_WRITTEN, community, tokens, called)}
    if not how.aliases or authors or names:  # Threads with aliases of their own.
        own = shown.rows(f"SELECT t.no {_SPANS} {_OF[True]} AND s.aliased", community)
        numbers |= {number for (number,) in own}
    return numbers


def _robots(stated: list[Event], as_of: int | None) -> frozenset[str]:
    flags = [
        event.data for event in stated if isinstance(event, PersonFlagged) and _by(event, as_of)
    ]
    return tokens_of((one.person.id or "", one.person.name or "") for one in flags if one.robot)


def _together(names: Iterable[str], aliases: list[PersonAliased]) -> set[str]:
    """``names``, and all that any alias, stated whenever, makes one person's with them."""
    known: Names = {}
    for event in aliases:
        unite(known, event.data.names)
    return {other for name in names for other in known.get(name, (name,))}


def _by(event: Event, as_of: int | None) -> bool:
    return as_of is None or ms(event.time) <= as_of
