"""Comments by whom they address, of those whose many comments were looked through in vain.

Who calls somebody means, at best, the last comment that was not said to a third person. Of a host
who answers thousands by name that may be long ago, and each of them would look for it again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stream.core.in_time import later, previous, put, take

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stream.core.item import Item

ALL: Final = ""  # Whom a comment addresses that calls nobody who is known; no token is like that.


class Addressed:
    """The comments by one called name, each list in order of time."""

    __slots__ = ("_held",)

    def __init__(self, said: Iterable[Item]) -> None:
        self._held: dict[tuple[str, str | None], list[Item]] = {}
        for c in said:
            self.add(c)

    def add(self, c: Item) -> None:
        """Put a comment in, which addresses whom it does now."""
        for key in _keys(c):
            put(self._held, key, c)

    def remove(self, c: Item) -> None:
        """Take out a comment that is about to change, or to address others."""
        for key in _keys(c):
            take(self._held, key, c)

    def latest(
        self, authors: Iterable[str], whom: Iterable[str | None], before: Item
    ) -> Item | None:
        """The last one earlier than ``before`` by one of ``authors`` to one of ``whom``: tokens."""
        found = None
        among = tuple(whom)
        for author in authors:
            for one in among:
                held = self._held.get((author, one))
                if held is not None:
                    found = later(found, previous(held, before))
        return found


def _keys(c: Item) -> Iterator[tuple[str, str | None]]:
    if c.author is None:
        return
    token = c.author.token
    whom = {
        None if found.person is None else found.person.token
        for found in c.found
        if found.to is not None
    }
    if not whom:
        yield token, ALL
    for one in whom:
        yield token, one
