"""``threadline serve``: the views over HTTP."""

from __future__ import annotations

from pathlib import Path

import click

from stream.cli import options
from stream.cli.told import at_once


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS")
@click.option("--port", type=click.IntRange(1, 65535), default=options.PORT, show_default=True)
@click.option(
    "--database",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where the views are kept; default: a temporary file, filled anew from the log.",
)
@options.kafka
def command(
    *, host: str, port: int, database: Path | None, brokers: str | None, prefix: str | None
) -> None:
    """Serve the views over HTTP.

    \b
    Example, for other machines too, kept over restarts:
      threadline serve --host 0.0.0.0 --port 8300 --database views.sqlite
    """
    with at_once():
        from stream.serve.run import serve

    options.log_lines()
    settings = options.settings(brokers=brokers, prefix=prefix)
    serve(settings, host=host, port=port, database=database)
