"""A reader goes on from where it was, sees what is committed alone, and knows when it has all."""

from __future__ import annotations

import asyncio
import time

import pytest

from stream.codec.events import Encoded
from stream.kafka.follow import LogReader, LostOffsetError, open_reader
from stream.kafka.publish import open_publisher
from stream.kafka.topics import Topics
from tests.kafka.reading import read_to_end

pytestmark = pytest.mark.broker


@pytest.fixture
async def topic(settings) -> str:
    """A log in which thread after thread says its number."""
    async with open_publisher(settings) as publisher:
        await publisher.publish([_said(n) for n in range(100)])
        await publisher.flush()
    return Topics(settings.prefix).events


async def test_a_reader_that_stops_anywhere_goes_on_there(settings, topic):
    async with open_reader(settings, [topic], {}) as reader:
        first = await reader.batch(30, 5000)
        there = await reader.positions()
    async with open_reader(settings, [topic], there) as reader:
        rest = await read_to_end(reader)

    seen = _values(first) + _values(rest)
    assert len(_values(first)) <= 30
    assert sorted(seen) == sorted(_said(n).value for n in range(100))


async def test_what_is_not_wanted_yet_stays_for_later(settings, topic):
    async with open_reader(settings, [topic], {}) as reader:
        some = await reader.take({(topic, 1): 3}, 5000)
        more = await reader.take({(topic, 1): 2, (topic, 2): 1}, 5000)
        rest = await _taken_to_end(reader)
    async with open_reader(settings, [topic], {}) as reader:
        whole = await read_to_end(reader)

    counts = [{place: len(records) for place, records in got.items()} for got in (some, more)]
    assert counts == [{(topic, 1): 3}, {(topic, 1): 2, (topic, 2): 1}]
    for place, records in whole.items():
        taken = [*some.get(place, ()), *more.get(place, ()), *rest.get(place, ())]
        assert taken == [(r.offset, r.key, r.value) for r in records]


async def test_what_comes_while_waiting_is_taken_at_once(settings, topic):
    async with open_reader(settings, [topic], {}) as reader, open_publisher(settings) as publisher:
        await _taken_to_end(reader)
        waiting = asyncio.create_task(reader.take(_all_of(settings, topic), 10_000))
        await asyncio.sleep(0.1)
        await publisher.publish([_said(7)])
        await publisher.flush()
        async with asyncio.timeout(9):
            [[(_, _, value)]] = (await waiting).values()
    assert value == _said(7).value


def _all_of(settings, topic):
    return {(topic, part): 1000 for part in range(settings.partitions)}


async def _taken_to_end(reader):
    ends = await reader.ends()
    taken: dict[tuple[str, int], list[object]] = {}
    while await reader.positions() != ends:
        for place, records in (await reader.take(dict.fromkeys(ends, 7), 100)).items():
            taken.setdefault(place, []).extend(records)
    assert await reader.take(dict.fromkeys(ends, 7), 50) == {}
    return taken


async def test_nothing_new_is_nothing_after_the_time_given(settings, topic):
    async with open_reader(settings, [topic], {}) as reader:
        await read_to_end(reader)
        assert await reader.batch(10, 50) == {}
        assert await reader.positions() == await reader.ends()


async def test_asking_where_a_topic_ends_waits_for_no_fetch(settings, topic):
    async with open_reader(settings, [topic], {}) as reader:
        await read_to_end(reader)
        await reader.batch(1, 50)  # Kafka holds back the fetch under way for half a second.
        began = time.monotonic()
        for _ in range(5):
            await reader.ends()
        assert time.monotonic() - began < 1


async def test_a_paused_partition_gives_nothing_until_it_is_resumed(settings, topic):
    async with open_reader(settings, [topic], {}) as reader:
        await reader.batch(1, 5000)
        reader.pause((topic, 0))
        at = (await reader.positions())[topic, 0]
        for _ in range(5):
            assert (topic, 0) not in await reader.batch(1000, 100)
        assert (await reader.positions())[topic, 0] == at
        reader.resume((topic, 0))
        rest = await read_to_end(reader)

    assert rest[topic, 0]


async def test_a_reader_may_go_back(settings, topic):
    async with open_reader(settings, [topic], {}) as reader:
        before = await read_to_end(reader)
        for place in before:
            reader.seek(place, 0)
        again = await read_to_end(reader)

    assert [r.value for r in before[topic, 0]] == [r.value for r in again[topic, 0]]


async def test_an_offset_that_is_not_there_fails_loudly(settings, topic):
    with pytest.raises(LostOffsetError, match=r"\[1\] has no offset 1000, only 0 to") as raised:
        async with open_reader(settings, [topic], {(topic, 1): 1000}):
            pass

    assert raised.value.place == (topic, 1)
    assert raised.value.offset == 1000


async def test_a_log_that_ends_before_what_was_read_is_lost(settings, topic):
    async with open_reader(settings, [topic], {}) as reader:
        await read_to_end(reader)
        reader.seek((topic, 1), 1000)  # As after a broker that came back with less.
        with pytest.raises(LostOffsetError, match=r"\[1\] has no offset 1000"):
            await reader.ends()


async def test_what_comes_while_waiting_arrives_at_once(settings, topic):
    async with open_reader(settings, [topic], {}) as reader, open_publisher(settings) as publisher:
        await read_to_end(reader)
        waiting = asyncio.create_task(reader.batch(10, 10_000))
        await asyncio.sleep(0.1)
        await publisher.publish([_said(7)])
        await publisher.flush()
        async with asyncio.timeout(9):
            assert _values(await waiting) == [_said(7).value]


def _said(n: int) -> Encoded:
    return Encoded(b"c/t%d" % n, b'{"n":%d}' % n, n, str(n))


def _values(found) -> list[bytes]:
    return [record.value for records in found.values() for record in records]


async def test_a_reader_at_the_end_asks_seldom_where_the_broker_does_not_wait(settings):
    """The embedded broker answers thousands of empty fetches a second: that was half a core."""
    async with open_reader(settings, [Topics(settings.prefix).events], {}) as reader:
        await reader.batch(1, timeout_ms=200)
        before = asked(reader)
        for _ in range(5):
            await reader.batch(1, timeout_ms=100)
        assert asked(reader) - before < 50


def asked(reader: LogReader) -> int:
    """How many requests its connections have carried."""
    connections = reader._consumer._client._conns.values()  # noqa: SLF001 # No public count.
    return sum(connection._correlation_id for connection in connections)  # noqa: SLF001 # As above.
