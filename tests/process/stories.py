"""Endless made-up events, for logs that need to be long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.story import MINUTE, asked, commented

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream.core.events import Event


def crowd(seed: int) -> Iterator[Event]:
    """Questions, and comments on them."""
    n = 0
    while True:
        thread = f"t{(n * 7919 + seed) % 400}"
        yield (
            asked(thread=thread) if n < 0 else commented(f"q.c{n}", after=n * MINUTE, thread=thread)
        )
        n += 1
