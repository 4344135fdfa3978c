"""``threadline generate``: a made-up community, as events or as a dump of another format."""

from __future__ import annotations

from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from stream.cli import options

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from stream.core.events import Event

LINES_TOGETHER: Final = 1_000


@click.command("generate")
@click.option("--threads", type=click.IntRange(1), default=300, show_default=True, metavar="N")
@click.option(
    "--seed", type=int, default=1, show_default=True, metavar="N", help="Same seed, same bytes."
)
@click.option(
    "--since",
    type=options.Moment(),
    default="2017-04-01",
    show_default=True,
    help="When the first thread may begin.",
)
@click.option(
    "--until",
    type=options.Moment(),
    default="2017-06-01",
    show_default=True,
    help="When it ends: who has no answer by then still waits.",
)
@click.option("--as-of", type=options.Moment(), help="Only what happens before this time.")
@click.option("--community", default="community.example", show_default=True, metavar="NAME")
@click.option(
    "--format",
    "format_",
    type=click.Choice(("event-lines", "stack-exchange")),
    default="event-lines",
    show_default=True,
    help="What to write: events on standard output, or a dump into --out.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="The folder for a dump's files."
)
@click.option(
    "--eol",
    type=click.Choice(("lf", "crlf")),
    default="lf",
    show_default=True,
    help="How a dump's lines end.",
)
def command(
    *,
    threads: int,
    seed: int,
    since: datetime,
    until: datetime,
    as_of: datetime | None,
    community: str,
    format_: str,
    out: Path | None,
    eol: Literal["lf", "crlf"],
) -> None:
    """Write a made-up community as events, one JSON object a line.

    \b
    Example, five thousand threads:
      threadline generate --threads 5000 --seed 7 > made-up.jsonl
    """
    if until <= since:
        msg = "--until is not after --since; give a later time"
        raise click.UsageError(msg)
    if (format_ == "event-lines") != (out is None):
        msg = "--out is for the format stack-exchange, which needs it; give both or neither"
        raise click.UsageError(msg)
    from stream.archive.generate import generate

    events = generate(threads=threads, seed=seed, since=since, until=until, community=community)
    if as_of is not None:
        events = takewhile(lambda event: event.time < as_of, events)
    if out is None:
        _print(events)
    else:
        _write(events, out, eol)


def _print(events: Iterator[Event]) -> None:
    from stream.cli import output
    from stream.codec.events import encode

    while lines := [encode(event).value + b"\n" for event in islice(events, LINES_TOGETHER)]:
        output.write_lines(lines)


def _write(events: Iterator[Event], out: Path, eol: Literal["lf", "crlf"]) -> None:
    from stream.archive.made_up.stack_exchange import write_dump
    from stream.errors import UsageError

    try:
        written = write_dump(events, out, eol=eol)
    except OSError as error:
        msg = f"{out} cannot be written to: {error.strerror}; name another folder with --out"
        raise UsageError(msg) from error
    rows = ", ".join(f"{name}.xml {count:,}" for name, count in written.items())
    click.echo(f"Rows written to {out}: {rows}.", err=True)
