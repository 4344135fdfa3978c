"""A plain count over the events tells views that are right from views that are not."""

from itertools import islice

import pytest
from aiokafka import AIOKafkaProducer

from benchmarks import logs
from benchmarks.counted import Counted, differences
from stream.core.events import CREATIONS
from stream.kafka.connect import connection, running
from stream.kafka.records import partition_of
from stream.kafka.topics import Topics
from tests.process.harness import caught_up, publish, workers

ASKED_FIRST = b"size.example/0"


def test_what_passes_is_counted_by_thread_and_kind_and_comes_through():
    events = list(logs.threads_of(3, 25))
    counted = Counted(2)
    assert list(counted.passing(events)) == events
    assert counted.threads == {f"size.example/{n}".encode(): [1, 2, 0, 22] for n in range(3)}
    assert (counted.events, counted.items, sum(counted.ends.values())) == (75, 75, 75)


def test_a_thread_begins_where_its_first_event_lies_in_its_partition():
    counted = Counted(1)
    list(counted.passing(logs.threads_of(3, 4)))
    assert list(counted.began.values()) == [(0, 0), (0, 1), (0, 2)]


def test_a_comment_more_is_counted_like_the_others():
    counted = Counted(1)
    list(counted.passing(logs.community(3000)))
    late = list(counted.passing(counted.late()))
    assert len(late) == len(counted.some) >= 2
    made = {(event.subject, event.data.item) for event in late if isinstance(event, CREATIONS)}
    assert len(made) == len(late)


@pytest.mark.broker
async def test_views_that_are_right_differ_in_nothing_and_each_fault_is_named(settings, tmp_path):
    counted = Counted(settings.partitions)
    await publish(settings, counted.passing(logs.threads_of(20, 25)))
    with workers(settings, tmp_path) as start:
        start()
        await caught_up(settings)
    assert await differences(settings, counted) == []

    topics = Topics(settings.prefix)
    await write(settings, topics.items, b"size.example/0/q", None)
    assert await differences(settings, counted) == ["499 rows of items, not 500"]
    assert await differences(settings, counted, rows=False) == []
    await write(settings, topics.items, b"size.example/0/q", b"{}")
    await write(settings, topics.replies, b"size.example/0/nothing", b"{}")
    assert await differences(settings, counted) == ["1 replies of no item"]
    await write(settings, topics.replies, b"size.example/0/nothing", None)

    counts = b'"counts":{"questions":1,"answers":2,"posts":0,"comments":21}'
    await write(settings, topics.threads, ASKED_FIRST, b"{%s}" % counts)
    (said,) = await differences(settings, counted)
    assert said.startswith("1 threads, of them [(b'size.example/0', [1, 2, 0, 21], [1, 2, 0, 22])")

    list(islice(counted.passing(logs.threads_of(1, 25)), 1))  # One that was never published.
    cuts, threads, activity, rows = await differences(settings, counted)
    assert cuts.startswith("cuts at {")
    assert "[1, 2, 0, 21], [2, 2, 0, 22]" in threads
    assert activity == "activity of [20, 40, 0, 440] items by kind, not [21, 40, 0, 440]"
    assert rows == "500 rows of items, not 501"


async def write(settings, topic, key, value):
    """A row where it should not be, or as it should not be."""
    producer = AIOKafkaProducer(**connection(settings))
    async with running(producer, settings):
        partition = partition_of(ASKED_FIRST, settings.partitions)
        await producer.send_and_wait(topic, value, key=key, partition=partition)
