"""The fold as machine code says what the interpreted one says."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from stream.compiled import MODULES, compile_fold, undo

ROOT = Path(__file__).parents[2]


@pytest.mark.long
@pytest.mark.timeout(300)
def test_the_compiled_fold_keeps_the_laws_and_can_be_undone(tmp_path: Path):
    for package in ("stream", "tests"):
        ignored = shutil.ignore_patterns("__pycache__", "*.so")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    assert compile_fold(tmp_path) > len(MODULES)
    asked = "import stream.core.fold as fold; print(fold.__file__)"
    assert run(tmp_path, "-c", asked).stdout.strip().endswith(".so")
    assert run(tmp_path, "-m", "tests.laws.check", "2000").returncode == 0
    assert undo(tmp_path) > len(MODULES)
    assert run(tmp_path, "-c", asked).stdout.strip().endswith("fold.py")


def test_what_is_not_there_to_compile_with_is_named(tmp_path: Path):
    shutil.copytree(ROOT / "stream", tmp_path / "stream")
    venv.create(tmp_path / "bare")
    python = str(tmp_path / "bare" / "bin" / "python")
    ran = run(tmp_path, "-m", "stream.compiled", python=python)
    assert ran.stderr.startswith("error: mypyc is not installed; pip install")
    assert ran.returncode == 2


def run(
    folder: Path, *words: str, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    return subprocess.run([python, *words], cwd=folder, capture_output=True, text=True, check=False)
