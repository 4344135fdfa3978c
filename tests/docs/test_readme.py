"""What the documents say is so: commands, settings, outputs, links."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from stream import errors
from stream.archive.detect import readers
from stream.cli.main import COMMANDS
from stream.core.waits import METRICS
from stream.serve.api.models import Latency
from tests.brokers import free_ports

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DOCUMENTS = sorted(
    path.relative_to(ROOT)
    for path in [ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md")]
)
INSTALLS = re.findall(r"^python3 -m venv .*$", README, re.MULTILINE)


def test_the_readme_has_one_command_to_try_it_and_one_to_test_it():
    assert [line.rpartition("/")[2] for line in INSTALLS] == ["threadline demo", "pytest"]


@pytest.mark.parametrize("line", INSTALLS)
def test_ci_runs_the_readmes_commands_to_the_letter(line):
    ci = (ROOT / ".ci/run").read_text()
    assert [part for part in line.split(" && ") if part not in ci] == []


def test_every_command_is_in_the_readme_and_none_that_is_not_there():
    (table,) = re.findall(r"^\| command \|.*?\n\n", README, re.MULTILINE | re.DOTALL)
    firsts = [row.split("|")[1] for row in table.strip().splitlines()[2:]]
    listed = re.findall(r"`(?:threadline )?([a-z]+)", " ".join(firsts))
    assert sorted(listed) == sorted(COMMANDS)
    used = set(re.findall(r"\bthreadline ([a-z]+)", README))
    assert used - set(COMMANDS) == set()


def test_every_setting_is_in_the_readme_and_none_that_is_not_there():
    read = set(re.findall(r"THREADLINE_[A-Z_]+", (ROOT / "stream/config.py").read_text()))
    assert set(re.findall(r"THREADLINE_[A-Z_]+", README)) == read - {"THREADLINE_"}


def test_every_format_is_in_the_readme():
    assert [name for name in readers() if f"`{name}`" not in README] == []


def test_every_wait_and_every_count_of_them_is_explained():
    waits = (ROOT / "docs/waits.md").read_text()
    counts = [name for name in Latency.model_fields if name.startswith("n")]
    assert [name for name in (*METRICS, *counts) if f"`{name}`" not in waits] == []


def test_every_error_is_on_the_map_at_the_head_of_its_module():
    named = [
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.StreamError)
    ]
    assert [name for name in named if name not in errors.__doc__] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_link_leads_somewhere(document):
    text = (ROOT / document).read_text()
    links = re.findall(r"\]\(([^)#]+)\)", text)
    local = [link for link in links if not link.startswith("http")]
    assert [link for link in local if not (ROOT / document.parent / link).exists()] == []


@pytest.mark.broker
@pytest.mark.timeout(300)
def test_the_demo_finds_what_the_readme_shows():
    (port,) = free_ports(1)
    ended = subprocess.run(
        [sys.executable, "-m", "stream.cli", "demo", "--once", "--port", str(port)],
        capture_output=True,
        text=True,
        check=True,
    )
    (shown,) = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
    assert ended.stdout.strip() == shown.strip()
