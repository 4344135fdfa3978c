"""``threadline verify``: the live views against an archive folded here."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import click

from stream.cli import fail, options

if TYPE_CHECKING:
    from pathlib import Path

    from stream.verify import Audit

SHOWN: Final = 50


@click.command("verify")
@options.paths()
@options.archives
@options.kafka
@click.option("--url", metavar="URL", help="Compare what is served there, too.")
@options.as_json
def command(
    *,
    archives: tuple[Path, ...],
    community: str | None,
    format_: str | None,
    skip_unreadable: bool,
    bots: tuple[str, ...],
    brokers: str | None,
    prefix: str | None,
    url: str | None,
    as_json: bool,
) -> None:
    """Compare the live views with an archive folded here.

    Exit status 1 where they differ. Threads that the archives do not hold are left alone;
    activity is compared where a community holds no others.

    \b
    Example:
      threadline verify page.txt who-is-who.jsonl --community c.example
    """
    from stream.archive.base import Report
    from stream.archive.detect import read
    from stream.cli import client, output
    from stream.kafka.connect import reachable
    from stream.kafka.ending import nothing_left
    from stream.verify import audit, folded, live

    reading = options.reading(community, format_, skip_unreadable=skip_unreadable, bots=bots)
    report = Report()
    settings = options.settings(brokers=brokers, prefix=prefix, url=url)
    with client.service(settings.url) as service:
        fetch = None if url is None else service.get
        asyncio.run(nothing_left(reachable(settings)))
        # Folding and comparing come outside of any loop: so Ctrl-C ends them at once.
        set_aside: list[str] = []
        wanted = folded(read(archives, reading, report), settings.partitions, set_aside)
        found = audit(wanted, asyncio.run(nothing_left(live(settings, wanted))), fetch=fetch)
        found.set_aside = set_aside
    options.warn_unreadable(report)
    if as_json:
        output.print_json(asdict(found))
    else:
        _print(found)
    if found.differences:
        raise click.exceptions.Exit(fail.DIFFERENCE)


def _print(found: Audit) -> None:
    from itertools import groupby

    from rich.text import Text

    from stream.cli import output, words

    compared = f"{words.count(found.threads, 'thread')}, {words.count(found.rows, 'row')}"
    for community in found.activity_left_out:
        output.say(f"Activity of {community} is not compared: the log holds more threads of it.")
    if found.set_aside:
        aside = words.count(len(found.set_aside), "event")
        output.say(f"{aside} set aside, as by the worker; the first: {found.set_aside[0]}.")
    if not found.differences:
        click.echo(f"The views are as the archive says: {compared} compared.")
        return
    for where, rows in groupby(found.differences[:SHOWN], key=lambda row: row.where):
        output.show(Text(where, style="bold", overflow="fold"))
        for row in rows:
            field = f"{row.view} {row.field}".rstrip()
            output.show(Text(f"  {field}: archive {row.wanted}, live {row.found}"))
    left = len(found.differences) - SHOWN
    more = f"; {left:,} more are not shown" if left > 0 else ""
    click.echo(f"\n{words.count(len(found.differences), 'difference')} in {compared}{more}.")
