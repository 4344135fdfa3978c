"""Where results go: tables to a terminal, JSON to whoever asks for it.

Names, titles and texts are other people's: what would command a terminal in them is shown as "�".
"""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment
    from rich.table import Table

_COMMANDS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # All but a tab and a line's end.


def harmless(text: str) -> str:
    """``text`` without what a terminal would not print but obey."""
    return _COMMANDS.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def say(text: str, *, err: bool = False) -> None:
    """Print a line of our own words with other people's in it."""
    click.echo(harmless(text), err=err)


def console(*, err: bool = False) -> Console:
    """For texts of other people: what looks like markup in them is only text."""
    from rich.console import Console

    return Console(stderr=err, markup=False, highlight=False, emoji=False)


def show(*what: RenderableType) -> None:
    """Print to standard output."""
    screen = console()
    with screen.capture() as captured:
        for one in what:
            screen.print(_Harmless(one))
    # Tables fill their cells with blanks, which nobody wants to copy.
    text = "\n".join(line.rstrip() for line in captured.get().split("\n"))
    click.echo(text, nl=False, color=True)


def print_json(value: object) -> None:
    """One JSON object, readable by people too."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    click.echo(_COMMANDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def table(*columns: str, numbers: tuple[str, ...] = ()) -> Table:
    """An empty table; the columns in ``numbers`` are aligned at their right."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in columns:
        number = name in numbers
        made.add_column(name, justify="right" if number else "left", no_wrap=number)
    return made


def write_lines(lines: list[bytes]) -> None:
    """Bytes as they are, to standard output."""
    sys.stdout.buffer.write(b"".join(lines))


class _Harmless:
    """Something to print whose texts, once laid out, are made `harmless`; its styles are ours."""

    def __init__(self, what: RenderableType) -> None:
        self._what = what

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for segment in console.render(self._what, options):
            yield segment if segment.control else segment._replace(text=harmless(segment.text))
