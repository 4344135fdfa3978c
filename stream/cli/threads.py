"""``threadline threads``: a list of threads and how long they waited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from stream.cli import options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table


@click.command("threads")
@click.option("--community", metavar="NAME", help="Only threads of this community.")
@click.option(
    "--state",
    type=click.Choice(["waiting", "answered", "accepted", "closed", "deleted"]),
    help="Only threads in this state.",
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most so many.")
@click.option("--cursor", metavar="TOKEN", help="Go on where a former list ended.")
@options.service
def command(
    *,
    community: str | None,
    state: str | None,
    limit: int | None,
    cursor: str | None,
    url: str | None,
    as_json: bool,
) -> None:
    """List threads and how long they waited.

    \b
    Example, those that nobody has answered:
      threadline threads --state waiting
    """
    from stream.cli import client, output

    with client.service(options.settings(url=url).url) as service:
        found = service.get(
            "/v1/threads", community=community, state=state, limit=limit, cursor=cursor
        )
    if as_json:
        output.print_json(found)
        return
    output.show(rows(found["threads"]) if found["threads"] else "No threads.")
    if found["next"]:
        click.echo(f"There are more: say the same with --cursor {found['next']}")


def rows(threads: list[dict[str, Any]]) -> Table:
    """When each was asked; its title, state, counts and waits; the name `thread` knows it by."""
    from rich.table import Table
    from rich.text import Text

    from stream.cli import words

    made = Table.grid(padding=(0, 2, 1, 0))
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for thread in threads:
        title = Text(thread["title"] or thread["thread"], style="bold")
        facts = [Text(line) for line in _facts(thread)]
        lines = (title, *facts, Text(name(thread), style="dim"))
        made.add_row(words.day(thread["first_at"]), Text("\n").join(lines))
    return made


def name(thread: dict[str, Any]) -> str:
    """``community/thread``: what `threadline thread` takes."""
    from stream.codec.keys import thread_key

    return thread_key(thread["community"], thread["thread"]).decode()


def _facts(thread: dict[str, Any]) -> Iterator[str]:
    from stream.cli import words

    counts, waits = thread["counts"], thread["waits"]
    asks = not counts["posts"]  # In a forum nothing is a question, nor an answer.
    kinds = ("answers", "comments") if asks else ("posts", "comments")
    yield " · ".join([thread["state"], *(words.count(counts[kind], kind[:-1]) for kind in kinds)])
    metrics = ("first_comment", "first_answer") if asks else ("first_response",)
    waited = [
        f"{metric.replace('_', ' ')} {words.wait(waits[metric])}"
        for metric in metrics
        if waits[metric]
    ]
    if waited:
        yield " · ".join(waited)
