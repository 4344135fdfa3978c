"""The command ``threadline``: which words it knows, and what becomes of an error.

Nothing but click is imported before the word is known: ``threadline --help`` answers at once.
"""

from __future__ import annotations

import sys
from importlib import import_module
from io import TextIOWrapper
from typing import TYPE_CHECKING, Final

import click
from typing_extensions import override

from stream.cli import fail
from stream.cli.told import Told

if TYPE_CHECKING:
    from collections.abc import Sequence

# The first line of each command's own help, repeated so that listing them imports none of them.
COMMANDS: Final = {
    "demo": "Show the whole service at work, here and now.",
    "inspect": "Say what is in an archive, and what is odd about it.",
    "export": "Write archives in a form that other tools read.",
    "generate": "Write a made-up community as events, one JSON object a line.",
    "replay": "Publish archives to Kafka as timestamped events.",
    "work": "Run a worker, which rebuilds threads from the log.",
    "serve": "Serve the views over HTTP.",
    "threads": "List threads and how long they waited.",
    "thread": "Show one thread: its items, people and waits.",
    "latency": "Show how long people waited, over many threads.",
    "activity": "Show when people were active.",
    "tail": "Follow the events, one JSON object a line.",
    "topics": "Create our topics, and say what differs from how they must be.",
    "verify": "Compare the live views with an archive folded here.",
}

HELP: Final = """\
Replays archived discussion threads through Kafka and serves who waited for whom, and when
people were active, as live views.

\b
Example, the whole service on this machine:
  threadline demo
"""

EPILOG: Final = (
    "Exit status: 0 fine, 1 a difference found, 2 wrong use, 3 something outside failed."
)


class Commands(click.Group):
    """Imports a command's module when the command is asked for, not before."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"stream.cli.{cmd_name}").command
        return command if isinstance(command, click.Command) else None

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    @override
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            known = ", ".join(COMMANDS)
            msg = f"there is no command {args[0]!r}; give one of {known}"
            raise click.UsageError(msg, ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=Commands,
    help=HELP,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)
@click.version_option(package_name="threadline")
def cli() -> None:
    """All commands; `Commands` knows them."""


def run(args: Sequence[str]) -> int:
    """The exit status after running the command line ``args``."""
    # Not cli.main(), which ends with status 1 where a reader has enough of our output.
    with fail.reported() as outcome, cli.make_context("threadline", list(args)) as context:
        cli.invoke(context)
    return outcome.status


def main() -> None:
    """Run the command line that the process was started with, and end with its status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # Where a terminal knows no "≤", a "?" will do.
    told = Told()
    status = run(sys.argv[1:])
    if status == fail.INTERRUPTED:
        told.pass_on()
    sys.exit(status)
