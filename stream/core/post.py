"""What was said under one item: found by a person's name, and by the names that it calls."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING, Final

from stream.core.in_time import between, previous
from stream.core.index import Index, called, token
from stream.core.item import Item
from stream.core.people import call

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stream.core.found import Found
    from stream.core.people import Voice

SHORTEST_BEGINNING: Final = 3
LOOKED_THROUGH: Final = 16  # So many comments are looked through sooner than an index is kept.


class Post:
    """``on``: the item's id; ``said``: the comments on it, in order of time.

    ``fresh``: what is to be looked at again, `said` itself where that is all; None while there is
    nothing to settle. ``changed``: people, and from where on calling them may mean something else.
    ``moved``: ids that stand elsewhere in time than before.
    """

    __slots__ = ("changed", "fresh", "index", "moved", "on", "said")

    def __init__(self, on: str) -> None:
        self.on = on
        self.said: list[Item] = []
        self.index: Index | None = None
        self.fresh: list[Item] | None = None
        self.changed: list[tuple[Voice | None, Item]] | None = None
        self.moved: set[str] | None = None

    def add(self, c: Item) -> None:
        """Put a comment in its place, mostly the end; it is looked at when all are in."""
        said, fresh = self.said, self.fresh
        if said and said[-1].at >= c.at:
            insort(said, c)
            if said[-1] is not c:
                self._change(c.author, c)
        else:
            said.append(c)
        if fresh is not None and fresh is not said:
            fresh.append(c)
        if self.index is not None:
            self.index.add(c)
        elif len(said) > LOOKED_THROUGH:
            self.index = Index(said)

    def remove(self, c: Item) -> None:
        """Take out a comment that is about to change."""
        del self.said[bisect_left(self.said, c)]
        if self.index is not None:
            self.index.remove(c)
        self._change(c.author, Item(c.id, None, None, None, c.at))
        if self.moved is None:
            self.moved = set()
        self.moved.add(c.id)

    def index_again(self) -> None:
        """Many comments name another author than before."""
        if self.index is not None:
            self.index = Index(self.said)

    def mean(self, c: Item, found: tuple[Found, ...]) -> None:
        """A comment means other ones than before."""
        if self.index is None:
            c.found = found
        else:
            self.index.mean(c, found)

    @property
    def mixed(self) -> bool:
        """Whether two persons of one called name have commented."""
        if self.index is not None:
            return self.index.people is not None
        tokens: dict[str, str | None] = {}
        return any(
            tokens.setdefault(called(c), token(c)) != token(c)
            for c in self.said
            if c.author is not None
        )

    def latest(self, name: str, before: Item) -> Item | None:
        """The latest comment by a called name that is earlier than ``before``."""
        if self.index is not None:
            said = self.index.by.get(name)
            return None if said is None else previous(said, before)
        at, id_ = before.at, before.id
        for c in reversed(self.said):
            author = c.author
            if (
                author is not None
                and author.call == name
                and (c.at < at or (c.at == at and c.id < id_))
            ):
                return c
        return None

    def own(self, name: str) -> list[Item]:
        """The comments by a called name, in order of time."""
        if self.index is not None:
            return self.index.by.get(name, [])
        return [c for c in self.said if called(c) == name]

    def firsts(self) -> Iterable[Item]:
        """Of each called name at least the first comment."""
        if self.index is not None:
            return [said[0] for said in self.index.by.values()]
        return self.said

    def lasts(self, before: Item) -> Iterable[Item]:
        """Of each person's comments that are earlier than ``before`` at least the last."""
        index = self.index
        if index is None:
            return self.before(before)
        held = index.by if index.people is None else index.people
        found = (previous(said, before) for said in held.values())
        return (c for c in found if c is not None)

    def before(self, c: Item) -> list[Item]:
        """All comments that are earlier than one of them, which is mostly the last."""
        said = self.said
        return said[:-1] if said[-1] is c else said[: bisect_left(said, c)]

    def beginning(self, start: str) -> Iterable[str]:
        """The called names that begin with ``start``."""
        if self.index is not None:
            return self.index.beginning(start)
        return {name for name in map(called, self.said) if name.startswith(start)}

    def calling(self, names: Iterable[str], since: Item, until: Item | None) -> Iterator[Item]:
        """The comments from ``since`` to ``until`` that call one of ``names`` or its beginning."""
        forms = [
            one[:end]
            for one in names
            for end in range(min(SHORTEST_BEGINNING, len(one)), len(one) + 1)
        ]
        if self.index is None:
            for c in between(self.said, since, until):
                if any(call(name) in forms for name in c.said):
                    yield c
            return
        for form in forms:
            yield from between(self.index.calls.get(form, []), since, until)

    def _change(self, author: Voice | None, since: Item) -> None:
        if self.changed is None:
            self.changed = []
        self.changed.append((author, since))
