"""Counts that are kept in order while they change, for whoever would else sort them each time."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


FEW: Final = 50  # To take each out of its place is faster than to go through all.


class Ordered(dict[int, int]):
    """How many there are of each number, 1 and more; changed by `change` alone.

    ``moments``: the numbers in order. ``often``: those of which there is more than one, and how
    many, in no order: they are few where the numbers are milliseconds.
    """

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        super().__init__(counts or {})
        self.moments = sorted(self)
        self.often = {number: many for number, many in self.items() if many > 1}

    @property
    def total(self) -> int:
        """How many there are of all numbers."""
        return len(self) + sum(self.often.values()) - len(self.often)

    def change(self, counts: Mapping[int, int], gone: Collection[int]) -> None:
        """Let there be as many as ``counts`` says of those named there, and none of ``gone``."""
        self.moments += [number for number in counts if number not in self]
        self.moments.sort()  # Two runs, which are merged.
        self.update(counts)
        for number, many in counts.items():
            if many > 1:
                self.often[number] = many
            else:
                self.often.pop(number, None)
        lost = {number for number in gone if self.pop(number, 0)}
        for number in lost:
            self.often.pop(number, None)
        if len(lost) > FEW:
            self.moments = [number for number in self.moments if number not in lost]
        else:
            for number in lost:
                del self.moments[bisect_left(self.moments, number)]

    @override
    def __reduce__(self) -> tuple[type[Ordered], tuple[dict[int, int]]]:
        """Each number once where these go to another process."""
        return Ordered, (dict(self),)

    @override
    def copy(self) -> Ordered:
        """As they are, whatever becomes of these."""
        made = Ordered()
        made.update(self)
        made.moments, made.often = self.moments.copy(), self.often.copy()
        return made
