"""Faults planted in the fold, each of which the laws must catch."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STORIES = "2000"  # The rarest needs fewer than 1,000.

MUTANTS = [
    pytest.param(
        "replies.py",
        "        if _look_again(thread, post, on, c, moved):\n            for other in",
        "        if _look_again(thread, post, on, c, moved) and False:\n            for other in",
        id="what changes is not carried forward",
    ),
    pytest.param(
        "replies.py",
        "            if len(others - but) == CROWD:",
        "            if others:",
        id="one other commenter counts as a crowd",
    ),
    pytest.param(
        "replies.py",
        "yield from post.calling(_names(thread, author), since, until)",
        "yield from post.calling((author.call,), since, until)",
        id="callers by an alias are not looked at again",
    ),
    pytest.param(
        "replies.py",
        "    if news or any(_in",
        "    if news and any(_in",
        id="a reply whose target moved is not told again",
    ),
    pytest.param(
        "post.py",
        "                self._change(c.author, c)",
        "                pass",
        id="a late comment is taken for the latest",
    ),
    pytest.param(
        "mentions.py",
        "            if _is_for(thread, said, c):\n                better = said",
        "            if True:\n                better = said",
        id="what was said to a third person is taken for said to all",
    ),
    pytest.param(
        "post.py",
        "        self._change(c.author, Item(c.id, None, None, None, c.at))",
        "        pass",
        id="a comment that left still counts",
    ),
    pytest.param(
        "sums.py",
        "    thread.stale |= is_first(thread, item)\n    if item.mode",
        "    if item.mode",
        id="what was first stays so although it left",
    ),
    pytest.param(
        "sums.py",
        "            thread.stale |= is_first(thread, item)\n            on =",
        "            on =",
        id="an asker is known although nobody may see who asked",
    ),
    pytest.param(
        "sums.py",
        "        posts[on].index_again()\n        review(thread, on)",
        "        posts[on].index_again()",
        id="who is erased is still found by those who call them",
    ),
    pytest.param(
        "sums.py",
        "        if item.id in posts:\n            review(thread, item.id)",
        "        if item.id in posts:\n            pass",
        id="who is erased is still answered by what stands under their comment",
    ),
    pytest.param(
        "identity.py",
        "        unname(thread, unnamed)\n        thread.mix_up()",
        "        unname(thread, unnamed)",
        id="who is erased still says who is who",
    ),
    pytest.param(
        "firsts.py",
        "            thread.stale |= not newest",
        "            pass",
        id="an earlier response does not move the asker's return",
    ),
    pytest.param(
        "hearing.py",
        " or voice.token in community.renamed",
        "",
        id="an account of two names is two people",
    ),
    pytest.param(
        "item.py",
        "            more.after = self.at = min(self.at, at)",
        "            more.after = self.at = at",
        id="of two moments the last stated one is kept",
    ),
    pytest.param(
        "moments.py",
        "        if not _contains(other[:3], span):",
        "        if True:",
        id="a bound and the moment within it are two deletions",
    ),
    pytest.param(
        "statements.py",
        "        thread.stale |= is_first(thread, item)",
        "        pass",
        id="a deleted response still counts",
    ),
    pytest.param(
        "statements.py",
        "    if held is not None and held.version >= said.version:",
        "    if held is not None and held.version > said.version and False:",
        id="the last read observation counts, not the latest",
    ),
    pytest.param(
        "identity.py",
        "        community.robots |= tokens",
        "        community.robots = tokens",
        id="only the last of several robots is one",
    ),
    pytest.param(
        "identity.py",
        "(stated is not None and stated.aliases)",
        "False",
        id="what the community learns does not meet what only the thread knows of names",
    ),
    pytest.param(
        "robots.py",
        "    if not robots or masked(voice, humans):",
        "    if not robots:",
        id="who is stated to be none is a robot all the same",
    ),
    pytest.param(
        "robots.py",
        " or not names_of(robots).isdisjoint(",
        " or not names_of(()).isdisjoint(",
        id="under another name a robot is none",
    ),
    pytest.param(
        "../codec/restore.py",
        "if isinstance(event, OF_PEOPLE):",
        "if isinstance(event, OF_PEOPLE[1:]):",
        id="another worker does not know of robots",
    ),
]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("file", "right", "wrong"), MUTANTS)
def test_the_laws_catch(file: str, right: str, wrong: str, tmp_path: Path):
    for package in ("stream", "tests"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    mutated = tmp_path / "stream" / "core" / file
    source = mutated.read_text()
    assert source.count(right) == 1, "the fault is planted where the code has changed"
    mutated.write_text(source.replace(right, wrong))
    run = subprocess.run(
        [sys.executable, "-m", "tests.laws.check", STORIES],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, f"no law was broken: {run.stderr}"
