"""What share still waits after how long, where some waits are known by bounds only.

Turnbull's estimate: the masses on the innermost intervals that make what was seen most likely.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from math import fsum
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from stream.core.npmle import Range, maximum

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

RANGES_MAX: Final = 20_000  # Distinct ones; above it bounds are widened, so that rounds stay short.
DIGITS_MAX: Final = 11  # Leading binary digits of a bound: no coarser than 1/1024 of itself.
MASS_MIN: Final = 1e-9  # What is left of a mass on its way to 0.
NEAR: Final = 1e-6  # A quantile is reached where the masses come so near to it.

# Ends of intervals as numbers that sort: 2t where t belongs to it, 2t + 1 where it starts after t.
_Ends: TypeAlias = tuple[int, int]
_NEVER: Final = 1 << 62


class Mass(NamedTuple):
    """A share that ended between ``after_ms`` and ``by_ms``; None where nothing says by when.

    ``open``: it ended *after* ``after_ms``, not at it (somebody still waited then).
    ``unanswered``: the share left when it is over. What nothing ends is left, so the last one,
    where its ``by_ms`` is None, stays.
    """

    after_ms: int
    by_ms: int | None
    mass: float
    unanswered: float
    open: bool


class Turnbull(NamedTuple):
    """``gap``: how far at most the mean log-likelihood is below its maximum."""

    masses: tuple[Mass, ...]
    gap: float

    def quantile(self, p: float) -> tuple[int, int | None] | None:
        """Between when and when a share ``p`` had ended; None where there is nobody."""
        done = 0.0
        for mass in self.masses:
            done += mass.mass
            if done >= p - NEAR:
                return mass.after_ms, mass.by_ms
        return None

    def within(self, ms: int) -> tuple[float, float] | None:
        """The least and the greatest share that ended within ``ms``."""
        if not self.masses:
            return None
        least = fsum(m.mass for m in self.masses if m.by_ms is not None and m.by_ms <= ms)
        most = fsum(m.mass for m in self.masses if m.after_ms + m.open <= ms)
        return min(least, 1.0), min(most, 1.0)


def turnbull(intervals: Iterable[tuple[int, int | None]], censored: Iterable[int]) -> Turnbull:
    """The estimate from waits of at least 0 ms.

    ``intervals``: each ended in one, both ends included; ``(t, t)`` is exact, ``(t, None)`` ended
    at ``t`` or later. ``censored``: waits that still went on at that moment.

    More than `RANGES_MAX` distinct intervals are widened to their leading binary digits, as many
    of `DIGITS_MAX` as keep them under it: bounds stay true, and get coarser.
    """
    seen: Counter[_Ends] = Counter(
        (2 * lo, _NEVER if hi is None else 2 * hi) for lo, hi in intervals
    )
    seen.update((2 * ms + 1, _NEVER) for ms in censored)
    if not seen:
        return Turnbull((), 0.0)
    innermost, ranges = _arrange(seen)
    if len(ranges) > RANGES_MAX:
        innermost, ranges = _arrange(_widened(seen, _digits(seen)))
    shares, gap = maximum(ranges, len(innermost))
    return Turnbull(_masses(innermost, shares), gap)


def _digits(seen: Mapping[_Ends, int]) -> int:
    """The most leading digits that leave no more than `RANGES_MAX` intervals."""
    few, many = 1, DIGITS_MAX + 1
    while many - few > 1:
        half = (few + many) // 2
        _, ranges = _arrange(_widened(seen, half))
        few, many = (half, many) if len(ranges) <= RANGES_MAX else (few, half)
    return few


def _widened(seen: Mapping[_Ends, int], digits: int) -> Counter[_Ends]:
    wide: Counter[_Ends] = Counter()
    for (left, right), count in seen.items():
        lo, hi = left >> 1, right >> 1
        fine = max(0, lo.bit_length() - digits)
        start = lo >> fine << fine
        if right != _NEVER:
            coarse = max(0, hi.bit_length() - digits)
            right = 2 * ((((hi >> coarse) + 1) << coarse) - 1)  # noqa: PLW2901 - the same end, wider
        wide[2 * start if fine else left, right] += count
    return wide


def _arrange(seen: Mapping[_Ends, int]) -> tuple[list[_Ends], list[Range]]:
    """The innermost intervals, disjoint and in order, and which of them each wait covers."""
    lefts = sorted({left for left, _ in seen})
    innermost: list[_Ends] = []
    for right in sorted({right for _, right in seen}):
        left = lefts[bisect_right(lefts, right) - 1]
        if not innermost or innermost[-1][0] != left:
            innermost.append((left, right))
    starts, ends = [left for left, _ in innermost], [right for _, right in innermost]
    covered: Counter[tuple[int, int]] = Counter()
    for (left, right), count in seen.items():
        covered[bisect_left(starts, left), bisect_right(ends, right)] += count
    return innermost, [Range(first, end, count) for (first, end), count in sorted(covered.items())]


def _masses(innermost: Sequence[_Ends], shares: Sequence[float]) -> tuple[Mass, ...]:
    kept = [
        (ends, share) for ends, share in zip(innermost, shares, strict=True) if share > MASS_MIN
    ]
    whole = sum(share for _, share in kept)
    left = 1.0
    masses = []
    for (start, end), share in kept:
        mass = share / whole
        never = end == _NEVER
        left = left if never else max(left - mass, 0.0)
        masses.append(Mass(start >> 1, None if never else end >> 1, mass, left, bool(start & 1)))
    if masses and masses[-1].by_ms is not None:
        masses[-1] = masses[-1]._replace(unanswered=0.0)
    return tuple(masses)
