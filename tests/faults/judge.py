"""What must be so in Kafka after a run: the log, the views, the cuts, and nothing left open.

Each check gives what differs, in lines that a person can read; nothing where all is well.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from stream.codec.cuts import Cut, decode_cut
from stream.codec.events import decode
from stream.core.events import ReplayFinished, ReplayProgressed
from stream.core.when import ms
from stream.kafka.connect import connection
from stream.kafka.follow import open_reader
from stream.kafka.topics import VIEWS, Topics
from stream.process.commit import group_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stream.config import Settings
    from stream.kafka.follow import Place, Record
    from stream.verify import Rows
    from tests.faults.community import Community


class Read(NamedTuple):
    """What a reader of committed records finds in our topics."""

    names: Topics
    records: Mapping[Place, Sequence[Record]]

    def of(self, topic: str) -> dict[int, Sequence[Record]]:
        """By partition."""
        return {part: found for (name, part), found in self.records.items() if name == topic}

    @property
    def log(self) -> dict[int, Sequence[Record]]:
        return self.of(self.names.events)


async def read(settings: Settings) -> Read:
    """All topics, from their start to their end."""
    names = Topics(settings.prefix)
    found: dict[Place, list[Record]] = defaultdict(list)
    async with open_reader(settings, names.settings(), {}) as reader:
        ends = await reader.ends()
        while any(at < ends[place] for place, at in (await reader.positions()).items()):
            for place, records in (await reader.batch(10_000, 200)).items():
                found[place] += records
    return Read(names, found)


class _Pieces:
    """One partition of the log, read as pieces of the archive.

    A replay appends a piece of it; one that was killed is followed by one that goes on no later
    than where that stopped. So there are no more pieces than there were replays, and none leaves
    out what comes after the one before: no event is lost, and none is there more often than
    replays have published it.
    """

    def __init__(self, wanted: Sequence[str], times: Mapping[str, int]) -> None:
        self._wanted = wanted
        self._times = times
        self._place = {event_id: place for place, event_id in enumerate(wanted)}
        self._at = -1
        self._reached = -1
        self._pieces: list[str] = []  # Where each begins.

    def take(self, record: Record) -> str | None:
        """What is wrong with the next record."""
        event = decode(record.value or b"", where="the log")
        if isinstance(event, ReplayFinished | ReplayProgressed):
            return self._stated(ms(event.data.until))
        place = self._place.get(event.id)
        if place is None:
            return f"{event.id} is there, which nobody published"
        lost = place - self._at - 1
        if lost or self._at < 0:
            self._pieces.append(f"offset {record.offset} at event {place}, {max(-lost, 0)} again")
        self._at, self._reached = place, max(self._reached, place)
        return f"{lost} events before it are lost" if lost > 0 else None

    def _stated(self, until: int) -> str | None:
        left = self._wanted[self._reached + 1 :]
        missing = next((one for one in left if self._times[one] <= until), None)
        return None if missing is None else f"it says that all is there, but {missing} is not"

    def end(self, replays: int) -> Iterator[str]:
        left = len(self._wanted) - 1 - self._at
        if left:
            yield f"it ends {left} events before the archive does"
        if len(self._pieces) > replays:
            begin = "; ".join(self._pieces)
            yield (
                f"it is {len(self._pieces)} pieces of the archive, of {replays} replays; "
                f"of {len(self._wanted)} events they begin at {begin}"
            )


def log(community: Community, partitions: int, found: Read, replays: int) -> Iterator[str]:
    """Each event is there as often as replays have published it, in the archive's order."""
    for part, wanted in enumerate(community.in_order(partitions)):
        pieces = _Pieces(wanted, community.at)
        for record in found.log.get(part, ()):
            problem = pieces.take(record)
            if problem is not None:
                yield f"log {part}@{record.offset}: {problem}"
        yield from (f"log {part}: {problem}" for problem in pieces.end(replays))


def views(wanted: Rows, found: Read) -> Iterator[str]:
    """Of each key the last committed value, byte for byte the offline fold's."""
    rows = {
        (view, part, record.key or b""): record.value
        for view in VIEWS
        for part, records in found.of(found.names.view(view)).items()
        for record in records
    }
    there = {at: value for at, value in rows.items() if value is not None}
    yield from (f"{at} is missing" for at in sorted(wanted.keys() - there.keys()))
    yield from (f"{at} must not be there" for at in sorted(there.keys() - wanted.keys()))
    for at in sorted(wanted.keys() & there.keys()):
        if wanted[at] != there[at]:
            yield f"{at}: {where(wanted[at], there[at])}"


def cuts(found: Read) -> Iterator[str]:
    """Each cut of a partition stands behind the one before, the last at the end of all."""
    told = {
        part: [decode_cut(record.value or b"", where="progress") for record in records]
        for part, records in found.of(found.names.progress).items()
    }
    for part, each in told.items():
        yield from (f"partition {part}: {problem}" for problem in _backwards(each))
    for part, records in found.log.items():
        end, last = records[-1].offset + 1, told[part][-1].offset if part in told else 0
        if last != end:
            yield f"partition {part}: the last cut is {last}, the log ends at {end}"
    for view in VIEWS:
        for part, records in found.of(found.names.view(view)).items():
            if records[-1].offset >= told[part][-1].views[view]:
                yield f"partition {part}: {view} has records behind the last cut"
    if dead := sum(map(len, found.of(found.names.dead_letters).values())):
        yield f"{dead} records became dead letters"


def _backwards(told: Iterable[Cut]) -> Iterator[str]:
    for before, after in pairwise(told):
        if after.offset <= before.offset:
            yield f"a cut at {after.offset} follows one at {before.offset}"
        for view, offset in before.views.items():
            if after.views[view] < offset:
                yield f"{view} goes back from {offset} in the cut at {after.offset}"


async def ends(settings: Settings) -> list[str]:
    """No transaction is left open, and the group's offsets stand at the end of the log."""
    names = Topics(settings.prefix)
    partitions = range(settings.partitions)
    every = [TopicPartition(topic, part) for topic in names.settings() for part in partitions]
    committed, _ = await _ends(settings, every, isolation="read_committed")
    written, group = await _ends(settings, every, isolation="read_uncommitted")
    left = [f"a transaction is open in {at}" for at in every if committed[at] != written[at]]
    return left + [
        f"the group's offset of {at} is {group[at]}, not {written[at]}"
        for at in every
        if at.topic == names.events and group[at] != written[at]
    ]


async def _ends(
    settings: Settings, every: list[TopicPartition], *, isolation: str
) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    consumer = AIOKafkaConsumer(
        **connection(settings),
        group_id=group_of(settings),
        enable_auto_commit=False,
        isolation_level=isolation,
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(every)
        return ends, {at: await consumer.committed(at) or 0 for at in every}
    finally:
        await consumer.stop()


def where(wanted: bytes, found: bytes) -> str:
    """The first byte that differs, with what stands around it."""
    pairs = enumerate(zip(wanted, found, strict=False))
    place = next((n for n, (one, other) in pairs if one != other), min(len(wanted), len(found)))
    around = slice(max(0, place - 40), place + 40)
    return f"wanted …{wanted[around]!r}…, found …{found[around]!r}…"
