"""The command itself: it lists its words at once, and says what went wrong in one line."""

import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

from stream.cli.fail import INTERRUPTED, reported
from stream.cli.main import COMMANDS, cli, run
from tests.brokers import free_ports

HEAVY = ("aiokafka", "faust", "fastapi", "httpx", "lxml", "orjson", "rich", "msgspec")


def threadline(*args, stdin=None):
    return subprocess.run(
        [sys.executable, "-m", "stream.cli", *args],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from stream.cli.main import run; run(['--help']);"
        f"sys.exit(' '.join(set(sys.modules) & set({HEAVY!r})) or 0)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert ended.stderr == ""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_listed_as_it_describes_itself_and_shows_an_example(name):
    shown = CliRunner().invoke(cli, [name, "--help"], terminal_width=80)
    assert shown.exit_code == 0
    assert COMMANDS[name] in " ".join(shown.output.split())
    assert f"threadline {name}" in shown.output.partition("Example")[2]
    assert max(map(len, shown.output.splitlines())) <= 80


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        pytest.param(["frobnicate"], 2, "there is no command 'frobnicate'", id="unknown command"),
        pytest.param(["generate", "--threads", "x"], 2, "--threads", id="not a number"),
        pytest.param(["generate", "--since", "soon"], 2, "'soon' is no time", id="not a time"),
        pytest.param(
            ["generate", "--since", "2018-01-01"], 2, "--until is not after", id="nothing between"
        ),
        pytest.param(["threads", "--url", "http://127.0.0.1:9"], 3, "nothing answers", id="away"),
        pytest.param(["thread", "abc"], 2, "'abc' is no thread", id="no thread"),
        pytest.param(["inspect", "gone.txt"], 3, "gone.txt", id="no such archive"),
        pytest.param(["topics", "--brokers", "127.0.0.1:9"], 3, "127.0.0.1:9", id="no broker"),
        pytest.param(["inspect"], 2, "missing argument", id="nothing to inspect"),
    ],
)
def test_an_error_is_one_line_and_a_status(args, status, said, capsys):
    assert run(args) == status
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert said in captured.err
    assert len(captured.err.splitlines()) == 1
    assert captured.out == ""


def test_a_wrong_setting_is_named():
    env = {"THREADLINE_PARTITIONS": "many"}
    shown = CliRunner(env=env).invoke(cli, ["topics"])
    assert "THREADLINE_PARTITIONS is 'many'" in str(shown.exception)


def test_the_demo_starts_no_broker_in_the_clear_for_who_wants_tls(monkeypatch, capsys):
    monkeypatch.delenv("THREADLINE_BROKERS", raising=False)
    monkeypatch.setenv("THREADLINE_SECURITY_PROTOCOL", "SSL")
    assert run(["demo", "--once", "--port", str(free_ports(1)[0])]) == 2
    assert "the embedded broker knows neither TLS nor users" in capsys.readouterr().err


def test_a_reader_that_has_enough_is_no_error():
    command = f"{sys.executable} -m stream.cli generate --threads 500 | head -1"
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],  # noqa: S607 - the user's own shell
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(ended.stdout.splitlines()) == 1


def test_ctrl_c_while_a_class_is_made_is_that_and_no_fault():
    class Interrupted:
        def __set_name__(self, owner, name):
            raise KeyboardInterrupt

    with reported() as outcome:
        type("Made", (), {"field": Interrupted()})
    assert outcome.status == INTERRUPTED


def test_ctrl_c_while_the_command_is_imported_ends_it_without_a_word():
    code = """
import os, signal, sys

class Pressed:
    def find_spec(self, name, path, target=None):
        if name == "click":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Pressed())
from stream.cli.start import main
main()
"""
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, "", "")


def test_the_version_is_told():
    assert threadline("--version").stdout.startswith("threadline, version ")
