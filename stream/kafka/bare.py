"""Records with nothing but offset, key and value: to make aiokafka's takes as long as to read them.

What has been fetched is taken out of the consumer here as `getmany` does it, where nothing has
gone wrong.
"""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

from aiokafka.consumer.fetcher import FetchResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aiokafka import AIOKafkaConsumer, TopicPartition

Bare: TypeAlias = tuple[int, bytes | None, bytes | None]


def fetched(consumer: AIOKafkaConsumer, place: TopicPartition, most: int) -> list[Bare] | None:
    """At most so many of the records that have come of ``place``; None: ask the consumer."""
    fetcher: Any = consumer._fetcher  # noqa: SLF001 # No public way to what lies in it.
    result = fetcher._records.get(place)  # noqa: SLF001 # As above.
    if result is None:
        return []
    if type(result) is not FetchResult:
        return None
    records = _taken(result, place, _bare, most)
    if not result.has_more():
        del fetcher._records[place]  # noqa: SLF001 # As above.
        fetcher._notify(fetcher._wait_consume_future)  # noqa: SLF001 # As above.
    return records


async def arrival(consumer: AIOKafkaConsumer, within_s: float) -> None:
    """Wait until something comes, or an error, which is raised."""
    fetcher: Any = consumer._fetcher  # noqa: SLF001 # As above.
    waiter = fetcher._create_fetch_waiter()  # noqa: SLF001 # As above.
    await asyncio.wait([waiter], timeout=within_s)
    if waiter.done():
        waiter.result()
    waiter.cancel()


def woken(consumer: AIOKafkaConsumer) -> None:
    """End every `arrival` that is waited for."""
    fetcher: Any = consumer._fetcher  # noqa: SLF001 # As above.
    for waiter in fetcher._fetch_waiters:  # noqa: SLF001 # As above.
        fetcher._notify(waiter)  # noqa: SLF001 # As above.


def in_turn(consumer: AIOKafkaConsumer, taken: Iterable[TopicPartition]) -> None:
    """Next time the others come first: aiokafka empties one partition after another."""
    fetcher: Any = consumer._fetcher  # noqa: SLF001 # As above.
    for place in taken:
        if place in fetcher._records:  # noqa: SLF001 # As above.
            fetcher._records.move_to_end(place)  # noqa: SLF001 # As above.


def unwrapped(consumer: AIOKafkaConsumer, share: int) -> None:
    """Let what has come be handed out as it was unpacked: offset, time, key, value and headers.

    aiokafka copies each record into one of eleven fields, which takes longer than to unpack it.
    ``share``: at most so many of a partition at a time.
    """
    fetcher: Any = consumer._fetcher  # noqa: SLF001 # As above.
    for place, result in fetcher._records.items():  # noqa: SLF001 # As above.
        if type(result) is FetchResult:
            result.getall = partial(_shared, result, place, share)  # type: ignore[method-assign] # Of this one.


def _shared(result: Any, place: TopicPartition, share: int, most: int) -> list[Any]:  # noqa: ANN401 # aiokafka's.
    return _taken(result, place, _unpacked, min(share, most))


def _taken(
    result: Any,  # noqa: ANN401 # aiokafka's.
    place: TopicPartition,
    made: Callable[[TopicPartition, Any], Any],
    most: int,
) -> list[Any]:
    if not result.check_assignment(place) or not result.has_more():
        return []
    unpacking = result._partition_records  # noqa: SLF001 # As above.
    unpacking._consumer_record = made  # noqa: SLF001 # As above.
    records = list(islice(unpacking._records_iterator, most))  # noqa: SLF001 # As above.
    result._update_position()  # noqa: SLF001 # As above.
    if len(records) < most:
        result._partition_records = None  # noqa: SLF001 # As above.
    return records


def _bare(_: TopicPartition, record: Any) -> Bare:  # noqa: ANN401 # aiokafka's.
    return record.offset, record.key, record.value


def _unpacked(_: TopicPartition, record: Any) -> Any:  # noqa: ANN401 # aiokafka's.
    return record
