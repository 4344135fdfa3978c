"""``threadline work``: a worker."""

from __future__ import annotations

from pathlib import Path

import click

from stream.cli import options
from stream.cli.told import at_once


@click.command("work")
@click.option("--name", metavar="NAME", help="This worker's own, so that a restart takes over.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where the lock on the name lies; default: this machine's folder for temporary files.",
)
@options.kafka
def command(
    *, name: str | None, data: Path | None, brokers: str | None, prefix: str | None
) -> None:
    """Run a worker, which rebuilds threads from the log.

    Run as many as there are partitions, each with a name of its own: they share the work, and
    what one leaves the others take over.

    \b
    Example:
      threadline work --brokers localhost:9092 --name worker-1
    """
    with at_once():
        from stream.process.worker import run

    options.log_lines()
    run(options.settings(brokers=brokers, prefix=prefix), name=name, data=data)
