"""What share still waits after how long: Kaplan-Meier, where every wait is exact or goes on.

Where some waits are known by bounds only, `stream.core.turnbull` is its counterpart.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import groupby
from math import exp, log, sqrt
from typing import TYPE_CHECKING, Final, NamedTuple

from stream.core.turnbull import Mass, Turnbull, turnbull

if TYPE_CHECKING:
    from collections.abc import Sequence

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


class Curve(NamedTuple):
    """Steps in order of time, one a distinct moment; before the first the share is 1.

    ``followed``: the longest that anybody was watched, None where there is nobody.
    """

    steps: tuple[Step, ...]
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


def kaplan_meier(observed: Sequence[int], censored: Sequence[int]) -> Curve:
    """The product-limit estimate; who is censored at a moment was still at risk at it."""
    ended, left = sorted(observed), sorted(censored)
    total = len(ended) + len(left)
    steps: list[Step] = []
    survival, greenwood, gone = 1.0, 0.0, 0
    for ms, same in groupby(ended):
        events = sum(1 for _ in same)
        at_risk = total - gone - bisect_left(left, ms)
        gone += events
        if events == at_risk:
            steps.append(Step(ms, at_risk, events, 0.0, None, None))
            break
        survival *= 1 - events / at_risk
        greenwood += events / (at_risk * (at_risk - events))
        steps.append(Step(ms, at_risk, events, survival, *_band(survival, greenwood)))
    followed = max(ended[-1:] + left[-1:], default=None)
    return Curve(tuple(steps), followed)


def _band(survival: float, greenwood: float) -> tuple[float, float]:
    depth = log(survival)
    spread = exp(Z_95 * sqrt(greenwood) / -depth)
    return exp(depth * spread), exp(depth / spread)
