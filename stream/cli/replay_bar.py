"""What a replay shows while it goes on, and what it says at its end."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import click

from stream.core.when import ms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from stream.archive.base import Report
    from stream.replay_source import Progress

REFRESH_HZ: Final = 8


@contextmanager
def shown(
    report: Report | None = None, *, speed: float | None = None, until: datetime | None = None
) -> Iterator[Callable[[Progress], None]]:
    """A progress bar on standard error, where that is a terminal.

    ``report`` counts what is read meanwhile; how much there is, is known once all is read.
    ``speed``, ``until``: as the replay was asked for them.
    """
    from rich.progress import BarColumn, ProgressColumn, TextColumn
    from rich.progress import Progress as Bar
    from rich.text import Text
    from typing_extensions import override

    from stream.cli import output

    class Column(ProgressColumn):
        """While nothing is published yet: how much has been read."""

        @override
        def render(self, task: Any) -> Text:
            if task.completed or report is None:
                return Text(task.fields["said"])
            return Text(f"{report.events:,} events read")

    screen = output.console(err=True)
    columns = (TextColumn("{task.fields[until]}"), BarColumn(bar_width=20), Column())
    with Bar(
        *columns,
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
        refresh_per_second=REFRESH_HZ,
    ) as bar:
        task = bar.add_task("replay", total=None, until="reading", said="")
        pace = Rate(report, speed, until)

        def tell(progress: Progress) -> None:
            done = progress.events + progress.already
            total = max(report.events, done) if report is not None and report.events else None
            until = f"{progress.until:%Y-%m-%d %H:%M}" if progress.until else "reading"
            said = pace.said(progress, total)
            bar.update(task, completed=done, total=total, until=until, said=said)

        yield tell


class Rate:
    """Events a second since the first were published, and what is left at that rate.

    At a ``speed``, what is left is the time until the last event, however dense events lie.
    """

    def __init__(
        self,
        report: Report | None,
        speed: float | None,
        until: datetime | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._began: float | None = None
        self._clock = clock
        self._report, self._speed, self._until = report, speed, until

    def said(self, progress: Progress, total: int | None) -> str:
        from stream.cli import words

        done = progress.events + progress.already
        now = self._clock()
        if self._began is None:
            self._began = now
        passed = now - self._began
        if passed < 1:
            return f"{done:,} events"
        rate = progress.events / passed
        left = self._timed(progress)
        if left is None and total and rate:
            left = int((total - done) / rate * 1000)
        more = "" if left is None else f", {words.duration(left)} left"
        return f"{done:,} events, {rate:,.0f} a second{more}"

    def _timed(self, progress: Progress) -> int | None:
        """Milliseconds that the event time that is left takes at the speed."""
        if self._speed is None or progress.last is None or self._report is None:
            return None
        ends = list(self._report.ends.values())
        if self._until is not None:
            ends = [min(end, ms(self._until)) for end in ends]
        return max(0, int((max(ends) - progress.last) / self._speed)) if ends else None


def print_found(
    found: dict[str, Any], progress: Progress, seconds: float, *, as_json: bool
) -> None:
    """What was published, and how one goes on from there."""
    from stream.cli import output, words

    if as_json:
        output.print_json(found)
        return
    events = words.count(found["events"], "event")
    source = words.count(found["archives"], "archive")
    if found["position"] is None:
        click.echo(f"{events} in {source}; nothing was published (--dry-run).")
        return
    if found["already"]:
        click.echo(f"{words.count(found['already'], 'event')} had been published before.")
    rate = f", {found['events'] / seconds:,.0f} a second" if seconds >= 1 else ""
    click.echo(f"Published {events} of {source} in {seconds:.1f} s{rate}.")
    if progress.stopped and progress.until is not None:
        at = f"{progress.until:%Y-%m-%d %H:%M:%S}"
        click.echo(f"Stopped at {at}; the same command goes on from there.")
    if progress.unstated:
        names = ", ".join(sorted(progress.unstated))
        output.say(
            f"That all of {names} is there is not said: the log is not known to hold what comes"
            " before --since.",
            err=True,
        )
    click.echo(f"Position: {found['position']}")
