"""``threadline demo``: broker, worker, serve and a replay on this machine, in one go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stream.cli import options

if TYPE_CHECKING:
    from stream.cli.show import Shown


@click.command("demo")
@options.paths(required=False)
@options.archives
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS")
@click.option("--port", type=click.IntRange(1, 65535), default=options.PORT, show_default=True)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Keep log and views here, and go on with them next time.",
)
@click.option("--once", is_flag=True, help="End when all is read and said.")
@options.kafka
@options.as_json
def command(*, once: bool, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - see show.Asked
    """Show the whole service at work, here and now.

    Starts a broker (unless --brokers names one), a worker and the HTTP service, publishes
    ARCHIVE, and says what it found and where to look. Without ARCHIVE: a sample page and a
    made-up community. Ctrl-C ends all of it.

    \b
    Example, a saved page:
      threadline demo page.txt --community politics.stackexchange.com
    """
    from stream.cli import output, show, stopping

    asked = show.Asked(**given)

    async def go(stop: stopping.Stop) -> None:
        async with show.service(asked) as shown:
            if as_json:
                output.print_json(shown.found)
            else:
                _print(shown, once=once)
            if not once:
                stop.expected = True
                await shown.until_something_ends()

    stopping.run(go)
    if not as_json and not once:
        click.echo("Ended; nothing is left running.", err=True)


def _print(shown: Shown, *, once: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    from stream.cli import output

    said = Table.grid(padding=(0, 1, 0, 0))
    for sentence in shown.sentences:
        said.add_row("  ·", Text(sentence))
    output.show("", Text("What it found", style="bold"), said)
    if once:
        return
    output.show("", Text("Where to look", style="bold"))
    for what, where in shown.places():
        output.show(Text(f"  {where}").append(f"\n      {what}", style="dim"))
    output.show("", "Ctrl-C ends it all.")
