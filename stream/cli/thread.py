"""``threadline thread``: one thread, as it stands or as it stood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from stream.cli import options

if TYPE_CHECKING:
    from datetime import datetime

    from rich.table import Table

TEXT_CHARACTERS: Final = 300  # Of an item's text in the terminal; --full and --json show all.


@click.command("thread")
@click.argument("thread", metavar="COMMUNITY/THREAD")
@click.option("--as-of", type=options.Moment(), help="As it stood at this time.")
@click.option("--full", is_flag=True, help="Whole texts, however long.")
@options.service
def command(
    *, thread: str, as_of: datetime | None, full: bool, url: str | None, as_json: bool
) -> None:
    """Show one thread: its items, people and waits.

    \b
    Example, as it stood on the first of May:
      threadline thread community.example/t1 --as-of 2017-05-01
    """
    from stream.cli import client, output
    from stream.codec.times import stamp_of

    path = client.thread_path(thread)
    with client.service(options.settings(url=url).url) as service:
        found = service.get(path, as_of=stamp_of(as_of) if as_of else None)
    if as_json:
        output.print_json(found)
        return
    output.show(*_head(found), items(found, full=full))


def _head(thread: dict[str, Any]) -> list[Any]:
    from rich.text import Text

    from stream.cli import words

    counts = thread["counts"]
    facts = [
        thread["state"],
        words.count(counts["answers"], "answer"),
        words.count(counts["comments"], "comment"),
        words.count(counts["people"], "person", "people"),
        f"as of {words.minute(thread['as_of'])}",
    ]
    title = Text(thread["title"] or thread["thread"], style="bold")
    shut = [Text(_closed(thread["closed"]))] if thread["closed"] else []
    return [title, " · ".join(facts), *shut, "", waits(thread["waits"])]


def _closed(closed: dict[str, Any]) -> str:
    from stream.cli import words

    by = f" by {words.person(closed['by'])}" if closed.get("by") else ""
    why = f": {closed['why']}" if closed.get("why") else ""
    return f"closed {words.moment(closed['when'])}{by}{why}"


def waits(found: dict[str, Any]) -> Table:
    """How long each metric's wait was, and which item ended it."""
    from rich.table import Table
    from rich.text import Text

    from stream.cli import words

    made = Table.grid(padding=(0, 2, 0, 0))
    for metric, value in found.items():
        by = (value or {}).get("item")
        ended = Text(f"by {by}" if by else "", style="dim")
        made.add_row(metric.replace("_", " "), words.wait(value), ended)
    return made


def items(thread: dict[str, Any], *, full: bool) -> Table:
    """The items in reading order, indented by how deep they stand."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from stream.cli import words

    made = Table.grid(expand=True)
    accepted = (thread["accepted"] or {}).get("item")
    for item in thread["items"]:
        head = Text(f"\n{item['kind']} {item['item']}", style="bold")
        facts = [_author(item), words.moment(item["when"])]
        facts += [f"edited {words.minute(item['edited'])}"] if item["edited"] else []
        facts += ["accepted"] if item["item"] == accepted else []
        head.append("".join(f" · {fact}" for fact in facts), style="not bold dim")
        indent = (0, 0, 0, 2 * min(item["depth"], 10))
        made.add_row(Padding(head, indent))
        made.add_row(Padding(Text(_text(item, full=full)), indent))
    return made


def _author(item: dict[str, Any]) -> str:
    from stream.cli import words

    if item["author"] or not item.get("attributed"):
        return words.person(item["author"])
    return f"attributed to {words.person(item['attributed'])}"


def _text(item: dict[str, Any], *, full: bool) -> str:
    if item.get("deleted"):
        return "(deleted)"
    text = item.get("text") or ""
    if full or len(text) <= TEXT_CHARACTERS:
        return text
    return text[:TEXT_CHARACTERS].rstrip() + " …"
