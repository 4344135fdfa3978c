"""The campaign's runs, one a seed: ``pytest tests/faults --faults-runs 100 --faults-seed 0``."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.brokers import Apache, Embedded
from tests.faults.play import PLAYED, WELL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        first = metafunc.config.getoption("--faults-seed")
        runs = metafunc.config.getoption("--faults-runs")
        metafunc.parametrize("seed", range(first, first + max(1, runs)))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The campaign is run where it is asked for."""
    if config.getoption("--faults-runs"):
        return
    campaign = [item for item in items if item.get_closest_marker("campaign")]
    config.hook.pytest_deselected(items=campaign)
    items[:] = [item for item in items if item not in campaign]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What really happened in all runs: a zombie that nobody had overtaken is none."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    played = [counts for each in reports for name, counts in each.user_properties if name == PLAYED]
    if played:
        terminalreporter.section("the campaign")
        terminalreporter.write_line(told(played))


def told(played: list[dict[str, Any]]) -> str:
    """The sum of all runs, as a line."""
    sums = Counter[str]()
    zombies = 0
    for each in played:
        counts = {name: n for name, n in each.items() if name not in ("kind", "attempt")}
        sums.update(counts)
        zombies += bool(counts["zombies fenced"] or counts["zombies expelled"])
    again = sum(each["attempt"] > 0 for each in played)
    said = "; ".join(f"{name}: {n}" for name, n in sums.items())
    return (
        f"{len(played) - again} runs, {again} played again; in {zombies} a zombie was overtaken "
        f"and woke; {said}"
    )


@pytest.fixture(scope="session")
def ground(
    broker_kind: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Apache | Embedded]:
    """A broker for all runs, which they may end and start; it runs when each begins."""
    folder = tmp_path_factory.mktemp("ground")
    broker = Apache(folder, copies=2) if broker_kind == "apache" else Embedded(folder)
    with asyncio.Runner() as runner:
        runner.run(broker.start())
        yield broker
        runner.run(broker.stop())
    broker.close()


@pytest.fixture(scope="session")
def logs(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all of them do: no other session's, as each clears what it finds there."""
    named = pytestconfig.getoption("--faults-logs")
    return tmp_path_factory.mktemp("faults") if named is None else named


@pytest.fixture
def folder(request: pytest.FixtureRequest, broker_kind: str, logs: Path) -> Iterator[Path]:
    """Where a run keeps its logs; it is gone after a run in which all was well."""
    name = re.sub(r"\W+", "-", f"{broker_kind}-{request.node.name}").strip("-")
    folder = logs / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    yield folder
    if (folder / WELL).exists():
        shutil.rmtree(folder)
