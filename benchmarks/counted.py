"""Whether the views are what the log says, by plain counts over the events as they pass.

The counts know nothing of the fold, of JSON or of Kafka: how many events, items and threads there
are, and of each thread how many items of each kind. Of the rows, all that follows from these is
looked at: each thread's own counts, the activity's sums, one row an item, a reply only where there
is an item, and cuts at the ends of the log.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import msgspec

from benchmarks.logs import records
from stream.codec.cuts import decode_cut
from stream.codec.events import identified
from stream.codec.keys import thread_key
from stream.core import events as e
from stream.core.when import When
from stream.kafka.records import partition_of
from stream.kafka.topics import Topics

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from benchmarks.bench import Bench
    from stream.config import Settings

KINDS: Final = ("question", "answer", "post", "comment")
SOME: Final = 64
SHOWN: Final = 3  # Of the threads that differ, beside how many do.


class _Counts(msgspec.Struct):
    """How many items of each kind, in the order of `KINDS`."""

    questions: int
    answers: int
    posts: int
    comments: int

    @property
    def by_kind(self) -> tuple[int, ...]:
        return self.questions, self.answers, self.posts, self.comments


class _Thread(msgspec.Struct):
    counts: _Counts


_thread: Final = msgspec.json.Decoder(_Thread).decode
_quarter: Final = msgspec.json.Decoder(_Counts).decode


class Counted:
    """The plain counts of a log of ``partitions``."""

    def __init__(self, partitions: int) -> None:
        self.events = 0
        self.ends: Counter[int] = Counter()
        self.threads: dict[bytes, list[int]] = {}
        self.began: dict[bytes, tuple[int, int]] = {}  # Partition and offset of its first event.
        self.some: list[e.Event] = []  # The first of every `SOME`th thread
        self._partitions = partitions

    @property
    def items(self) -> int:
        return sum(sum(kinds) for kinds in self.threads.values())

    def passing(self, events: Iterable[e.Event]) -> Iterator[e.Event]:
        """``events`` as they are, counted: each is of a thread, and each creation of a new item."""
        for event in events:
            key = thread_key(event.source, event.subject)
            partition = partition_of(key, self._partitions)
            kinds = self.threads.get(key)
            if kinds is None:
                kinds = self.threads[key] = [0] * len(KINDS)
                self.began[key] = partition, self.ends[partition]
                if len(self.threads) % SOME == 1:
                    self.some.append(event)
            if isinstance(event, e.PostCreated):
                kinds[KINDS.index(event.data.kind)] += 1
            elif isinstance(event, e.CommentCreated):
                kinds[KINDS.index("comment")] += 1
            self.ends[partition] += 1
            self.events += 1
            yield event

    def late(self) -> Iterator[e.Event]:
        """A comment more in some threads, of the time at which they began."""
        for first in self.some:
            said = e.CommentData(
                item=f"late.{self.events}",
                on=str(first.data.item) if isinstance(first, e.CREATIONS) else "q",
                author=e.Person(id="late", name="Late"),
                text="I have only just seen this.",
                when=When(at=first.time),
            )
            yield identified(
                e.CommentCreated(
                    source=first.source, subject=first.subject, time=first.time, data=said
                )
            )


async def right(bench: Bench, settings: Settings, counted: Counted, *, rows: bool = True) -> bool:
    """Whether the committed views are what was counted; ``rows``: of items and replies, too."""
    found = await differences(settings, counted, rows=rows)
    for one in found:
        bench.say(f"WRONG: {settings.prefix}: {one}")
    return not found


async def differences(settings: Settings, counted: Counted, *, rows: bool = True) -> list[str]:
    """Where they are not."""
    topics = Topics(settings.prefix)
    told = [await _cuts(settings, counted, topics.progress)]
    told += [await _threads(settings, counted, topics.threads)]
    told += [await _activity(settings, counted, topics.activity)]
    if rows:
        told += [await _rows(settings, counted, topics)]
    return [one for one in told if one]


async def _cuts(settings: Settings, counted: Counted, topic: str) -> str:
    found = {}
    async for partition, _, value in records(settings, topic):
        found[partition] = decode_cut(value, where=topic).offset
    return "" if found == counted.ends else f"cuts at {found}, the log ends at {counted.ends}"


async def _threads(settings: Settings, counted: Counted, topic: str) -> str:
    rows = {key: value async for _, key, value in records(settings, topic)}
    found = {key: list(_thread(value).counts.by_kind) for key, value in rows.items()}
    wrong = [
        key for key in {*found, *counted.threads} if found.get(key) != counted.threads.get(key)
    ]
    some = [(key, found.get(key), counted.threads.get(key)) for key in wrong[:SHOWN]]
    return f"{len(wrong)} threads, of them {some}" if wrong else ""


async def _activity(settings: Settings, counted: Counted, topic: str) -> str:
    rows = {(at, key): value async for at, key, value in records(settings, topic)}
    found = _summed(_quarter(value).by_kind for value in rows.values() if value)
    wanted = _summed(counted.threads.values())
    return "" if found == wanted else f"activity of {found} items by kind, not {wanted}"


def _summed(counts: Iterable[Iterable[int]]) -> list[int]:
    return [sum(column) for column in zip(*counts, strict=True)]


async def _rows(settings: Settings, counted: Counted, topics: Topics) -> str:
    items, replies = await _keys(settings, topics.items), await _keys(settings, topics.replies)
    if len(items) != counted.items:
        return f"{len(items)} rows of items, not {counted.items}"
    return f"{len(replies - items)} replies of no item" if replies - items else ""


async def _keys(settings: Settings, topic: str) -> set[bytes]:
    """Those that have a row in the end."""
    found = set()
    async for _, key, value in records(settings, topic):
        if value:
            found.add(key)
        else:
            found.discard(key)
    return found
