"""How long many threads waited for one thing, seen as a whole: counts, shares, quantiles, curve.

Nobody is left out quietly: ``n`` = observed + between + waiting + excluded, and the excluded are
those of whom the archive cannot tell (``n_unknown``), those whose wait would be negative, an error
of the archive (``n_negative``), and, where robots are left out, those that a robot asked
(``n_robots``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from stream.core.ordered import Ordered
from stream.core.survival import Curve, Mass, Step, Turnbull, kaplan_meier, turnbull

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

HOUR_MS: Final = 3_600_000
QUANTILES: Final = (0.25, 0.5, 0.75, 0.9)
WITHIN_MS: Final = (HOUR_MS, 24 * HOUR_MS, 7 * 24 * HOUR_MS)
POINTS: Final = 500

Numbers: TypeAlias = dict[str, Any]  # The fields of one of VIEWS' objects.
Bounds: TypeAlias = tuple[int, int | None]  # Not before, and by when; None where nobody knows.


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


@dataclass(slots=True)
class Tally:
    """How many threads waited how long."""

    observed: dict[int, int] = field(default_factory=dict)  # How many, by milliseconds.
    between: dict[Bounds, int] = field(default_factory=dict)
    since: dict[int, int] = field(default_factory=dict)  # Who still waits: how many, since when.
    unknown: int = 0
    negative: int = 0
    robots: int = 0

    def add(self, wait: WaitValue, many: int = 1) -> None:
        """Count ``many`` threads that waited so."""
        status, after_ms, by_ms, since = wait
        if status == "waiting" and since is not None:
            self.since[since] = self.since.get(since, 0) + many
        elif status == "robot":
            self.robots += many
        elif status not in {"observed", "between"}:
            self.unknown += many
        elif by_ms is not None and by_ms < 0:
            self.negative += many
        elif status == "observed" and by_ms is not None:
            self.observed[by_ms] = self.observed.get(by_ms, 0) + many
        else:
            bounds = max(after_ms or 0, 0), by_ms
            self.between[bounds] = self.between.get(bounds, 0) + many

    def counts(self) -> dict[str, int]:
        """Everybody by status."""
        observed, waiting = _total(self.observed), _total(self.since)
        between = sum(self.between.values())
        excluded = self.unknown + self.negative + self.robots
        return {
            "n": observed + between + waiting + excluded,
            "n_observed": observed,
            "n_between": between,
            "n_waiting": waiting,
            "n_unknown": self.unknown,
            "n_excluded": excluded,
            "n_negative": self.negative,
            "n_robots": self.robots,
        }

    def waiting(self, as_of: int) -> list[int]:
        """For how long those have waited who still do; none of them less than nothing."""
        once = [as_of - since if since < as_of else 0 for since in self.since]
        often = self.since.often if isinstance(self.since, Ordered) else self.since
        more = ((max(as_of - since, 0), many - 1) for since, many in often.items() if many > 1)
        return [*once, *(wait for wait, others in more for _ in range(others))]


def aggregate(
    metric: str, waits: Iterable[WaitValue] | Tally, *, as_of: int, points: int = POINTS
) -> Numbers:
    """The fields of VIEWS' latency, ``as_of`` still as a number for the caller to print.

    Who still waits is censored at ``as_of``; a wait that ended nobody knows when is a mass that
    no bound ends. The curve has at most ``points`` rows: of a product-limit curve the first, the
    last and evenly many between, each as it stands; of Turnbull's, neighbours are made one.
    """
    tally = waits if isinstance(waits, Tally) else tally_of(waits)
    waiting = tally.waiting(as_of)
    result: Numbers = {"metric": metric, "as_of": as_of}
    if tally.between:
        exact: dict[Bounds, int] = {(ms, ms): many for ms, many in tally.observed.items()}
        bounded = turnbull(_together(exact, tally.between), waiting)
        result |= {"estimator": "turnbull", **tally.counts(), **_of_turnbull(bounded)}
        result["curve"] = [_mass(mass) for mass in _merged(bounded.masses, points)]
    else:
        curve = kaplan_meier(tally.observed, waiting)
        result |= {"estimator": "kaplan-meier", **tally.counts(), **_of_curve(curve)}
        result["curve"] = [_step(step) for step in _thinned(curve.steps, points)]
    return result


def _total(counts: Mapping[int, int]) -> int:
    return counts.total if isinstance(counts, Ordered) else sum(counts.values())


def tally_of(waits: Iterable[WaitValue]) -> Tally:
    """Each of ``waits`` counted."""
    tally = Tally()
    for wait in waits:
        tally.add(wait)
    return tally


def _together(*counted: Mapping[Bounds, int]) -> Iterator[Bounds]:
    for bounds in counted:
        for one, many in bounds.items():
            yield from repeat(one, many)


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
