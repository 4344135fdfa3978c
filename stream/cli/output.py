"""Where results go: tables to a terminal, JSON to whoever asks for it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table


def console(*, err: bool = False) -> Console:
    """For texts of other people: what looks like markup in them is only text."""
    from rich.console import Console

    return Console(stderr=err, markup=False, highlight=False, emoji=False)


def show(*what: RenderableType) -> None:
    """Print to standard output."""
    screen = console()
    with screen.capture() as captured:
        for one in what:
            screen.print(one)
    # Tables fill their cells with blanks, which nobody wants to copy.
    text = "\n".join(line.rstrip() for line in captured.get().split("\n"))
    click.echo(text, nl=False, color=True)


def print_json(value: object) -> None:
    """One JSON object, readable by people too."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


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
