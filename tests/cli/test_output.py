"""What other people wrote is shown, never obeyed: no escape of theirs reaches a terminal."""

import json

import pytest
from click.testing import CliRunner
from rich.table import Table
from rich.text import Text

from stream.cli import output
from stream.cli.main import cli, run
from stream.cli.thread import items
from stream.codec.events import encode
from tests import story

EVIL = "\x1b[31mred\x1b]0;title \x9b2J\x7f"
SHOWN = "�[31mred�]0;title �2J�"


def _table(text):
    made = Table()
    made.add_row(text)
    return made


@pytest.mark.parametrize("made", [str, Text, _table], ids=["text", "styled", "table"])
def test_escapes_of_others_are_shown_and_not_obeyed(capsys, made):
    output.show(made(EVIL))
    shown = capsys.readouterr().out
    assert SHOWN in shown
    assert not set(shown) & set("\x1b\x07\x08\x7f\x9b")


def test_lines_and_tabs_are_no_commands():
    assert output.harmless("a\r\nb\n\tc\rd") == "a\nb\n\tc�d"


def test_json_says_them_without_having_them(capsys):
    output.print_json({"name": EVIL})
    shown = capsys.readouterr().out
    assert json.loads(shown) == {"name": EVIL}
    assert not set(shown) & set("\x1b\x07\x08\x7f\x9b")


def test_inspect_shows_them_harmless(tmp_path):
    path = tmp_path / "events.jsonl"
    said = [story.asked(author=EVIL, community=f"c{EVIL}"), story.commented(mentions=(EVIL,))]
    path.write_bytes(b"".join(encode(event).value + b"\n" for event in said))
    shown = CliRunner().invoke(cli, ["inspect", str(path)], color=True).output
    assert f"c{SHOWN}" in shown
    assert not set(shown) & set("\x1b\x07\x08\x7f\x9b")


def test_so_do_a_thread_and_an_error(capsys, tmp_path):
    item = {"kind": "question", "item": "q", "author": {"name": EVIL}, "when": {}, "depth": 0}
    output.show(
        items({"accepted": None, "items": [item | {"edited": None, "text": EVIL}]}, full=True)
    )
    assert run(["inspect", str(tmp_path / EVIL)]) == 3
    shown = capsys.readouterr()
    assert shown.out.count(SHOWN) == 2
    assert f"{SHOWN} is not there" in shown.err.replace("\n", " ")
    assert not set(shown.out + shown.err) & set("\x1b\x07\x08\x7f\x9b")
