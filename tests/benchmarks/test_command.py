"""``python -m benchmarks`` from end to end, at sizes that measure nothing."""

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "benchmarks"]


def run(*words):
    return subprocess.run([*COMMAND, *words], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.long
@pytest.mark.broker
@pytest.mark.timeout(600)
def test_all_figures_are_measured_and_every_output_is_right(tmp_path, broker_kind):
    out = tmp_path / "figures.json"
    ran = run("--tiny", "--broker", broker_kind, "--out", str(out))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    report = orjson.loads(out.read_bytes())
    figures = {line["figure"] for line in report["lines"]}
    assert {
        *("worker, simple job", "worker, all views", "restore", "serve", "live", "replay"),
        *("scale, workers", "scale, items a thread", "scale, threads", "scale, hot"),
    } <= figures
    assert all(took["seconds"] > 0 for took in report["runs"])
    assert not [took for took in report["runs"] if took.get("right") is False]
    unchecked = {took["figure"] for took in report["runs"] if "right" not in took} - {"replay"}
    of_bare = {took["figure"] for took in report["runs"] if took["what"].startswith("bare loop")}
    assert unchecked <= of_bare
    assert {each["figure"] for each in report["noise"]} == figures
    assert "Goals" in ran.stdout


def test_a_figure_that_is_not_there_is_named():
    ran = run("wroker")
    assert ran.returncode == 2
    assert "there is no figure 'wroker'; give some of worker, restore" in ran.stderr
