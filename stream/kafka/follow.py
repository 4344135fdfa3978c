"""Following: reads topics from given positions, committed records only, in no consumer group."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from stream.errors import BrokerError
from stream.kafka.bare import arrival, fetched
from stream.kafka.committed import committed_consumer
from stream.kafka.connect import connection, running, translated
from stream.kafka.topics import create

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

    from stream.config import Settings
    from stream.kafka.bare import Bare

Place: TypeAlias = tuple[str, int]  # Topic and partition.

ANSWERS_WITHIN_MS: Final = 10_000
FETCH_BYTES: Final = 4 << 20  # A partition, a fetch; one record larger than that still arrives.
# aiokafka has one fetch under way, without the partitions of which it holds something unread: what
# comes there waits until that fetch is answered. docs/decisions/0036
FETCH_WAITS_MS: Final = 100


class Record(Protocol):
    """One record as it lies in its partition."""

    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


class LostOffsetError(BrokerError):
    """The log no longer holds, or never held, what we were to read next."""

    def __init__(self, *, place: Place, offset: int, first: int, end: int) -> None:
        self.place = place
        self.offset = offset
        topic, partition = place
        super().__init__(
            f"{topic}[{partition}] has no offset {offset}, only {first} to {end}: it was emptied "
            "or made anew; forget what was built on it (the views' file) and read it from the start"
        )


class LogReader:
    """Reads on from where it was told to; keeps no position but its own."""

    def __init__(self, consumer: AIOKafkaConsumer, settings: Settings) -> None:
        self._consumer = consumer
        self._settings = settings

    async def batch(self, max_records: int, timeout_ms: int) -> dict[Place, list[Record]]:
        """What comes next, by topic and partition; {} where nothing came within ``timeout_ms``.

        While the broker is away nothing comes; reading goes on once it is back.
        """
        return await self._got((), max_records, timeout_ms)

    async def take(self, wanted: Mapping[Place, int], timeout_ms: int) -> dict[Place, list[Bare]]:
        """At most so many records of each of these places; what has come of others stays for later.

        Nobody has to hold what is read too early. {} as for `batch`; a reader is asked for the
        one or for the other.
        """
        clock = asyncio.get_running_loop().time
        until = clock() + timeout_ms / 1000
        while not (found := await self._here(wanted)) and (left_s := until - clock()) > 0:
            with translated(self._settings):
                await arrival(self._consumer, left_s)
        return found

    async def _here(self, wanted: Mapping[Place, int]) -> dict[Place, list[Bare]]:
        """What has come already."""
        found: dict[Place, list[Bare]] = {}
        for place, most in wanted.items():
            records = fetched(self._consumer, TopicPartition(*place), most)
            if records is None:
                await self._got((place,), 1, 0)  # Raises what came instead.
            elif records:
                found[place] = records
        return found

    async def _got(
        self, places: Iterable[Place], max_records: int, timeout_ms: int
    ) -> dict[Place, list[Record]]:
        try:
            with translated(self._settings):
                found = await self._consumer.getmany(
                    *(TopicPartition(*place) for place in places),
                    timeout_ms=timeout_ms,
                    max_records=max_records,
                )
        except BrokerError as error:
            if isinstance(error.__cause__, OffsetOutOfRangeError):
                await self._check_positions()
            raise
        return dict(found)

    async def positions(self) -> dict[Place, int]:
        """The next offset of each; it passes by transaction markers, which are no records."""
        with translated(self._settings):
            return {
                (place.topic, place.partition): await self._consumer.position(place)
                for place in self._consumer.assignment()
            }

    async def ends(self) -> dict[Place, int]:
        """Where each ends for a reader of committed records: read that far is read all.

        `LostOffsetError` where one ends before what was read: it went back, or is another.
        """
        positions = await self.positions()
        with translated(self._settings):
            found = await self._consumer.end_offsets(self._consumer.assignment())
        ends = {(place.topic, place.partition): end for place, end in found.items()}
        for place, offset in positions.items():
            if offset > ends[place]:
                raise LostOffsetError(place=place, offset=offset, first=0, end=ends[place])
        return ends

    async def starts(self) -> dict[Place, int]:
        """The first offset that each still has."""
        with translated(self._settings):
            starts = await self._consumer.beginning_offsets(self._consumer.assignment())
        return {(place.topic, place.partition): start for place, start in starts.items()}

    def seek(self, place: Place, offset: int) -> None:
        """Read on from ``offset``."""
        self._consumer.seek(TopicPartition(*place), offset)

    def pause(self, *places: Place) -> None:
        """Get nothing more from ``places`` until they are resumed."""
        self._consumer.pause(*(TopicPartition(*place) for place in places))

    def resume(self, *places: Place) -> None:
        """Read on where `pause` stopped."""
        self._consumer.resume(*(TopicPartition(*place) for place in places))

    async def begin(self, positions: Mapping[Place, int]) -> None:
        """Read ``positions``; an offset that is not there is a `LostOffsetError`, at once."""
        with translated(self._settings):
            self._consumer.assign([TopicPartition(*place) for place in positions])
            for place, offset in positions.items():
                self.seek(place, offset)
        await self._check_positions()

    async def _check_positions(self) -> None:
        starts, ends = await self.starts(), await self.ends()
        for place, offset in (await self.positions()).items():
            if offset < starts[place]:
                raise LostOffsetError(
                    place=place, offset=offset, first=starts[place], end=ends[place]
                )


@asynccontextmanager
async def open_reader(
    settings: Settings,
    topics: Iterable[str],
    positions: Mapping[Place, int],
    *,
    partitions: Iterable[int] | None = None,
) -> AsyncIterator[LogReader]:
    """A reader of ``topics``, of all or some partitions, while the ``async with`` lasts.

    It begins at ``positions``, at 0 where they say nothing. Our topics are made where missing.
    """
    await create(settings)
    consumer = committed_consumer(
        **connection(settings),
        group_id=None,
        auto_offset_reset="none",  # A lost offset is an error, not a silent start elsewhere.
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_wait_ms=FETCH_WAITS_MS,
        request_timeout_ms=ANSWERS_WITHIN_MS,
    )
    of = range(settings.partitions) if partitions is None else list(partitions)
    places = [(topic, partition) for topic in topics for partition in of]
    async with running(consumer, settings):
        reader = LogReader(consumer, settings)
        await reader.begin({place: positions.get(place, 0) for place in places})
        yield reader
