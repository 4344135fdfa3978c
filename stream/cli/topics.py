"""``threadline topics``: makes our topics, and says what differs from how they must be."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from stream.cli import fail, options

if TYPE_CHECKING:
    from stream.config import Settings
    from stream.kafka.topics import Difference


@click.command("topics")
@click.option("--check", "only_check", is_flag=True, help="Create nothing, only compare.")
@options.kafka
@options.as_json
def command(*, only_check: bool, brokers: str | None, prefix: str | None, as_json: bool) -> None:
    """Create our topics, and say what differs from how they must be.

    Exit status 1 where something differs.

    \b
    Example:
      threadline topics --brokers localhost:9092 --check
    """
    from stream.cli import output
    from stream.kafka.ending import nothing_left

    settings = options.settings(brokers=brokers, prefix=prefix)
    created, differences = asyncio.run(nothing_left(_topics(settings, only_check=only_check)))
    if as_json:
        found = [asdict(difference) for difference in differences]
        output.print_json({"created": created, "differences": found})
    else:
        _print(settings, created, differences)
    if differences:
        raise click.exceptions.Exit(fail.DIFFERENCE)


async def _topics(settings: Settings, *, only_check: bool) -> tuple[list[str], list[Difference]]:
    from stream.kafka import topics
    from stream.kafka.connect import reachable

    await reachable(settings)
    created = [] if only_check else await topics.create(settings)
    return created, await topics.check(settings)


def _print(settings: Settings, created: list[str], differences: list[Difference]) -> None:
    from stream.cli import output

    for name in created:
        click.echo(f"created {name}")
    if not differences:
        click.echo(f"All topics of {settings.prefix} at {settings.brokers} are as they must be.")
        return
    made: Any = output.table("topic", "what", "wanted", "found")
    for difference in differences:
        found = "nothing" if difference.found is None else difference.found
        made.add_row(difference.topic, difference.what, difference.wanted, found)
    output.show(made)
