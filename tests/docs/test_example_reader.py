"""The package under docs/example-reader does what its page says, once it is installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "docs" / "example-reader"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder into which pip has installed a copy of it; nothing is fetched."""
    copy = tmp_path_factory.mktemp("source") / "example-reader"
    shutil.copytree(EXAMPLE, copy)
    target = tmp_path_factory.mktemp("installed")
    offline = ("--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")
    command = (sys.executable, "-m", "pip", "install", "--quiet", *offline)
    subprocess.run([*command, "--target", str(target), str(copy)], check=True)
    return target


def _threadline(installed, *args):
    return subprocess.run(
        [sys.executable, "-m", "stream.cli", *args],
        env={"PYTHONPATH": str(installed), "COLUMNS": "80"},
        cwd=EXAMPLE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )


def test_its_archive_is_recognised_and_read(installed):
    ended = _threadline(installed, "inspect", str(EXAMPLE / "guestbook.csv"))
    assert ended.returncode == 0, ended.stderr
    assert "format       guestbook\n" in ended.stdout
    assert "2 posts · 1 comment" in ended.stdout
    assert "cannot tell  accepted, closed, deleted, edited, score\n" in ended.stdout


def test_what_it_cannot_read_is_told_by_row(installed, tmp_path):
    broken = tmp_path / "broken.csv"
    broken.write_bytes((EXAMPLE / "guestbook.csv").read_bytes() + b"3,,Cid,yesterday,Hm.\n")
    ended = _threadline(installed, "inspect", "--events", str(broken))
    assert ended.returncode == 3
    assert "broken.csv, row 5: Invalid isoformat string" in ended.stderr
    ended = _threadline(installed, "inspect", "--events", "--skip-unreadable", str(broken))
    assert len(ended.stdout.splitlines()) == 3


def test_without_it_the_archive_is_none(tmp_path):
    ended = _threadline(tmp_path, "inspect", str(EXAMPLE / "guestbook.csv"))
    assert ended.returncode == 3
    assert "is no archive that Threadline knows" in ended.stderr
