"""``threadline replay``: publishes archives, and shows how far that has come."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import click
from typing_extensions import override

from stream.cli import options, replay_bar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from datetime import datetime
    from pathlib import Path

    from stream.config import Settings
    from stream.replay_source import Progress, Source

STOPS_WITHIN_S: Final = 1.0  # After that somebody looks whether the broker is still there.
UNITS_MS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
shown = replay_bar.shown


class Duration(click.ParamType):
    """A whole number of seconds, minutes, hours or days, in milliseconds."""

    name = "duration"

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if not isinstance(value, str):
            return int(value)
        number, unit = value[:-1], UNITS_MS.get(value[-1:])
        if unit is None or not number.isascii() or not number.isdigit() or not int(number):
            self.fail(f"{value!r} is no duration; give one like 30s, 15m, 6h or 1d", param, ctx)
        return int(number) * unit


class Speed(click.ParamType):
    """How many times real time; None for as fast as goes."""

    name = "factor"

    @override
    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | None:
        if value == "max":
            return None
        try:
            factor = float(value)
        except ValueError:
            factor = 0.0
        if not 0 < factor < float("inf"):
            self.fail(f"{value!r} is no speed; give max or a factor, like 3600", param, ctx)
        return factor


@click.command("replay")
@options.paths()
@options.archives
@click.option("--since", type=options.Moment(), help="Only events from this time on.")
@click.option("--until", type=options.Moment(), help="Only events before this time.")
@click.option(
    "--speed",
    type=Speed(),
    default="max",
    show_default=True,
    help="As it happened, so many times faster: with 3600 an hour takes a second.",
)
@click.option(
    "--max-gap",
    type=Duration(),
    help="With --speed: a longer silence takes no more time than this one (30s, 15m, 6h, 1d).",
)
@click.option("--from-start", is_flag=True, help="Even where an earlier replay was stopped.")
@click.option("--dry-run", is_flag=True, help="Read everything, publish nothing.")
@options.kafka
@options.as_json
def command(*, brokers: str | None, prefix: str | None, as_json: bool, **asked: Any) -> None:  # noqa: ANN401
    """Publish archives to Kafka as timestamped events.

    Publishing the same archive again changes no view. A replay that was stopped goes on where it
    stopped when it is started again.

    \b
    Example, a saved page and a file that says who is who:
      threadline replay page.txt who-is-who.jsonl --community c.example
    """
    from stream.archive.base import Report

    report = Report()
    began = time.monotonic()
    speed = None if asked["dry_run"] or asked["max_gap"] else asked["speed"]
    with replay_bar.shown(report, speed=speed, until=asked["until"]) as tell:
        if asked["dry_run"]:
            progress = _count(_source(asked, report), tell)
        else:
            settings = options.settings(brokers=brokers, prefix=prefix)
            progress = _publish(settings, lambda: _source(asked, report), tell)
    options.warn_unreadable(report)
    found = {
        "archives": len(asked["archives"]),
        "events": progress.events,
        "already": progress.already,
        "skipped": report.skipped,
        "stopped": progress.stopped,
        "position": None if asked["dry_run"] else progress.position.token,
    }
    replay_bar.print_found(found, progress, time.monotonic() - began, as_json=as_json)
    if progress.stopped:
        raise KeyboardInterrupt


def _source(asked: dict[str, Any], report: Any) -> Source:  # noqa: ANN401
    """What was asked for; reads an archive that has to be sorted."""
    from stream.archive.base import Report
    from stream.archive.detect import read_packed
    from stream.archive.robots import named
    from stream.replay_source import How, Source

    archives: tuple[Path, ...] = asked["archives"]
    if asked["max_gap"] is not None and asked["speed"] is None:
        msg = "--max-gap needs --speed; give both or neither"
        raise click.UsageError(msg)
    if asked["since"] and asked["until"] and asked["since"] >= asked["until"]:
        msg = "--until is not after --since; give a later time"
        raise click.UsageError(msg)
    reading = options.reading(
        asked["community"],
        asked["format_"],
        skip_unreadable=asked["skip_unreadable"],
        bots=asked["bots"],
    )
    how = How(
        since=_ms(asked["since"]),
        until=_ms(asked["until"]),
        speed=asked["speed"],
        max_gap_ms=asked["max_gap"],
        resume=not asked["from_start"],
    )
    reports = iter([report])  # Reading again finds the same: it is not counted twice.

    def opened() -> Iterator[bytes]:
        found = next(reports, None) or Report()
        events = read_packed(archives, replace(reading, bots=()), found)
        return named(events, reading.bots, how.since)  # What comes before is not published.

    return Source(opened, how, report.ends)


def _publish(
    settings: Settings, opened: Callable[[], Source], tell: Callable[[Progress], None]
) -> Progress:
    from stream.kafka.connect import reachable
    from stream.kafka.ending import nothing_left
    from stream.replay import publish

    async def go(source: Source) -> Progress:
        with _stoppable() as stop:
            return await _unless_away(publish(settings, source, tell, stop), settings, stop)

    asyncio.run(nothing_left(reachable(settings)))
    # Reading comes outside of any loop: so Ctrl-C ends it at once.
    return asyncio.run(nothing_left(go(opened())))


async def _unless_away(
    publishing: Coroutine[Any, Any, Progress], settings: Settings, stop: asyncio.Event
) -> Progress:
    """What ``publishing`` gives; `BrokerError` where it was told to stop, and nobody is there."""
    from stream.kafka.connect import reachable

    async def looking() -> None:
        await stop.wait()
        while True:
            await asyncio.sleep(STOPS_WITHIN_S)
            await reachable(settings)

    tasks = asyncio.create_task(publishing), asyncio.create_task(looking())
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0] not in done:
            tasks[1].result()
        return tasks[0].result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def _stoppable() -> Iterator[asyncio.Event]:
    """Set by Ctrl-C; a second one ends it at once."""
    stop = asyncio.Event()
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def ask() -> None:
        if stop.is_set() and task is not None:
            task.cancel()
        stop.set()

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        loop.add_signal_handler(number, ask)
    try:
        yield stop
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


def _count(source: Source, tell: Callable[[Progress], None]) -> Progress:
    from stream.replay_source import TOGETHER, Progress

    progress, events = Progress(), source.events()
    while together := list(islice(events, TOGETHER)):
        progress.add(together)
        tell(progress)
    return progress


def _ms(moment: datetime | None) -> int | None:
    from stream.core.when import ms

    return None if moment is None else ms(moment)
