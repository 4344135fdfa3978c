"""What share still waits after how long: Kaplan-Meier, where every wait is exact or goes on.

Where some waits are known by bounds only, `stream.core.turnbull` is its counterpart.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from math import exp, log, sqrt
from typing import TYPE_CHECKING, Final, NamedTuple, overload

from typing_extensions import override

from stream.core.ordered import Ordered
from stream.core.turnbull import Mass, Turnbull, turnbull

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Curve", "Mass", "Step", "Turnbull", "kaplan_meier", "turnbull"]

Z_95: Final = 1.959963984540054  # The normal distribution's 97.5 % quantile.
ROUNDING: Final = 1e-12  # A product of shares that should be 0.5 may be off by as much.


class Step(NamedTuple):
    """The curve from ``ms`` on: ``events`` of the ``at_risk`` who still waited then ended.

    ``lower``, ``upper``: the 95 % band after Greenwood on the log-log scale; None where nobody
    is left, for there it has no variance to speak of.
    """

    ms: int
    at_risk: int
    events: int
    survival: float
    lower: float | None
    upper: float | None


class Steps(Sequence[Step]):
    """In order of time, one a distinct moment; each is worked out when somebody asks for it.

    Between two moments at which somebody stops being watched, all factors but the first numerator
    and the last denominator cancel out: so a step takes the share at the beginning of such a
    stretch and one division, not a product over all steps before it.
    """

    def __init__(self, ended: Ordered, left: Sequence[int]) -> None:
        """``ended``: how many at each moment; ``left``: the censored, in order."""
        self._moments = ended.moments
        self._many = ended.often
        self._often = sorted(self._many)
        # How many more than one ended at those before: most moments have one, and are not added up.
        self._more = [0, *accumulate(ended.often[moment] - 1 for moment in self._often)]
        self._left = left
        self._total = len(ended) + self._more[-1] + len(left)
        self._firsts: list[int] = []  # Of each stretch: its first step, how many are at risk then,
        self._began: list[tuple[int, float, float]] = []  # the share before it, Greenwood's sum.
        self._stretch()

    def _stretch(self) -> None:
        first, survival, greenwood = 0, 1.0, 0.0
        while first < len(self._moments):
            at_risk = self._at_risk(first)
            self._firsts.append(first)
            self._began.append((at_risk, survival, greenwood))
            left = bisect_left(self._left, self._moments[first])
            watched = self._left[left] if left < len(self._left) else self._moments[-1]
            first = bisect_right(self._moments, watched, first)
            after = self._total - self._gone(first) - left
            if after:
                survival *= after / at_risk
                greenwood += (at_risk - after) / (at_risk * after)

    def _at_risk(self, step: int) -> int:
        """Who is censored at a moment is still at risk at it."""
        return self._total - self._gone(step) - bisect_left(self._left, self._moments[step])

    def _gone(self, step: int) -> int:
        """How many ended before it."""
        if step == len(self._moments):
            return step + self._more[-1]
        return step + self._more[bisect_left(self._often, self._moments[step])]

    @override
    def __len__(self) -> int:
        return len(self._moments)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> list[Step]: ...
    @override
    def __getitem__(self, index: int | slice) -> Step | list[Step]:
        if isinstance(index, slice):
            return [self[step] for step in range(*index.indices(len(self)))]
        return self._step(range(len(self))[index])

    def _step(self, index: int) -> Step:
        ms, gone = self._moments[index], self._gone(index)
        at_risk = self._total - gone - bisect_left(self._left, ms)
        events = self._many.get(ms, 1)
        after = at_risk - events
        if after == 0:
            return Step(ms, at_risk, events, 0.0, None, None)
        began, survival, greenwood = self._began[bisect_right(self._firsts, index) - 1]
        survival *= after / began
        greenwood += (began - after) / (began * after)
        return Step(ms, at_risk, events, survival, *_band(survival, greenwood))


class Curve(NamedTuple):
    """Before the first step the share is 1.

    ``followed``: the longest that anybody was watched, None where there is nobody.
    """

    steps: Steps
    followed: int | None

    def quantile(self, p: float) -> int | None:
        """The first moment by which a share ``p`` had ended; None where the curve stays above."""
        found = bisect_left(self.steps, p - ROUNDING, key=lambda step: 1 - step.survival)
        return self.steps[found].ms if found < len(self.steps) else None

    def within(self, ms: int) -> float | None:
        """The share that ended within ``ms``; None where nobody was watched that long."""
        done = bisect_right(self.steps, ms, key=lambda step: step.ms)
        survival = self.steps[done - 1].survival if done else 1.0
        if self.followed is None or (ms > self.followed and survival > 0):
            return None
        return 1 - survival


def kaplan_meier(observed: Mapping[int, int], censored: Iterable[int]) -> Curve:
    """The product-limit estimate; ``observed``: how many ended after so long."""
    ended = observed if isinstance(observed, Ordered) else Ordered(observed)
    left = sorted(censored)
    followed = max(ended.moments[-1:] + left[-1:], default=None)
    return Curve(Steps(ended, left), followed)


def _band(survival: float, greenwood: float) -> tuple[float, float]:
    depth = log(survival)
    spread = exp(Z_95 * sqrt(greenwood) / -depth)
    return exp(depth * spread), exp(depth / spread)
