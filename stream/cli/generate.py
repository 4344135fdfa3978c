"""``threadline generate``: a made-up community on standard output."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

import click

from stream.cli import options

if TYPE_CHECKING:
    from datetime import datetime

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
@click.option("--community", default="community.example", show_default=True, metavar="NAME")
def command(*, threads: int, seed: int, since: datetime, until: datetime, community: str) -> None:
    """Write a made-up community as events, one JSON object a line.

    \b
    Example, five thousand threads:
      threadline generate --threads 5000 --seed 7 > made-up.jsonl
    """
    if until <= since:
        msg = "--until is not after --since; give a later time"
        raise click.UsageError(msg)
    from stream.archive.generate import generate
    from stream.cli import output
    from stream.codec.events import encode

    events = generate(threads=threads, seed=seed, since=since, until=until, community=community)
    while lines := [encode(event).value + b"\n" for event in islice(events, LINES_TOGETHER)]:
        output.write_lines(lines)
