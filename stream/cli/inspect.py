"""``threadline inspect``: what is in an archive, and what is odd about it; needs no broker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from stream.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stream.archive.base import Options


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
    events: bool,
    as_json: bool,
) -> None:
    """Say what is in an archive, and what is odd about it.

    \b
    Example, a saved page of a mirror:
      threadline inspect page.txt --community politics.stackexchange.com
    """
    from stream.cli import output

    reading = options.reading(community, format_, skip_unreadable=skip_unreadable)
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
    from rich.table import Table

    from stream.cli import output, words

    items = found["items"]
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_row("format", str(found["format"]))
    facts.add_row("communities", ", ".join(found["communities"]))
    facts.add_row("threads", f"{found['threads']:,}")
    counted = [f"{number:,} {kind}" for kind, number in items.items() if number]
    facts.add_row("items", " · ".join(counted) or "none")
    facts.add_row("edits", f"{found['edits']:,}")
    facts.add_row("events", f"{found['events']:,}")
    facts.add_row("people", f"{found['people']:,}")
    facts.add_row("from", words.minute(found["first_at"]))
    facts.add_row("to", words.minute(found["last_at"]))
    output.show(facts)
    if found["oddities"]:
        odd = output.table("what is odd", "times", "for example", numbers=("times",))
        for oddity in found["oddities"]:
            odd.add_row(oddity["code"], f"{oddity['count']:,}", str(oddity["example"]))
        output.show("", odd)
    if found["unreadable"]:
        bad = output.table("unreadable", "problem")
        for row in found["unreadable"]:
            bad.add_row(str(row["where"]), str(row["problem"]))
        output.show("", bad)
