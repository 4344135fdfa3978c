"""Threads folded again, one after the other: as of a moment, without robots, without aliases.

All threads of a community are folded into one state, each gone before the next comes, so that what
is stated of the community's people is joined once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stream.core.events import Event, PersonAliased
from stream.core.fold import Partition, find_out
from stream.core.item import latest_tags
from stream.core.robots import robots_items, without
from stream.core.waits import waits
from stream.serve.as_of import join

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stream.core.thread import Thread
    from stream.core.wait import Wait


class How(NamedTuple):
    """``as_of``: what was stated by then, None for all of it; ``robots``, ``aliases``: with them.

    Without robots a thread is what it would be, had they written nothing in it.
    """

    as_of: int | None = None
    robots: bool = True
    aliases: bool = True


class Again(NamedTuple):
    """What became of a thread. ``by_robot``: one asked it, and is left out; the rest is as if not.

    ``first_at``: when it began; ``waits`` by metric, None where one has not begun.
    """

    first_at: int
    tags: tuple[str, ...]
    waits: dict[str, Wait | None]
    by_robot: bool = False


class Folding:
    """The threads of one community, of whose people ``people`` is stated."""

    def __init__(self, community: str, people: Iterable[Event], how: How) -> None:
        self._community = community
        self._how = how
        self._state = Partition()
        self._join(people)

    def thread(self, id_: str, events: Sequence[Event]) -> Again | None:
        """A thread of these ``events``; None where it had not begun."""
        found = self._fold(id_, events)
        if found.root is None:
            return None
        written = frozenset[str]() if self._how.robots else robots_items(found)
        if found.root.id in written:
            return _again(found, by_robot=True)
        if written:
            found = self._fold(id_, without(events, written))
        return _again(found)

    def _fold(self, id_: str, events: Iterable[Event]) -> Thread:
        community = self._state.community(self._community)
        community.threads.clear()
        community.told.clear()
        community.quarters.clear()
        self._state.touched.clear()
        self._join(events)
        thread = self._state.thread(self._community, id_)
        find_out(thread, replies=False)
        return thread

    def _join(self, events: Iterable[Event]) -> None:
        if not self._how.aliases:
            events = [event for event in events if not isinstance(event, PersonAliased)]
        join(self._state, events, self._how.as_of)


def _again(thread: Thread, *, by_robot: bool = False) -> Again:
    tags = () if thread.root is None else latest_tags(thread.root)
    return Again(thread.first_at, tags, waits(thread), by_robot)
