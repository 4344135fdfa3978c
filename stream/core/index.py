"""The comments on one item by who wrote them, and by whom they call."""

from __future__ import annotations

from bisect import bisect_left, insort
from itertools import chain
from typing import TYPE_CHECKING, Final

from stream.core.addressed import Addressed
from stream.core.in_time import insert, later, put, take
from stream.core.people import call

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stream.core.found import Found
    from stream.core.item import Item

NOBODY: Final = ""  # Whose comments those are that name no author; nobody can be called so.


class Index:
    """The comments by each name, and those that call a name, sorted by time.

    Most posts have few comments, so most have no index: dictionaries and lists for each were a
    sixth of a worker's memory. ``people``: those by each token, once two persons of one called name
    have commented. ``addressed``: by called names, of which it was asked for.
    """

    __slots__ = ("addressed", "by", "calls", "names", "people")

    def __init__(self, comments: Iterable[Item]) -> None:
        self.by: dict[str, list[Item]] = {}
        self.names: list[str] = []
        self.calls: dict[str, list[Item]] = {}
        self.people: dict[str | None, list[Item]] | None = None
        self.addressed: dict[str, Addressed] | None = None
        for c in comments:
            self.add(c)

    def add(self, c: Item) -> None:
        """Put a comment in its place, mostly the end."""
        author = c.author
        name = NOBODY if author is None else author.call
        said = self.by.get(name)
        if said is None:
            self.by[name] = [c]
            if name:
                insort(self.names, name)
        else:
            if author is not said[0].author and name and self.people is None:
                self._tell_apart(said[0], c)
            insert(said, c)
        if self.people is not None:
            put(self.people, token(c), c)
        if self.addressed is not None and name in self.addressed:
            self.addressed[name].add(c)
        for said_name in c.said:
            put(self.calls, call(said_name), c)

    def _tell_apart(self, one: Item, other: Item) -> None:
        """Keep comments by tokens where two of one called name have different ones."""
        if token(one) != token(other):
            self.people = {}
            for c in chain.from_iterable(self.by.values()):
                put(self.people, token(c), c)

    def remove(self, c: Item) -> None:
        """Take out a comment that is about to change."""
        name = called(c)
        said = self.by[name]
        del said[bisect_left(said, c)]
        if not said:
            del self.by[name]
            if name:
                del self.names[bisect_left(self.names, name)]
        if self.people is not None:
            take(self.people, token(c), c)
        if self.addressed is not None and name in self.addressed:
            self.addressed[name].remove(c)
        for said_name in c.said:
            calling = self.calls[call(said_name)]
            del calling[bisect_left(calling, c)]

    def mean(self, c: Item, found: tuple[Found, ...]) -> None:
        """A comment means other ones than before."""
        held = None if self.addressed is None else self.addressed.get(called(c))
        if held is None:
            c.found = found
        else:
            held.remove(c)
            c.found = found
            held.add(c)

    def addressing(
        self,
        names: Iterable[str],
        authors: Iterable[str],
        whom: Iterable[str | None],
        before: Item,
    ) -> Item | None:
        """Of the comments by called ``names`` what `Addressed.latest` gives."""
        if self.addressed is None:
            self.addressed = {}
        found = None
        for name in names:
            held = self.addressed.get(name)
            if held is None:
                held = self.addressed[name] = Addressed(self.by.get(name, ()))
            found = later(found, held.latest(authors, whom, before))
        return found

    def beginning(self, start: str) -> Iterator[str]:
        """The called names that begin with ``start``."""
        index = bisect_left(self.names, start)
        while index < len(self.names) and self.names[index].startswith(start):
            yield self.names[index]
            index += 1


def called(c: Item) -> str:
    """The name by which a comment's author is called."""
    return NOBODY if c.author is None else c.author.call


def token(c: Item) -> str | None:
    """What tells a comment's author from others; None where nobody is known."""
    return None if c.author is None else c.author.token
