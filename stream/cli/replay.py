"""``threadline replay``: publishes archives, and shows how far that has come."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import click

from stream.cli import options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from stream.config import Settings
    from stream.core.events import Event
    from stream.replay import Progress

REFRESH_HZ: Final = 8


@click.command("replay")
@options.paths()
@options.archives
@click.option("--since", type=options.Moment(), help="Only events from this time on.")
@click.option("--until", type=options.Moment(), help="Only events before this time.")
@click.option("--dry-run", is_flag=True, help="Read everything, publish nothing.")
@options.kafka
@options.as_json
def command(
    *,
    archives: tuple[Path, ...],
    community: str | None,
    format_: str | None,
    skip_unreadable: bool,
    since: datetime | None,
    until: datetime | None,
    dry_run: bool,
    brokers: str | None,
    prefix: str | None,
    as_json: bool,
) -> None:
    """Publish archives to Kafka as timestamped events.

    Publishing the same archive again changes no view.

    \b
    Example, a saved page and a file that says who is who:
      threadline replay page.txt who-is-who.jsonl --community c.example
    """
    from stream.archive.base import Report
    from stream.archive.detect import read

    report = Report()
    reading = options.reading(community, format_, skip_unreadable=skip_unreadable)
    events = between(read(archives, reading, report), since, until)
    began = time.monotonic()
    with shown() as tell:
        progress = (
            _count(events, tell)
            if dry_run
            else _publish(options.settings(brokers=brokers, prefix=prefix), events, tell)
        )
    options.warn_unreadable(report)
    found = {
        "archives": len(archives),
        "events": progress.events,
        "skipped": report.skipped,
        "position": None if dry_run else progress.position.token,
    }
    _print(found, time.monotonic() - began, as_json=as_json)


def between(
    events: Iterable[Event], since: datetime | None, until: datetime | None
) -> Iterator[Event]:
    """Those of ``events`` from ``since`` on and before ``until``; None leaves that end open."""
    for event in events:
        if (since is None or event.time >= since) and (until is None or event.time < until):
            yield event


@contextmanager
def shown() -> Iterator[Callable[[Progress], None]]:
    """A progress bar on standard error, where that is a terminal."""
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    from stream.cli import output

    screen = output.console(err=True)
    columns = (
        TextColumn("{task.fields[until]}"),
        BarColumn(bar_width=20),
        TextColumn("{task.completed:,.0f} events"),
        TimeElapsedColumn(),
    )
    with Bar(
        *columns,
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
        refresh_per_second=REFRESH_HZ,
    ) as bar:
        task = bar.add_task("replay", total=None, until="reading")

        def tell(progress: Progress) -> None:
            until = f"{progress.until:%Y-%m-%d}" if progress.until else "reading"
            bar.update(task, completed=progress.events, until=until)

        yield tell


def _publish(
    settings: Settings, events: Iterator[Event], tell: Callable[[Progress], None]
) -> Progress:
    from stream.kafka.connect import reachable
    from stream.replay import replay

    async def go() -> Progress:
        await reachable(settings)
        return await replay(settings, events, tell=tell)

    return asyncio.run(go())


def _count(events: Iterator[Event], tell: Callable[[Progress], None]) -> Progress:
    from stream.replay import TOGETHER, Progress

    progress = Progress()
    for event in events:
        progress.add(event)
        if progress.events % TOGETHER == 0:
            tell(progress)
    return progress


def _print(found: dict[str, Any], seconds: float, *, as_json: bool) -> None:
    from stream.cli import output, words

    if as_json:
        output.print_json(found)
        return
    events = words.count(found["events"], "event")
    source = words.count(found["archives"], "archive")
    if found["position"] is None:
        click.echo(f"{events} in {source}; nothing was published (--dry-run).")
        return
    rate = f", {found['events'] / seconds:,.0f} a second" if seconds >= 1 else ""
    click.echo(f"Published {events} of {source} in {seconds:.1f} s{rate}.")
    click.echo(f"Position: {found['position']}")
