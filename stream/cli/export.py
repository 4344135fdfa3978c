"""``threadline export``: archives as event lines or a ConvoKit corpus; needs no broker."""

from __future__ import annotations

from pathlib import Path

import click

from stream.cli import options


@click.command("export")
@options.paths()
@click.option(
    "--format",
    "form",
    type=click.Choice(("convokit", "jsonl")),
    required=True,
    help="What to write: a ConvoKit corpus, or our events as JSON lines.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="PATH",
    help="The folder or file to write, which must not be there.",
)
@click.option("--from", "format_", metavar="NAME", help="The format of the archives, to be sure.")
@click.option("--community", metavar="NAME", help=options.OF_ARCHIVES)
@click.option(
    "--skip-unreadable", is_flag=True, help="Count what cannot be read, and go on with the rest."
)
@options.bots
def command(
    *,
    archives: tuple[Path, ...],
    form: str,
    out: Path,
    format_: str | None,
    community: str | None,
    skip_unreadable: bool,
    bots: tuple[str, ...],
) -> None:
    """Write archives in a form that other tools read.

    A corpus holds each item as it is now: its latest text, and whether it was deleted.

    \b
    Example, a site's dump for ConvoKit:
      threadline export --format convokit coffee.stackexchange.com --out corpus
    """
    from stream.archive.base import Report
    from stream.archive.export import export
    from stream.cli import output, words

    reading = options.reading(community, format_, skip_unreadable=skip_unreadable, bots=bots)
    report = Report()
    count = export(archives, reading, report, to=out, form=form)
    options.warn_unreadable(report)
    output.say(f"Wrote {words.count(count, 'utterance' if form == 'convokit' else 'event')}: {out}")
