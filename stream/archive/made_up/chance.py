"""Chance that is the same on every machine: sums and products of `random.Random.random` alone.

Python promises that ``random()`` gives the same numbers for a seed in every version; of the other
methods it does not, and the logarithms behind them differ in the last digit between machines. So
waits come from a table of quantiles, and heavy tails from a division.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

Thing = TypeVar("Thing")

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY

# Twentieths of about a log-normal distribution: minutes to weeks, its median an hour and a half.
WAITS: Final = (
    *(20 * SECOND, 90 * SECOND, 3 * MINUTE, 6 * MINUTE, 10 * MINUTE, 16 * MINUTE, 24 * MINUTE),
    *(35 * MINUTE, 50 * MINUTE, 70 * MINUTE, 95 * MINUTE, 135 * MINUTE, 190 * MINUTE, 5 * HOUR),
    *(8 * HOUR, 13 * HOUR, 22 * HOUR, 40 * HOUR, 4 * DAY, 9 * DAY, 40 * DAY),
)
BY_HOUR: Final = (5, 4, 3, 3, 3, 4, 6, 10, 15, 19, 21, 21, 20, 22, 24, 25, 24, 22, 20, 19, 17, 14)
BY_WEEKDAY: Final = (10, 11, 11, 11, 9, 6, 5)
BUSY: Final = tuple(day * hour for day in BY_WEEKDAY for hour in (*BY_HOUR, 10, 7))
BUSIEST: Final = max(BUSY)
MONDAY: Final = 4 * DAY  # 1970-01-05
_BEFORE: Final = (0, *accumulate(BUSY))


class Chance:
    """One stream of draws; whoever draws does so in the order of events, so all is repeatable."""

    def __init__(self, seed: int) -> None:
        self.draw = Random(seed).random  # noqa: S311 - a made-up community, no secret

    def pick(self, things: Sequence[Thing]) -> Thing:
        return things[int(self.draw() * len(things))]

    def heavy(self, least: int, most: int) -> int:
        """Half are under twice ``least``, and one in a thousand is over a thousand times it."""
        return min(int(least / (1 - self.draw())), most)

    def wait(self) -> int:
        """Milliseconds till somebody comes by: minutes to weeks."""
        place = self.draw() * (len(WAITS) - 1)
        low = int(place)
        return WAITS[low] + int((place - low) * (WAITS[low + 1] - WAITS[low]))

    def awake(self, at: int) -> int:
        """``at``, or somewhat later where few are up at that hour of the week."""
        for _ in range(3):
            if self.draw() * BUSIEST < BUSY[(at - MONDAY) // HOUR % len(BUSY)]:
                break
            at += int(self.draw() * 8 * HOUR)
        return at


def busy_until(at: int) -> int:
    """How much happens in such a community from the first Monday of 1970 until ``at``."""
    weeks, rest = divmod(at - MONDAY, WEEK)
    hour, rest = divmod(rest, HOUR)
    return (weeks * _BEFORE[-1] + _BEFORE[hour]) * HOUR + BUSY[hour] * rest


def time_of(busy: int) -> int:
    """The other way round: the moment until which so much has happened."""
    weeks, rest = divmod(busy, _BEFORE[-1] * HOUR)
    hour = bisect_right(_BEFORE, rest // HOUR) - 1
    return MONDAY + weeks * WEEK + hour * HOUR + (rest - _BEFORE[hour] * HOUR) // BUSY[hour]
