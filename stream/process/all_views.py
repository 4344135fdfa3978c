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
from stream.core.fold import JOINED, Partition
from stream.core.restore import derived
from stream.core.when import ms, to_datetime
from stream.errors import DecodeError, NoRoomError
from stream.kafka.records import partition_of
from stream.process.job import DeadLetter, Job
from stream.process.letters import PROBLEM_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stream.codec.views import Told
    from stream.core.events import Event
    from stream.core.thread import Thread
    from stream.kafka.follow import Record
    from stream.process.job import Place

_NEVER: Final = datetime.min.replace(tzinfo=UTC)
KEYS_KNOWN: Final = 1 << 16
NO_VALUE: Final = "it has no value"
log = logging.getLogger(__name__)


class AllViews(Job):
    """The fold of one partition."""

    kept_in: ClassVar[Sequence[str]] = ("items", "threads", "people")

    def __init__(self, place: Place) -> None:
        self._place = place
        self._state = Partition()
        self._threads: dict[bytes | None, Thread] = {}  # By keys that are right, of late
        self._latest = _NEVER

    def __del__(self) -> None:
        """A community and its threads know each other, and the collector is kept from both."""
        self._threads.clear()
        for community in self._state.communities.values():
            community.threads.clear()

    @property
    @override
    def watermark(self) -> int | None:
        return None if self._latest is _NEVER else ms(self._latest)

    @override
    def restore(self, view: str, key: bytes, value: bytes) -> None:
        restore(self._state, view, key, value)

    @override
    def restored(self, watermark: int | None) -> Iterator[None]:
        self._latest = _NEVER if watermark is None else to_datetime(watermark)
        return derived(self._state)

    @override
    def fold(self, records: Sequence[Record]) -> list[DeadLetter]:
        state, threads, latest = self._state, self._threads, self._latest
        touched, topic = state.touched, self._place.topic
        dead: list[DeadLetter] = []
        for record in records:
            try:
                event = decode(record.value or b"", where=topic)
                thread = threads.get(record.key)
                if (
                    thread is None
                    or thread.id != event.subject
                    or thread.community.name != event.source
                ):
                    thread = self._thread(record.key, event)
                if thread is None:
                    state.join(event)
                    latest = max(latest, _stated(event))
                    continue
                if JOINED[type(event)](thread, event):  # As `Partition.join`, which is a call.
                    touched[thread] = None
            except (DecodeError, NoRoomError) as error:
                dead.append(self._set_aside(record, error))
                continue
            if event.time > latest:  # noqa: PLR1730 - `max` is a call, and this runs for all
                latest = event.time
        self._latest = latest
        return dead

    @override
    def told(self) -> Told:
        return told(self._state)

    def _thread(self, key: bytes | None, event: Event) -> Thread | None:
        """Where an event belongs; None concerns its community. `DecodeError`: not to this key."""
        problem = _misplaced(key, event.source, event.subject, self._place)
        if problem is not None:
            raise DecodeError(where=self._place.topic, problem=problem)
        if not event.subject:
            return None
        if len(self._threads) >= KEYS_KNOWN:
            self._threads.clear()
        thread = self._threads[key] = self._state.thread(event.source, event.subject)
        return thread

    def _set_aside(self, record: Record, error: DecodeError | NoRoomError) -> DeadLetter:
        problem = NO_VALUE if record.value is None else error.problem[:PROBLEM_MAX]
        log.warning("dead letter: %s[%d]@%d: %s", *self._place[:2], record.offset, problem)
        return DeadLetter(record, problem)


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
