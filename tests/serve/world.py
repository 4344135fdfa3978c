"""Kafka as the follower sees it, without Kafka: the records of a log, its views and its cuts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from stream.codec.cuts import Cut, cut_key, encode_cut
from stream.codec.events import encode
from stream.codec.keys import quoted
from stream.codec.views import VIEWS, tell
from stream.core.fold import Partition
from stream.kafka.records import partition_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stream.core.events import Event

Place = tuple[str, int]


class Record(NamedTuple):
    offset: int
    key: bytes | None
    value: bytes | None


@dataclass
class World:
    """What `publish` says and `work` makes of it; `Mirror` follows what is there."""

    partitions: int = 3
    topics: dict[Place, list[Record]] = field(default_factory=lambda: defaultdict(list))
    states: dict[int, Partition] = field(default_factory=lambda: defaultdict(Partition))
    worked: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    events: dict[int, list[Event]] = field(default_factory=lambda: defaultdict(list))
    watermark: int = 0

    def publish(self, *events: Event) -> None:
        for event in events:
            encoded = encode(event)
            if encoded.key is None:
                key, parts = quoted(event.source).encode(), list(range(self.partitions))
            else:
                key, parts = encoded.key, [partition_of(encoded.key, self.partitions)]
            for part in parts:
                self.append("events", part, key, encoded.value)
                self.events[part].append(event)

    def work(self, *parts: int) -> None:
        """Fold what is new of these partitions (of all, where none is named), with a cut each."""
        for part in parts or range(self.partitions):
            news = self.events[part][self.worked[part] :]
            if not news:
                continue
            for event in news:
                self.states[part].join(event)
            self.worked[part] = len(self.events[part])
            for view, key, value, _ in tell(self.states[part]):
                self.append(view, part, key, value)
            views = {view: self.end(view, part) for view in VIEWS}
            offset = self.end("events", part)
            cut = Cut(partition=part, offset=offset, views=views, watermark=None)
            self.append("progress", part, cut_key(part), encode_cut(cut))

    def append(self, topic: str, part: int, key: bytes | None, value: bytes | None) -> None:
        self.topics[topic, part].append(Record(self.end(topic, part), key, value))

    def part(self) -> int:
        """The only partition in which anything was published."""
        [part] = [part for part in range(self.partitions) if self.end("events", part)]
        return part

    def end(self, topic: str, part: int) -> int:
        return len(self.topics[topic, part])

    def ends(self) -> dict[Place, int]:
        return {
            (topic, part): self.end(topic, part)
            for topic in ("events", "progress", *VIEWS)
            for part in range(self.partitions)
        }

    def batches(
        self, at: dict[Place, int], sizes: Iterable[int], order: Sequence[Place] | None = None
    ) -> Iterator[tuple[dict[Place, list[Record]], dict[Place, int]]]:
        """Batch after batch from ``at`` on: the next of ``sizes`` from one place after another."""
        places = list(order or self.ends())
        sizes = iter(sizes)
        while any(at.get(place, 0) < self.end(*place) for place in places):
            for place in places:
                start = at.get(place, 0)
                taken = self.topics[place][start : start + next(sizes)]
                if taken:
                    at[place] = taken[-1].offset + 1
                    yield {place: taken}, dict(at)
