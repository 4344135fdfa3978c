"""``threadline inspect``: what is in an archive, and what is odd about it; needs no broker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from stream.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import RenderableType
    from rich.table import Table

    from stream.archive.base import Options

BAR: Final = 40  # Characters; all of it fits on a narrow terminal.


@click.command("inspect")
@options.paths()
@options.archives
@click.option("--events", is_flag=True, help="Print the events instead, one JSON object a line.")
@options.as_json
def command(
    *,
    archives: tuple[Path, ...],
    community: str | None,
    format_: str | None,
    skip_unreadable: bool,
    bots: tuple[str, ...],
    events: bool,
    as_json: bool,
) -> None:
    """Say what is in an archive, and what is odd about it.

    \b
    Example, a saved page of a mirror:
      threadline inspect page.txt --community politics.stackexchange.com
    """
    from stream.cli import output

    reading = options.reading(community, format_, skip_unreadable=skip_unreadable, bots=bots)
    if events:
        _print_events(archives, reading)
        return
    from stream.archive.inspect import inspect

    found = inspect(archives, reading)
    if as_json:
        output.print_json(found)
    else:
        _print(found)


def _print_events(archives: Sequence[Path], reading: Options) -> None:
    from itertools import islice

    from stream.archive.base import Report
    from stream.archive.detect import read
    from stream.cli import output
    from stream.codec.events import encode

    report = Report()
    found = read(archives, reading, report)
    while lines := [encode(event).value + b"\n" for event in islice(found, 1000)]:
        output.write_lines(lines)
    options.warn_unreadable(report)


def _print(found: dict[str, Any]) -> None:
    from stream.cli import output

    output.show(_facts(found))
    if len(found["over_time"]) > 1:
        output.show("", _over_time(found["over_time"]))
    if found["oddities"]:
        odd = output.table("what is odd", "times", "for example", numbers=("times",))
        for oddity in found["oddities"]:
            odd.add_row(oddity["code"], f"{oddity['count']:,}", str(oddity["example"]))
        output.show("", _whole(odd))
    if found["unreadable"]:
        bad = output.table("unreadable", "problem")
        for row in found["unreadable"][: options.SKIPPED_SHOWN]:
            bad.add_row(str(row["where"]), str(row["problem"]))
        output.show("", _whole(bad))
        if found["skipped"] > options.SKIPPED_SHOWN:
            more = found["skipped"] - options.SKIPPED_SHOWN
            output.show(f"and {more:,} more; --json lists the first thousand")


def _whole(table: Table) -> Table:
    """Paths and ids that are too long for a line go on in the next: their end tells them apart."""
    for column in table.columns:
        column.overflow = "fold"
    return table


def _facts(found: dict[str, Any]) -> RenderableType:
    """What is there, over which time, and how much of it."""
    from rich.table import Table

    from stream.cli import words

    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_row("format", str(found["format"]))
    facts.add_row("communities", ", ".join(found["communities"]))
    facts.add_row("threads", f"{found['threads']:,}")
    items = [words.count(n, kind[:-1]) for kind, n in found["items"].items() if n]
    facts.add_row("items", " · ".join(items) or "none")
    facts.add_row("edits", f"{found['edits']:,}")
    facts.add_row("people", f"{found['people']:,}")
    robots = [f"{one['person']}: {words.count(one['acts'], 'act')}" for one in found["robots"]]
    if robots:
        facts.add_row("robots", " · ".join(robots))
    facts.add_row("from", words.minute(found["first_at"]))
    facts.add_row("to", words.minute(found["last_at"]))
    told = f": {_counted(found['facts'])}" if found["events"] else ""
    facts.add_row("events", f"{found['events']:,}{told}")
    if found["counts"]:
        facts.add_row("in the files", _counted(found["counts"]))
    # Said with a thread's first post: one without it is among the oddities.
    headless = sum(o["count"] for o in found["oddities"] if o["code"] == "no-first-post")
    for threads in sorted(set(found["silent_on"].values()), reverse=True):
        silent = ", ".join(what for what, of in found["silent_on"].items() if of == threads)
        some = "" if threads + headless >= found["threads"] else f" (in {threads:,} of the threads)"
        facts.add_row("cannot tell", silent + some)
    return facts


def _counted(counts: dict[str, int]) -> str:
    return " · ".join(f"{number:,} {kind}" for kind, number in counts.items() if number)


def _over_time(rows: list[dict[str, Any]]) -> RenderableType:
    from stream.cli import output

    most = max(row["items"] for row in rows)
    shown = output.table(
        "month" if "-" in rows[0]["start"] else "year", "items", "", numbers=("items",)
    )
    for row in rows:
        bar = "█" * -(-row["items"] * BAR // most)
        shown.add_row(row["start"], f"{row['items']:,}", bar)
    return shown
