"""One broker for all of this folder: it takes three seconds to start."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from tests.secured.broker import Secured, secured_broker

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """Apache Kafka with TLS, users and rights."""
    with secured_broker(tmp_path_factory.mktemp("secured")) as secured:
        yield secured


@pytest.fixture
def prefix() -> str:
    """One of its own for each test."""
    return f"secured-{uuid.uuid4().hex[:12]}"
