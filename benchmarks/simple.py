"""The simple job, which every engine does: of each thread, its events and its first response.

An event's time is its record's; a first response is the first answer or comment after the
question. ``python -m benchmarks`` runs it on our worker (`SimpleJob`), on others and bare.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias

import msgspec
import orjson
from typing_extensions import override

from stream.codec.keys import thread_key
from stream.core.events import CREATIONS, PostCreated
from stream.core.when import ms
from stream.process.job import Job

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stream.codec.views import Told
    from stream.core.events import Event
    from stream.kafka.follow import Record
    from stream.process.job import DeadLetter, Place

State: TypeAlias = "list[int | None]"
"""How many events; when the question came; how long after it the first response did."""

Answers: TypeAlias = "dict[str, tuple[int, int | None]]"
"""Thread → how many events, and how long to the first response: what is compared."""

CREATED: Final = frozenset({"org.threadline.post.created.v1", "org.threadline.comment.created.v1"})
QUESTION: Final = "question"


class _Data(msgspec.Struct, gc=False):
    kind: str = ""


class Said(msgspec.Struct, gc=False):
    """As much of an event as the job looks at."""

    type: str
    data: _Data


read: Final = msgspec.json.Decoder(Said).decode


def new() -> State:
    """A thread of which nothing was read yet."""
    return [0, None, None]


def step(state: State, said: Said, at: int) -> None:
    """One more event of a thread."""
    state[0] += 1  # type: ignore[operator] # The first is always a number.
    if said.type in CREATED:
        if said.data.kind == QUESTION:
            state[1] = at
        elif state[2] is None and state[1] is not None:
            state[2] = at - state[1]


def fold(states: dict[bytes | None, State], records: Sequence[Record]) -> None:
    """All of ``records``, each thread's in their order."""
    get = states.get
    for record in records:
        key = record.key
        state = get(key)
        if state is None:
            state = states[key] = new()
        step(state, read(record.value or b""), record.timestamp)


def truth(events: Iterable[Event]) -> Answers:
    """What must come out, told from the events themselves: no JSON, no Kafka."""
    counts: dict[str, int] = {}
    asked: dict[str, int] = {}
    first: dict[str, int] = {}
    for event in events:
        thread = thread_key(event.source, event.subject).decode()
        counts[thread] = counts.get(thread, 0) + 1
        if not isinstance(event, CREATIONS):
            continue
        if isinstance(event, PostCreated) and event.data.kind == QUESTION:
            asked[thread] = ms(event.time)
        elif thread in asked and thread not in first:
            first[thread] = ms(event.time) - asked[thread]
    return {thread: (count, first.get(thread)) for thread, count in counts.items()}


class SimpleJob(Job):
    """The job as our worker does it: its rows are those of the view ``threads``."""

    kept_in: ClassVar[Sequence[str]] = ("threads",)

    def __init__(self, place: Place) -> None:
        del place
        self._states: dict[bytes | None, State] = {}
        self._touched: set[bytes | None] = set()

    @property
    @override
    def watermark(self) -> None:
        return None

    @override
    def restore(self, view: str, key: bytes, value: bytes) -> None:
        self._states[key] = orjson.loads(value)

    @override
    def restored(self, watermark: int | None) -> Iterator[None]:
        return iter(())  # Nothing follows from the rows.

    @override
    def fold(self, records: Sequence[Record]) -> list[DeadLetter]:
        fold(self._states, records)
        self._touched.update([record.key for record in records])
        return []

    @override
    def told(self) -> Told:
        states, dumps = self._states, orjson.dumps
        rows: Told = {
            "threads": [
                (key, dumps(states[key]), states[key][1] or 0)
                for key in self._touched
                if key is not None
            ]
        }
        self._touched.clear()
        return rows
