"""Ids that are numbers, which sites give out in order of time; where they are not is odd."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_NUMBERED: Final = re.compile(r"(?P<kind>c?)(?P<number>\d{1,18})")


class Numbered(NamedTuple):
    """An id, as the number that it is, and when it was given."""

    number: int
    at: int
    id: str


class InTurn:
    """Ids seen in order of time: each is held against the highest of the moment before its own."""

    __slots__ = ("_before", "_highest")

    def __init__(self) -> None:
        self._before: Numbered | None = None
        self._highest: Numbered | None = None

    def see(self, this: Numbered) -> str | None:
        """The id with a larger number that is earlier than this one, where there is one."""
        if self._highest is None or this.at > self._highest.at:
            self._before, self._highest = self._highest, this
        else:
            self._highest = max(self._highest, this)
        before = self._before
        return before.id if before is not None and this.number < before.number else None


def number_of(id_: str) -> tuple[str, int] | None:
    """Of what kind an id is, and its number; None where it is none."""
    match = _NUMBERED.fullmatch(id_)
    return None if match is None else (match["kind"], int(match["number"]))
