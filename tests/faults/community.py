"""The made-up community of a run: its archive, and what its views must be."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final

from stream.archive.generate import generate
from stream.codec.events import Encoded, encode
from stream.core.events import ProgressData, ReplayFinished
from stream.core.when import to_datetime
from stream.kafka.records import partition_of
from stream.verify import Rows, folded

if TYPE_CHECKING:
    from pathlib import Path

    from stream.core.events import Event

SINCE: Final = datetime(2017, 4, 1, tzinfo=UTC)
UNTIL: Final = datetime(2017, 6, 1, tzinfo=UTC)


class Community:
    """Some thousands of events, the same for the same seed."""

    def __init__(self, seed: int, threads: int) -> None:
        self.events: list[Event] = list(
            generate(threads=threads, seed=seed, since=SINCE, until=UNTIL)
        )

    @cached_property
    def encoded(self) -> list[Encoded]:
        """As they are published, in their order."""
        return [encode(event) for event in self.events]

    @cached_property
    def finished(self) -> Event:
        """What a replay says once it has published all."""
        last = to_datetime(self.encoded[-1].at)
        return ReplayFinished(source=self.name, time=last, data=ProgressData(until=last))

    @cached_property
    def at(self) -> dict[str, int]:
        """The time of each event, by id."""
        return {event.id: event.at for event in self.encoded}

    def in_order(self, partitions: int) -> list[list[str]]:
        """The ids that each partition gets, in the order in which they are replayed."""
        parts: list[list[str]] = [[] for _ in range(partitions)]
        for event in sorted(self.encoded, key=lambda event: (event.at, event.rank, event.id)):
            homes = range(partitions)
            if event.key is not None:
                homes = range(home := partition_of(event.key, partitions), home + 1)
            for home in homes:
                parts[home].append(event.id)
        return parts

    @property
    def name(self) -> str:
        return self.events[0].source

    @property
    def span_s(self) -> float:
        return (self.encoded[-1].at - self.encoded[0].at) / 1000

    def write(self, path: Path) -> Path:
        """Its archive, as event lines."""
        path.write_bytes(b"".join(event.value + b"\n" for event in self.encoded))
        return path

    def rows(self, partitions: int) -> Rows:
        """The offline fold."""
        return folded(self.events, partitions)
