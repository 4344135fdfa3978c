"""One partition of the log in our hands: its state, how far it has read, and its producer."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from stream.codec.events import decode
from stream.codec.keys import quoted, thread_key
from stream.codec.views import told
from stream.core.events import ReplayFinished, ReplayProgressed
from stream.core.when import ms, to_datetime
from stream.errors import DecodeError
from stream.kafka.records import partition_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiokafka.structs import ConsumerRecord

    from stream.core.events import Event
    from stream.core.fold import Partition

_NEVER: Final = datetime.min.replace(tzinfo=UTC)
KEYS_KNOWN: Final = 1 << 16
SLICE: Final = 500  # Events folded before the event loop gets its turn.
log = logging.getLogger(__name__)


class DeadLetter(NamedTuple):
    """A record that cannot be folded, and why."""

    record: ConsumerRecord[bytes, bytes]
    problem: str


class Batch(NamedTuple):
    """What a run of records has come to: one transaction."""

    rows: dict[str, list[tuple[bytes, bytes | None, int]]]  # by view
    dead: list[DeadLetter]
    upto: int
    watermark: int | None


class Place(NamedTuple):
    """Which partition of how many, of which topic."""

    topic: str
    partition: int
    partitions: int


class Held:
    """The fold of one partition, from its cut on."""

    def __init__(self, place: Place, state: Partition, offset: int, watermark: int | None) -> None:
        self.place = place
        self.offset = offset  # the next to be folded
        self._state = state
        self._whose: dict[bytes | None, tuple[str, str]] = {}  # Keys that are right, of late
        self._latest = _NEVER if watermark is None else to_datetime(watermark)

    async def fold(self, records: Sequence[ConsumerRecord[bytes, bytes]], upto: int) -> Batch:
        """Join ``records``, which are all there are below ``upto``, and tell what has changed.

        An event that can be read can be joined; an error here is our own and ends the process.
        """
        dead: list[DeadLetter] = []
        for start in range(0, len(records), SLICE):
            self._join(records[start : start + SLICE], dead)
            await asyncio.sleep(0)
        self.offset = upto
        rows = {view: changed for view, changed in told(self._state).items() if changed}
        return Batch(rows, dead, upto, None if self._latest is _NEVER else ms(self._latest))

    def _join(
        self, records: Sequence[ConsumerRecord[bytes, bytes]], dead: list[DeadLetter]
    ) -> None:
        join, read = self._state.join, self._read
        latest = self._latest
        for record in records:
            try:
                event = read(record)
            except DecodeError as error:
                log.warning(
                    "dead letter: %s[%d]@%d: %s", *self.place[:2], record.offset, error.problem
                )
                dead.append(DeadLetter(record, error.problem))
                continue
            join(event)
            latest = max(latest, event.time if event.subject else _stated(event))
        self._latest = latest

    def _read(self, record: ConsumerRecord[bytes, bytes]) -> Event:
        topic = self.place.topic
        if record.value is None:
            raise DecodeError(where=topic, problem="it has no value")
        event = decode(record.value, where=topic)
        if self._whose.get(record.key) != (event.source, event.subject):
            self._check_place(record.key, event)
        return event

    def _check_place(self, key: bytes | None, event: Event) -> None:
        problem = _misplaced(key, event.source, event.subject, self.place)
        if problem is not None:
            raise DecodeError(where=self.place.topic, problem=problem)
        if len(self._whose) >= KEYS_KNOWN:
            self._whose.clear()
        self._whose[key] = (event.source, event.subject)


def _stated(event: Event) -> datetime:
    """The moment that an event about a whole community stands for."""
    until = event.data.until if isinstance(event, ReplayProgressed | ReplayFinished) else event.time
    return max(until, event.time)


def _misplaced(key: bytes | None, community: str, thread: str, place: Place) -> str | None:
    """Why a record with this key must not be folded here: a thread would be in two places."""
    wanted = thread_key(community, thread) if thread else quoted(community).encode()
    if key != wanted:
        return f"its key is {key!r}, not that of its thread, {wanted!r}"
    if thread and partition_of(wanted, place.partitions) != place.partition:
        there = partition_of(wanted, place.partitions)
        return f"its thread belongs into partition {there} of {place.partitions}"
    return None
