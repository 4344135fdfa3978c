"""What a run took, and what many of them say together: medians, ratios, goals reached or not."""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import TYPE_CHECKING, Final

import msgspec
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

BARE: Final = "bare loop"
AFTER: Final = "bare loop, after"
WITHOUT_TENTHS: Final = 1000
WIDTH: Final = 100  # As wide as the tables are; a narrower terminal wraps them.


class Took(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one run took; ``cpu_s`` and ``peak_mb`` of what is measured, not of the broker.

    ``held_mb``: what was resident when it was over; ``right``: its output was compared with what
    it must be; None where a run has none.
    ``more``: what only this figure has, its unit in the name.
    """

    figure: str
    what: str
    count: int
    seconds: float
    cpu_s: float
    peak_mb: float | None = None
    held_mb: float | None = None
    broker_cpu_s: float | None = None
    right: bool | None = None
    more: dict[str, float] = {}
    unit: str = "events"

    @property
    def rate(self) -> float:
        """How many a second."""
        return self.count / self.seconds

    @property
    def cpu_us(self) -> float:
        """CPU microseconds for each."""
        return self.cpu_s / self.count * 1e6


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """The medians of one figure's runs; ratios are to the bare loop of the same figure."""

    figure: str
    what: str
    runs: int
    unit: str
    rate: float
    cpu_us: float
    peak_mb: float | None
    broker_cpu_us: float | None
    right: bool | None
    rate_ratio: float | None
    cpu_ratio: float | None
    more: dict[str, float]


class Noise(msgspec.Struct, frozen=True, kw_only=True):
    """By how much the bare loop before and after a figure differ, as a share of their mean."""

    figure: str
    rate: float
    cpu: float


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """What was promised, and what was measured."""

    what: str
    goal: float
    measured: float
    at_least: bool

    @property
    def reached(self) -> bool:
        """Whether it is at least, or at most, what was promised."""
        return (self.measured >= self.goal) == self.at_least or self.measured == self.goal


def lines(runs: Iterable[Took]) -> list[Line]:
    """One a figure and a way, in the order of the first run of each."""
    grouped: dict[tuple[str, str], list[Took]] = defaultdict(list)
    bare: dict[str, list[Took]] = defaultdict(list)
    for took in runs:
        grouped[took.figure, took.what].append(took)
        if took.what in {BARE, AFTER}:
            bare[took.figure].append(took)
    return [_line(some, bare[figure]) for (figure, _), some in grouped.items()]


def _line(runs: Sequence[Took], bare: Sequence[Took]) -> Line:
    first = runs[0]
    rate, cpu_us = median(took.rate for took in runs), median(took.cpu_us for took in runs)
    compared = first.unit == "events" and bool(bare)
    return Line(
        figure=first.figure,
        what=first.what,
        runs=len(runs),
        unit=first.unit,
        rate=rate,
        cpu_us=cpu_us,
        peak_mb=_median(took.peak_mb for took in runs),
        broker_cpu_us=_median(
            None if took.broker_cpu_s is None else took.broker_cpu_s / took.count * 1e6
            for took in runs
        ),
        right=None if first.right is None else all(took.right for took in runs),
        rate_ratio=rate / median(took.rate for took in bare) if compared else None,
        cpu_ratio=cpu_us / median(took.cpu_us for took in bare) if compared else None,
        more={name: median(took.more[name] for took in runs) for name in first.more},
    )


def noise(runs: Iterable[Took]) -> list[Noise]:
    """Of each figure that has the bare loop before and after it, the largest of its runs."""
    before: dict[str, list[Took]] = defaultdict(list)
    after: dict[str, list[Took]] = defaultdict(list)
    for took in runs:
        if took.what in {BARE, AFTER}:
            (before if took.what == BARE else after)[took.figure].append(took)
    return [
        Noise(
            figure=figure,
            rate=max(_apart(a.rate, b.rate) for a, b in zip(some, after[figure], strict=True)),
            cpu=max(_apart(a.cpu_us, b.cpu_us) for a, b in zip(some, after[figure], strict=True)),
        )
        for figure, some in before.items()
        if len(after[figure]) == len(some)
    ]


def show(found: Sequence[Line], noises: Sequence[Noise], goals: Sequence[Goal]) -> None:
    """The tables that a person reads."""
    console = Console(width=max(WIDTH, Console().width), highlight=False)
    apart = {each.figure: each for each in noises}
    for figure in dict.fromkeys(line.figure for line in found):
        some = [line for line in found if line.figure == figure]
        console.print(_table(figure, some))
        for line in some:
            if line.more:
                console.print(f"  {line.what}: {more_said(line.more)}")
        if figure in apart:
            each = apart[figure]
            console.print(
                f"  noise: the bare loop before and after differ by {each.rate:.0%} in events/s, "
                f"{each.cpu:.0%} in CPU\n"
            )
    if goals:
        console.print(_goals(goals))


def _table(figure: str, found: Sequence[Line]) -> Table:
    table = Table(title=figure, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("", no_wrap=True)
    for heading in ("per s", "x bare", "µs CPU", "x bare", "broker µs", "peak MB", "output"):
        table.add_column(heading, justify="right", no_wrap=True)
    for line in found:
        table.add_row(
            line.what,
            f"{line.rate:,.0f}",
            _printed(line.rate_ratio, "{:.2f}"),
            f"{line.cpu_us:,.1f}",
            _printed(line.cpu_ratio, "{:.2f}"),
            _printed(line.broker_cpu_us, "{:,.1f}"),
            _printed(line.peak_mb, "{:,.0f}"),
            {None: "", True: "right", False: "[red]WRONG[/red]"}[line.right],
        )
    return table


def _goals(goals: Sequence[Goal]) -> Table:
    table = Table(title="Goals", title_justify="left", title_style="bold", box=None, pad_edge=False)
    for heading in ("", "goal", "measured", ""):
        table.add_column(heading, justify="right" if heading in {"goal", "measured"} else "left")
    for goal in goals:
        sign = "≥" if goal.at_least else "≤"
        reached = "reached" if goal.reached else "[red]missed[/red]"
        table.add_row(goal.what, f"{sign} {goal.goal:,g}", f"{goal.measured:,.2f}", reached)
    return table


def more_said(more: Mapping[str, float]) -> str:
    """``p99_ms=18.2`` as ``p99 18.2 ms``, one after another."""
    return ", ".join(_named(name, value) for name, value in more.items())


def quantile(ordered: list[float], share: float) -> float:
    """The smallest that so many are not above; 0 where there are none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def _named(name: str, value: float) -> str:
    words, _, unit = name.rpartition("_")
    whole = value == int(value) or value >= WITHOUT_TENTHS
    printed = f"{value:,.0f}" if whole else f"{value:,.1f}"
    return f"{words.replace('_', ' ')} {printed} {unit}"


def _printed(value: float | None, how: str) -> str:
    return "" if value is None else how.format(value)


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _apart(one: float, other: float) -> float:
    return abs(one - other) / ((one + other) / 2)
