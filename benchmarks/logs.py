"""What is measured on: a made-up community, or threads of one size, as events on the log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import TYPE_CHECKING, Final

from stream.archive.generate import generate
from stream.codec.events import encode, identified
from stream.codec.keys import thread_key
from stream.core import events as e
from stream.core.when import When
from stream.kafka.follow import open_reader
from stream.kafka.publish import open_publisher
from stream.kafka.records import partition_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Sequence

    from stream.codec.events import Encoded
    from stream.config import Settings

PUBLISHED_AT_ONCE: Final = 20_000
READ_AT_ONCE: Final = 10_000
EVENTS_A_THREAD: Final = 22  # Few more are generated than wanted.
EVENTS_AN_ITEM: Final = 1.25
SINCE: Final = datetime(2010, 1, 1, tzinfo=UTC)
UNTIL: Final = datetime(2020, 1, 1, tzinfo=UTC)
SIZED: Final = "size.example"
PEOPLE: Final = 50
ANSWER_EVERY: Final = 10
MENTION_EVERY: Final = 3
TEXT: Final = (
    "It stands where it stood, and nobody has moved it since; try it with the lid on. " * 3
)


def community(events: int) -> Iterator[e.Event]:
    """So many events of threads: what a replay would publish, in its order."""
    made = generate(threads=events // EVENTS_A_THREAD + 1000, seed=1, since=SINCE, until=UNTIL)
    threads = (event for event in made if event.subject)  # The rest goes to every partition.
    return islice(threads, events)


def items(wanted: int) -> Iterator[e.Event]:
    """The events of such a community until so many items have been made."""
    made = 0
    for event in community(int(wanted * EVENTS_AN_ITEM) + 1000):
        yield event
        made += isinstance(event, e.CREATIONS)
        if made == wanted:
            return


def threads_of(threads: int, items_each: int) -> Iterator[e.Event]:
    """So many threads that grow side by side until each has ``items_each``."""
    return grown(range(threads), items_each)


def grown(threads: Sequence[int], items_each: int) -> Iterator[e.Event]:
    """The same of threads of these numbers."""
    for n in range(items_each):
        for place, thread in enumerate(threads):
            yield _item(thread, n, n * len(threads) + place)


def in_partitions(wanted: Collection[int], partitions: int, since: int = 0) -> Iterator[int]:
    """The numbers of threads that lie in one of the ``wanted`` partitions."""
    return (n for n in count(since) if partition_of(_key(n), partitions) in wanted)


def _key(thread: int) -> bytes:
    return thread_key(SIZED, str(thread))


def _item(thread: int, n: int, second: int) -> e.Event:
    at = SINCE + timedelta(seconds=second)
    author = e.Person(id=str((thread + n * n) % PEOPLE), name=f"Person {(thread + n * n) % PEOPLE}")
    if n % ANSWER_EVERY == 0:
        data = e.PostData(
            item=f"a{n}" if n else "q",
            kind="answer" if n else "question",
            on="q" if n else None,
            author=author,
            title=None if n else "Why does it stand there?",
            text=TEXT,
            when=When(at=at),
            silent_on=None if n else (),
        )
        made: e.Event = e.PostCreated(source=SIZED, subject=str(thread), time=at, data=data)
    else:
        post = n - n % ANSWER_EVERY
        called = (thread + (n - 1) ** 2) % PEOPLE
        said = e.CommentData(
            item=f"{f'a{post}' if post else 'q'}.c{n}",
            on=f"a{post}" if post else "q",
            author=author,
            text=TEXT,
            mentions=(f"Person {called}",) if n % MENTION_EVERY == 0 else (),
            when=When(at=at),
        )
        made = e.CommentCreated(source=SIZED, subject=str(thread), time=at, data=said)
    return identified(made)


def hosted(threads: int, items_each: int) -> Iterator[e.Event]:
    """So many threads side by side, each a question and comments on it.

    Half are by guests, each another, who call its asker; who answers each by name.
    """
    for n in range(items_each):
        for thread in range(threads):
            guest = (n - 1 + n % 2) * threads + thread  # Who comes, or came just before.
            yield _hosted(thread, n, n * threads + thread, guest)


def _hosted(thread: int, n: int, second: int, guest: int) -> e.Event:
    at, subject = SINCE + timedelta(seconds=second), str(thread)
    called, host = f"Guest {guest}", f"Host {thread}"
    author = e.Person(id=str(guest), name=called) if n % 2 else e.Person(id=f"h{thread}", name=host)
    if n == 0:
        post = e.PostData(
            item="q",
            kind="question",
            author=author,
            title="What do you want to know?",
            text=TEXT,
            when=When(at=at),
            silent_on=(),
        )
        return identified(e.PostCreated(source=SIZED, subject=subject, time=at, data=post))
    said = e.CommentData(
        item=f"q.c{n}",
        on="q",
        author=author,
        text=TEXT,
        mentions=((host if n % 2 else called).replace(" ", ""),),
        when=When(at=at),
    )
    return identified(e.CommentCreated(source=SIZED, subject=subject, time=at, data=said))


async def publish(settings: Settings, events: Iterable[e.Event]) -> int:
    """Put ``events`` on the log; how many they were."""
    published = 0
    encoded: Iterator[Encoded] = map(encode, events)
    async with open_publisher(settings) as publisher:
        while some := list(islice(encoded, PUBLISHED_AT_ONCE)):
            await publisher.publish(some)
            published += len(some)
        await publisher.flush()
    return published


async def records(settings: Settings, topic: str) -> AsyncIterator[tuple[int, bytes, bytes]]:
    """Partition, key and value of all committed records of a topic up to its end."""
    async with open_reader(settings, [topic], {}) as reader:
        ends = await reader.ends()
        while any(position < ends[at] for at, position in (await reader.positions()).items()):
            for (_, partition), some in (await reader.batch(READ_AT_ONCE, 200)).items():
                for record in some:
                    yield partition, record.key or b"", record.value or b""
