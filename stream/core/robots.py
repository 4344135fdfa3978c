"""Who is a robot: what was stated of a community's people, and what of a thread is a robot's.

A statement with an id means that account, one with a name alone whoever is shown under it; what
is not its name but an alias of it means the same person. Nothing else makes anybody a robot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream.core.people import masked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream.core.events import Event
    from stream.core.people import Voice
    from stream.core.thread import Thread


def is_robot(thread: Thread, voice: Voice) -> bool:
    """Whether somebody is stated to be a robot, and nobody states that they are none."""
    robots, humans = thread.community.robots, thread.community.humans
    if not robots or masked(voice, humans):
        return False
    return masked(voice, robots) or not names_of(robots).isdisjoint(
        thread.aliases.get(voice.call, ())
    )


def names_of(tokens: Iterable[str]) -> frozenset[str]:
    """The called names in what `stream.core.people.tokens_of` gives."""
    return frozenset(token[1:] for token in tokens if token[0] in "@~")


def robots_items(thread: Thread) -> frozenset[str]:
    """The items that robots wrote, by the author that the views show."""
    if not thread.community.robots:
        return frozenset()
    authors = {item.author for item in thread.items.values() if item.author is not None}
    robots = {author for author in authors if is_robot(thread, author)}
    return frozenset(id_ for id_, item in thread.items.items() if item.author in robots)


def without(events: Iterable[Event], items: frozenset[str]) -> list[Event]:
    """``events`` as they would be, had nobody written ``items``."""
    return [event for event in events if getattr(event.data, "item", None) not in items]
