"""What was said under one item: each name's own comments, and those that call a name."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING, Final

from stream.core.item import Item
from stream.core.people import call

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stream.core.people import Voice

NOBODY: Final = ""  # Whose comments those are that name no author; nobody can be called so.
SHORTEST_BEGINNING: Final = 3


class Post:
    """Sorted by time throughout, so that the latest earlier comment is the last, else a bisection.

    ``fresh``: what is to be looked at again; None while there is nothing to settle. ``changed``:
    people, and from where on calling them may mean something else. ``moved``: ids that stand
    elsewhere in time than before. ``mixed``: two persons of one called name have commented.
    """

    __slots__ = ("by", "calls", "changed", "fresh", "last", "mixed", "moved", "names")

    def __init__(self) -> None:
        self.last: Item | None = None
        self.by: dict[str, list[Item]] = {}
        self.names: list[str] = []
        self.calls: dict[str, list[Item]] | None = None
        self.fresh: list[Item] | None = None
        self.changed: list[tuple[Voice | None, Item]] | None = None
        self.moved: set[str] | None = None
        self.mixed = False

    def add(self, c: Item) -> None:  # noqa: C901 - in one piece, as it runs for every comment
        """Put a comment in its place, mostly the end."""
        name = called(c)
        said = self.by.get(name)
        if said is None:
            self.by[name] = [c]
            if name:
                insort(self.names, name)
        else:
            if not self.mixed and name and c.author is not said[0].author:
                self.mixed = token(c) != token(said[0])
            if said[-1].at < c.at:
                said.append(c)
            else:
                insort(said, c)
        last = self.last
        if last is None or last.at < c.at or last < c:
            self.last = c
        else:
            self._change(c.author, c)
        for said_name in c.said:
            if self.calls is None:
                self.calls = {}
            calling = self.calls.get(call(said_name))
            if calling is None:
                self.calls[call(said_name)] = [c]
            else:
                insert(calling, c)

    def remove(self, c: Item) -> None:
        """Take out a comment that is about to change."""
        name = called(c)
        said = self.by[name]
        del said[bisect_left(said, c)]
        if not said:
            del self.by[name]
            if name:
                del self.names[bisect_left(self.names, name)]
        since = Item(c.id)
        since.at = c.at
        self._change(c.author, since)
        if self.last is c:
            self.last = max([own[-1] for own in self.by.values()], default=None)
        for said_name in c.said:
            calling = (self.calls or {})[call(said_name)]
            del calling[bisect_left(calling, c)]
        if self.moved is None:
            self.moved = set()
        self.moved.add(c.id)

    def latest(self, name: str, before: Item) -> Item | None:
        """The latest comment by a called name that is earlier than ``before``."""
        said = self.by.get(name)
        return None if said is None else previous(said, before)

    def beginning(self, start: str) -> Iterator[str]:
        """The called names that begin with ``start``."""
        index = bisect_left(self.names, start)
        while index < len(self.names) and self.names[index].startswith(start):
            yield self.names[index]
            index += 1

    def calling(self, names: Iterable[str], since: Item, until: Item | None) -> Iterator[Item]:
        """The comments from ``since`` to ``until`` that call one of ``names`` or its beginning."""
        if self.calls is None:
            return
        for one in names:
            for end in range(min(SHORTEST_BEGINNING, len(one)), len(one) + 1):
                calling = self.calls.get(one[:end])
                if calling is not None:
                    first = bisect_left(calling, since)
                    last = len(calling) if until is None else bisect_right(calling, until)
                    yield from calling[first:last]

    def comments(self) -> list[Item]:
        """All comments, in order of time."""
        return sorted([c for said in self.by.values() for c in said])

    def _change(self, author: Voice | None, since: Item) -> None:
        if self.changed is None:
            self.changed = []
        self.changed.append((author, since))


def called(c: Item) -> str:
    """The name by which a comment's author is called."""
    return NOBODY if c.author is None else c.author.call


def token(c: Item) -> str | None:
    """What tells a comment's author from others; None where nobody is known."""
    return None if c.author is None else c.author.token


def insert(items: list[Item], item: Item) -> None:
    """Put an item in its place."""
    if not items or items[-1].at < item.at:
        items.append(item)
    else:
        insort(items, item)


def previous(items: list[Item], before: Item) -> Item | None:
    """The last of ``items`` that is earlier than ``before``."""
    last = items[-1]
    if last.at < before.at:
        return last
    index = bisect_left(items, before)
    return items[index - 1] if index else None


def later(one: Item | None, other: Item | None) -> Item | None:
    """The later of two; of one and none the one."""
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)
