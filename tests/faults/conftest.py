"""The campaign's runs, one a seed: ``pytest tests/faults --faults-runs 100 --faults-seed 0``."""

from __future__ import annotations

import asyncio
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.faults.brokers import Apache, Embedded
from tests.faults.play import WELL

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


@pytest.fixture(scope="session")
def ground(
    broker_kind: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Apache | Embedded]:
    """A broker for all runs, which they may end and start; it runs when each begins."""
    folder = tmp_path_factory.mktemp("ground")
    broker = Apache(folder) if broker_kind == "apache" else Embedded(folder)
    with asyncio.Runner() as runner:
        runner.run(broker.start())
        yield broker
        runner.run(broker.stop())
    broker.close()


@pytest.fixture
def folder(request: pytest.FixtureRequest, broker_kind: str) -> Iterator[Path]:
    """Where a run keeps its logs; it is gone after a run in which all was well."""
    name = re.sub(r"\W+", "-", f"{broker_kind}-{request.node.name}").strip("-")
    folder = request.config.getoption("--faults-logs") / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    yield folder
    if (folder / WELL).exists():
        shutil.rmtree(folder)
