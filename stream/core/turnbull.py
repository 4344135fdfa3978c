"""What share still waits after how long, where some waits are known by bounds only.

Turnbull's estimate: the masses on the innermost intervals that make what was seen most likely.
Found by EM with squared extrapolation (Varadhan and Roland 2008), ended by the optimum's own
condition: no mass anywhere would raise the mean log-likelihood by more than `GAP_MAX`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from itertools import accumulate
from math import fsum, log, sqrt
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

GAP_MAX: Final = 1e-9
STEP_MAX: Final = 1e-9  # Nor does a round of EM move any mass by more.
ROUNDS_MAX: Final = 1_000  # Of three EM steps; then the best so far is given, and `gap` tells.
RANGES_MAX: Final = 20_000  # Distinct ones; above it bounds are widened, so that rounds stay short.
DIGITS_MAX: Final = 11  # Leading binary digits of a bound: no coarser than 1/1024 of itself.
MASS_MIN: Final = 1e-9  # What is left of a mass on its way to 0.
SHRINK_MAX: Final = 10  # A leap leaves each mass at least a tenth: one that is 0 never comes back.
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


class _Range(NamedTuple):
    """``waits``: how many ended, each in one of the innermost intervals first..end-1."""

    first: int
    end: int
    waits: int


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
    shares, gap = _maximum(ranges, len(innermost), seen.total())
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


def _arrange(seen: Mapping[_Ends, int]) -> tuple[list[_Ends], list[_Range]]:
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
    return innermost, [_Range(first, end, count) for (first, end), count in sorted(covered.items())]


class _Round(NamedTuple):
    """One EM step: where it leads to, from how likely a place, and how far that is from the top."""

    shares: list[float]
    likelihood: float
    gap: float


def _step(shares: Sequence[float], ranges: Sequence[_Range], total: int) -> _Round:
    before = [0.0, *accumulate(shares)]
    change = [0.0] * (len(shares) + 1)
    alone = [0.0] * len(shares)
    likelihood = 0.0
    for first, end, waits in ranges:
        if end - first == 1:  # Kept apart, so that a small mass is not lost in a difference.
            covered = shares[first]
            alone[first] = waits / covered
        else:
            covered = before[end] - before[first]
            pull = waits / covered
            change[first] += pull
            change[end] -= pull
        likelihood += waits * log(covered)
    pulls = [(one + many) / total for one, many in zip(alone, accumulate(change), strict=False)]
    moved = [share * max(pull, 0.0) for share, pull in zip(shares, pulls, strict=True)]
    whole = sum(moved)
    return _Round([share / whole for share in moved], likelihood / total, max(pulls) - 1)


def _maximum(ranges: Sequence[_Range], size: int, total: int) -> tuple[list[float], float]:
    here = _step([1 / size] * size, ranges, total).shares
    first = _step(here, ranges, total)
    for _ in range(ROUNDS_MAX):
        moved = max(abs(a - b) for a, b in zip(first.shares, here, strict=True))
        if first.gap <= GAP_MAX and moved <= STEP_MAX:
            break
        second = _step(first.shares, ranges, total)
        leapt = _step(_leap(here, first.shares, second.shares), ranges, total)
        here = leapt.shares if leapt.likelihood >= second.likelihood else second.shares
        first = _step(here, ranges, total)
    return first.shares, max(first.gap, 0.0)


def _leap(here: Sequence[float], once: Sequence[float], twice: Sequence[float]) -> list[float]:
    """Where steps that shrink as these two did would lead to in the end, about."""
    slope = [b - a for a, b in zip(here, once, strict=True)]
    bend = [c - b - d for b, c, d in zip(once, twice, slope, strict=True)]
    bent = sqrt(sum(b * b for b in bend))
    far = max(1.0, sqrt(sum(d * d for d in slope)) / bent) if bent else 1.0
    leapt = [
        max(a + 2 * far * d + far * far * b, c / SHRINK_MAX)
        for a, b, c, d in zip(here, bend, twice, slope, strict=True)
    ]
    whole = sum(leapt)
    return [share / whole for share in leapt]


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
