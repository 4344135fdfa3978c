"""Which broker the tests meet: ``pytest --broker embedded`` (the default) or ``apache``.

``THREADLINE_TEST_BROKERS`` names one that runs already. A broker that is missing fails the tests
that need it; none is skipped.
"""

from __future__ import annotations

import os
import signal
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis

from stream.config import Settings
from tests.brokers import apache, embedded
from tests.mortal import mortal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.mortal import Mortal


# A machine that is slow, or busy, is no failure.
hypothesis.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.load_profile("patient")

# Who is started in a shell's background is deaf to Ctrl-C, and so would be what the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--broker", choices=("embedded", "apache"), default="embedded")
    parser.addoption("--faults-runs", type=int, default=0, help="of the crash campaign; 0: none")
    parser.addoption("--faults-seed", type=int, default=0, help="of its first run")
    parser.addoption(
        "--faults-logs", type=Path, help="where failed runs keep theirs; else pytest's"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "apache: of Apache Kafka alone, deselected without it")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--broker") == "apache":
        return
    others = [item for item in items if item.get_closest_marker("apache")]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


@pytest.fixture(scope="session")
def broker_kind(pytestconfig: pytest.Config) -> str:
    """Either "embedded" or "apache"."""
    return str(pytestconfig.getoption("--broker"))


@pytest.fixture(scope="session")
def brokers(broker_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a broker that answers; one of ours is gone after the last test."""
    named = os.environ.get("THREADLINE_TEST_BROKERS")
    if named:
        yield named
        return
    start = apache if broker_kind == "apache" else embedded
    with start(tmp_path_factory.mktemp("broker")) as address:
        yield address


@pytest.fixture
def broker_to_kill(broker_kind: str, tmp_path: Path) -> Iterator[Mortal]:
    """One for this test alone."""
    folder = tmp_path / "broker-to-kill"
    folder.mkdir()
    with mortal(broker_kind, folder) as broker:
        yield broker


@pytest.fixture
def settings(brokers: str) -> Settings:
    """A prefix of its own for each test, so that none meets another's topics."""
    return Settings(brokers=brokers, prefix=f"test-{uuid.uuid4().hex[:12]}", partitions=3)
