"""How values come to SQLite: those that it knows as they are, without a search for an adapter.

For whatever is no exact int, float, str or bytearray, `sqlite3` looks in three places for somebody
who would adapt it. Of bytes and None, which SQLite takes, that cost more than to write them.
"""

from __future__ import annotations

import sqlite3
from typing import TypeVar

T = TypeVar("T")


def _as_it_is(value: T) -> T:
    return value


def take_as_they_are() -> None:
    """Let bytes and None be written as they are, by all connections of this process."""
    for known in (bytes, type(None)):
        sqlite3.register_adapter(known, _as_it_is)
