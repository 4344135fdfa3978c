"""The measured figures that sizes beyond one machine are derived from: `measured.toml`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

PATH: Final = Path(__file__).with_name("measured.toml")


class Replay(msgspec.Struct, frozen=True):
    """Archive to log."""

    rate: float
    us: float
    mb: float


class Worker(msgspec.Struct, frozen=True):
    """Log to views."""

    us: float
    broker_us: float
    compiled_us: float
    compiled_broker_us: float
    batch_events: int
    threads_held: int


class Growth(msgspec.Struct, frozen=True):
    """What an event costs a worker that holds so many threads."""

    threads: list[int]
    us: list[float]


class Restore(msgspec.Struct, frozen=True):
    """Views to a worker's state."""

    us: float
    wall_us: float


class Memory(msgspec.Struct, frozen=True):
    """What a worker holds; bytes of an item where threads are long, and where they are short."""

    constant_mb: float
    item_bytes: float
    items_a_thread: float
    small_item_bytes: float
    small_items_a_thread: float

    @property
    def thread_bytes(self) -> float:
        """Of a thread by itself: what makes items dearer that share it with few."""
        dearer = self.small_item_bytes - self.item_bytes
        return dearer / (1 / self.small_items_a_thread - 1 / self.items_a_thread)

    def gb(self, items: float, threads: float) -> float:
        """So many items in so many threads."""
        of_item = self.item_bytes - self.thread_bytes / self.items_a_thread
        return (self.constant_mb * 1e6 + items * of_item + threads * self.thread_bytes) / 1e9


class Serve(msgspec.Struct, frozen=True):
    """Log and views to SQLite."""

    us: float


class Dump(msgspec.Struct, frozen=True):
    """What real sites come to."""

    items: int
    threads: int
    history_rows: int
    events: int
    xml_bytes: int
    event_bytes: float
    event_zstd_bytes: float


class Views(msgspec.Struct, frozen=True):
    """Bytes an item in each view topic."""

    items: float
    threads: float
    replies: float
    activity: float

    @property
    def all(self) -> float:
        """In all of them."""
        return self.items + self.threads + self.replies + self.activity


class Disk(msgspec.Struct, frozen=True):
    """Bytes an item, in topics and in SQLite."""

    event_bytes: float
    event_zstd_bytes: float
    events_an_item: float
    sqlite_events: float
    sqlite_views: float
    written: Views
    compacted: Views


class Latency(msgspec.Struct, frozen=True):
    """A question about every thread, the first time and again."""

    first_us: float
    us: float


class Measured(msgspec.Struct, frozen=True):
    """All of them; one that is missing or misspelt is an error."""

    machine: str
    replay: Replay
    worker: Worker
    growth: Growth
    restore: Restore
    memory: Memory
    serve: Serve
    dump: Dump
    disk: Disk
    latency: Latency


def measured() -> Measured:
    """As the file has them now."""
    return msgspec.toml.decode(PATH.read_bytes(), type=Measured)
