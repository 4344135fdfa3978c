"""How long many threads waited for one thing, seen as a whole: counts, shares, quantiles, curve.

Nobody is left out quietly: ``n`` = observed + between + waiting + excluded, and the excluded are
those of whom the archive cannot tell (``n_unknown``), those whose wait would be negative, an error
of the archive (``n_negative``), and, where robots are left out, those that a robot asked
(``n_robots``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from stream.core.survival import Curve, Mass, Step, Turnbull, kaplan_meier, turnbull

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HOUR_MS: Final = 3_600_000
QUANTILES: Final = (0.25, 0.5, 0.75, 0.9)
WITHIN_MS: Final = (HOUR_MS, 24 * HOUR_MS, 7 * 24 * HOUR_MS)
POINTS: Final = 500

Numbers: TypeAlias = dict[str, Any]  # The fields of one of VIEWS' objects.


class WaitValue(NamedTuple):
    """One thread's wait, all in milliseconds.

    ``observed``: ``after_ms`` = ``by_ms``, exact. ``between``: it ended, within these bounds;
    without ``by_ms`` at ``after_ms`` or later. ``waiting``: it goes on, ``since`` a moment after
    1970. ``unknown``: the archive cannot tell. ``robot``: a robot waits, who is left out.
    """

    status: str
    after_ms: int | None = None
    by_ms: int | None = None
    since: int | None = None


def aggregate(
    metric: str, waits: Iterable[WaitValue], *, as_of: int, points: int = POINTS
) -> Numbers:
    """The fields of VIEWS' latency, ``as_of`` still as a number for the caller to print.

    Who still waits is censored at ``as_of``; a wait that ended nobody knows when is a mass that
    no bound ends. The curve has at most ``points`` rows: of a product-limit curve the first, the
    last and evenly many between, each as it stands; of Turnbull's, neighbours are made one.
    """
    sorted_out = _sort_out(waits, as_of)
    result: Numbers = {"metric": metric, "as_of": as_of}
    if sorted_out.between:
        exact = [(ms, ms) for ms in sorted_out.observed]
        bounded = turnbull([*exact, *sorted_out.between], sorted_out.waiting)
        result |= {"estimator": "turnbull", **sorted_out.counts(), **_of_turnbull(bounded)}
        result["curve"] = [_mass(mass) for mass in _merged(bounded.masses, points)]
    else:
        curve = kaplan_meier(sorted_out.observed, sorted_out.waiting)
        result |= {"estimator": "kaplan-meier", **sorted_out.counts(), **_of_curve(curve)}
        result["curve"] = [_step(step) for step in _thinned(curve.steps, points)]
    return result


@dataclass(slots=True)
class _SortedOut:
    observed: list[int] = field(default_factory=list)
    between: list[tuple[int, int | None]] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    unknown: int = 0
    negative: int = 0
    robots: int = 0

    def counts(self) -> dict[str, int]:
        known = len(self.observed) + len(self.between) + len(self.waiting)
        excluded = self.unknown + self.negative + self.robots
        return {
            "n": known + excluded,
            "n_observed": len(self.observed),
            "n_between": len(self.between),
            "n_waiting": len(self.waiting),
            "n_unknown": self.unknown,
            "n_excluded": excluded,
            "n_negative": self.negative,
            "n_robots": self.robots,
        }


def _sort_out(waits: Iterable[WaitValue], as_of: int) -> _SortedOut:
    out = _SortedOut()
    for status, after_ms, by_ms, since in waits:
        if status == "waiting" and since is not None:
            out.waiting.append(max(as_of - since, 0))
        elif status == "robot":
            out.robots += 1
        elif status not in {"observed", "between"}:
            out.unknown += 1
        elif by_ms is not None and by_ms < 0:
            out.negative += 1
        elif status == "observed" and by_ms is not None:
            out.observed.append(by_ms)
        else:
            out.between.append((max(after_ms or 0, 0), by_ms))
    return out


def _of_curve(curve: Curve) -> Numbers:
    return {
        "quantiles": [{"p": p, "ms": curve.quantile(p)} for p in QUANTILES],
        "within": [{"ms": ms, "share": curve.within(ms)} for ms in WITHIN_MS],
    }


def _of_turnbull(bounded: Turnbull) -> Numbers:
    quantiles: list[Numbers] = []
    for p in QUANTILES:
        after_ms, by_ms = bounded.quantile(p) or (None, None)
        quantiles.append({"p": p, "after_ms": after_ms, "by_ms": by_ms})
    within: list[Numbers] = []
    for ms in WITHIN_MS:
        least, most = bounded.within(ms) or (None, None)
        within.append({"ms": ms, "share_min": least, "share_max": most})
    return {"quantiles": quantiles, "within": within}


def _step(step: Step) -> Numbers:
    return {
        "ms": step.ms,
        "at_risk": step.at_risk,
        "unanswered": step.survival,
        "lower": step.lower,
        "upper": step.upper,
    }


def _mass(mass: Mass) -> Numbers:
    return {
        "after_ms": mass.after_ms,
        "by_ms": mass.by_ms,
        "mass": mass.mass,
        "unanswered": mass.unanswered,
    }


def _spread(size: int, points: int) -> list[int]:
    """At most ``points`` (2 or more) indexes below ``size``, the first and the last with them."""
    if size <= points:
        return list(range(size))
    return [index * (size - 1) // (points - 1) for index in range(points)]


def _thinned(steps: Sequence[Step], points: int) -> list[Step]:
    return [steps[index] for index in _spread(len(steps), max(points, 2))]


def _merged(masses: Sequence[Mass], points: int) -> list[Mass]:
    """What is made one lies between the first's lower and the last's upper bound."""
    ends = _spread(len(masses), max(points, 2))
    rows = []
    for start, end in zip([-1, *ends], ends, strict=False):
        run = masses[start + 1 : end + 1]
        mass = sum(one.mass for one in run)
        rows.append(run[-1]._replace(after_ms=run[0].after_ms, mass=mass, open=run[0].open))
    return rows
