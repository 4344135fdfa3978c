"""A made-up community, for logs that need to be long."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from stream.archive.generate import generate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream.core.events import Event


def crowd(seed: int) -> Iterator[Event]:
    """Some 50,000 events of two years."""
    since, until = datetime(2016, 1, 1, tzinfo=UTC), datetime(2018, 1, 1, tzinfo=UTC)
    return generate(threads=5000, seed=seed, since=since, until=until)
