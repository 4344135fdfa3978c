"""The worker's own job: a thread's statements joined, and told as rows of all the views."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Final

from typing_extensions import override

from stream.codec.events import decode
from stream.codec.keys import quoted, thread_key
from stream.codec.restore import restore
from stream.codec.views import told
from stream.core.events import ReplayFinished, ReplayProgressed
from stream.core.fold import Partition
from stream.core.when import ms, to_datetime
from stream.errors import DecodeError
from stream.kafka.records import partition_of
from stream.process.job import DeadLetter, Job

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiokafka.structs import ConsumerRecord

    from stream.codec.views import Told
    from stream.core.events import Event
    from stream.process.job import Place

_NEVER: Final = datetime.min.replace(tzinfo=UTC)
KEYS_KNOWN: Final = 1 << 16
log = logging.getLogger(__name__)


class AllViews(Job):
    """The fold of one partition."""

    kept_in: ClassVar[Sequence[str]] = ("items", "threads", "people")

    def __init__(self, place: Place) -> None:
        self._place = place
        self._state = Partition()
        self._whose: dict[bytes | None, tuple[str, str]] = {}  # Keys that are right, of late
        self._latest = _NEVER

    @property
    @override
    def watermark(self) -> int | None:
        return None if self._latest is _NEVER else ms(self._latest)

    @override
    def restore(self, view: str, key: bytes, value: bytes) -> None:
        restore(self._state, view, key, value)

    @override
    def restored(self, watermark: int | None) -> None:
        self._state.restored()
        self._latest = _NEVER if watermark is None else to_datetime(watermark)

    @override
    def fold(self, records: Sequence[ConsumerRecord[bytes, bytes]]) -> list[DeadLetter]:
        join, read = self._state.join, self._read
        latest = self._latest
        dead: list[DeadLetter] = []
        for record in records:
            try:
                event = read(record)
            except DecodeError as error:
                where = (*self._place[:2], record.offset)
                log.warning("dead letter: %s[%d]@%d: %s", *where, error.problem)
                dead.append(DeadLetter(record, error.problem))
                continue
            join(event)
            latest = max(latest, event.time if event.subject else _stated(event))
        self._latest = latest
        return dead

    @override
    def told(self) -> Told:
        return told(self._state)

    def _read(self, record: ConsumerRecord[bytes, bytes]) -> Event:
        topic = self._place.topic
        if record.value is None:
            raise DecodeError(where=topic, problem="it has no value")
        event = decode(record.value, where=topic)
        if self._whose.get(record.key) != (event.source, event.subject):
            self._check_place(record.key, event)
        return event

    def _check_place(self, key: bytes | None, event: Event) -> None:
        problem = _misplaced(key, event.source, event.subject, self._place)
        if problem is not None:
            raise DecodeError(where=self._place.topic, problem=problem)
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
