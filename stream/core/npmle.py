"""The masses that make what was seen most likely: maximum likelihood over ordered places.

Three ways upwards in turns, each safe where the others are slow: EM, its squared extrapolation
(Varadhan and Roland 2008), and a Newton step with pooled neighbours (the iterative convex minorant
of Groeneboom, with EM as in Wellner and Zhan 1997). Ended by the optimum's own condition: no mass
anywhere would raise the mean log-likelihood by more than `GAP_MAX`.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from math import inf, log, sqrt
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GAP_MAX: Final = 1e-9
STEP_MAX: Final = 1e-9  # Nor does a round of EM move any mass by more.
ROUNDS_MAX: Final = 200  # Then the best so far is given, and its gap says how good it is.
HALVINGS_MAX: Final = 5  # Of a step that would lead down.
SHRINK_MAX: Final = 10  # A leap leaves each mass at least a tenth: one that is 0 never comes back.


class Range(NamedTuple):
    """``waits``: how many ended, each in one of the places first..end-1."""

    first: int
    end: int
    waits: int


class _Round(NamedTuple):
    """One EM step: where it leads to, from how likely a place, and how far that is from the top."""

    shares: list[float]
    likelihood: float
    gap: float


def _step(shares: Sequence[float], ranges: Sequence[Range], total: int) -> _Round:
    before = [0.0, *accumulate(shares)]
    change = [0.0] * (len(shares) + 1)
    alone = [0.0] * len(shares)
    likelihood = 0.0
    for first, end, waits in ranges:
        single = end - first == 1  # Kept apart: a small mass would be lost in a difference.
        covered = shares[first] if single else before[end] - before[first]
        if covered <= 0:
            return _Round(list(shares), -inf, inf)
        pull = waits / covered
        if single:
            alone[first] = pull
        else:
            change[first] += pull
            change[end] -= pull
        likelihood += waits * log(covered)
    pulls = [(one + many) / total for one, many in zip(alone, accumulate(change), strict=False)]
    moved = [share * max(pull, 0.0) for share, pull in zip(shares, pulls, strict=True)]
    whole = sum(moved)
    return _Round([share / whole for share in moved], likelihood / total, max(pulls) - 1)


def maximum(ranges: Sequence[Range], size: int) -> tuple[list[float], float]:
    """The ``size`` masses, and how far at most the mean log-likelihood is below its maximum."""
    total = sum(waits for _, _, waits in ranges)
    here = _step([1 / size] * size, ranges, total).shares
    first = _step(here, ranges, total)
    for _ in range(ROUNDS_MAX):
        moved = max(abs(a - b) for a, b in zip(first.shares, here, strict=True))
        if first.gap <= GAP_MAX and moved <= STEP_MAX:
            break
        second = _step(first.shares, ranges, total)
        leapt = _step(_leap(here, first.shares, second.shares), ranges, total)
        here = leapt.shares if leapt.likelihood >= second.likelihood else second.shares
        here, first = _newton(here, ranges, total)
    return first.shares, max(first.gap, 0.0)


def _newton(here: list[float], ranges: Sequence[Range], total: int) -> tuple[list[float], _Round]:
    """Where a pooled Newton step leads upwards from ``here``, and the EM step from there."""
    first = _step(here, ranges, total)
    pooled = _pooled(here, ranges)
    for halved in range(HALVINGS_MAX):
        far = 0.5**halved
        there = [a + far * (b - a) for a, b in zip(here, pooled, strict=True)]
        step = _step(there, ranges, total)
        if step.likelihood > first.likelihood:
            return there, step
    return here, first


def _pooled(shares: Sequence[float], ranges: Sequence[Range]) -> list[float]:
    """Newton's step for each cumulative share by itself, then made to rise by pooling."""
    before = [0.0, *accumulate(shares)]
    pull, weight = [0.0] * len(before), [0.0] * len(before)
    for first, end, waits in ranges:
        covered = before[end] - before[first] if end - first > 1 else shares[first]
        slope = waits / covered
        bend = slope / covered
        pull[first] -= slope
        pull[end] += slope
        weight[first] += bend
        weight[end] += bend
    inner = range(1, len(shares))
    rising = _rising([(before[j] + pull[j] / weight[j], weight[j]) for j in inner])
    ends = [0.0, *(min(max(share, 0.0), 1.0) for share in rising), 1.0]
    return [b - a for a, b in pairwise(ends)]


def _rising(wanted: Sequence[tuple[float, float]]) -> Iterator[float]:
    """The nearest values, by weight, that never fall: whatever would is pooled."""
    pools: list[tuple[float, float, int]] = []
    for value, weight in wanted:
        pool = (value, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            other = pools.pop()
            both = other[1] + pool[1]
            pool = ((other[0] * other[1] + pool[0] * pool[1]) / both, both, other[2] + pool[2])
        pools.append(pool)
    for value, _, size in pools:
        yield from [value] * size


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
