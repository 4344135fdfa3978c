"""Adoption, loss and what is taken of a run; the consumer is one in memory."""

import asyncio
import gc
import time
from collections import Counter
from typing import ClassVar

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.structs import ConsumerRecord
from typing_extensions import override

from stream.codec.events import encode
from stream.errors import BrokerError
from stream.kafka.records import partition_of
from stream.process.all_views import AllViews
from stream.process.job import DeadLetter, Job
from stream.process.owner import Partitions
from stream.process.runs import Run
from tests.process.harness import caught_up, folded, publish, rows
from tests.story import HOUR, asked, commented

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]
EVENTS = [asked(), *(commented(f"q.c{n}", after=n * HOUR) for n in range(9))]


class Consumer:
    """Reads nothing; remembers what it was told."""

    def __init__(self):
        self.told = []
        self.going = asyncio.Event()
        self.held = asyncio.Event()
        self.back = asyncio.Event()

    async def go_on(self, partition, offset):
        self.told.append(("go on", partition, offset))
        self.going.set()

    async def read_again(self, partition, offset, beyond):
        self.told.append(("read again", partition, offset, beyond.after))
        self.back.set()

    def hold(self, partition):
        self.told.append(("hold", partition))
        self.held.set()

    def read_on(self, partition):
        self.told.append(("read on", partition))


class Counting(Job):
    """How many records each thread has; a record without a value is unreadable."""

    kept_in: ClassVar = ("threads",)
    watermark = None

    def __init__(self, place):
        self.place = place
        self.counts: Counter[bytes] = Counter()
        self.was_restored = False
        self._touched: set[bytes] = set()

    @override
    def restore(self, view, key, value):
        assert view == "threads"
        self.counts[key] = int(value)

    @override
    def restored(self, watermark):
        yield
        self.was_restored = True

    @override
    def fold(self, records):
        assert self.was_restored
        readable = [record.key for record in records if record.value is not None]
        self.counts.update(readable)
        self._touched.update(readable)
        return [DeadLetter(record, "empty") for record in records if record.value is None]

    @override
    def told(self):
        told = [(key, b"%d" % self.counts[key], 0) for key in self._touched]
        self._touched.clear()
        return {"threads": told}


@pytest.fixture
async def log(settings):
    """The story on the log, as the records of its partition."""
    await publish(settings, EVENTS)
    encoded = [encode(event) for event in EVENTS]
    home = partition_of(encoded[0].key, settings.partitions)
    return home, [
        ConsumerRecord("log", home, n, each.at, 0, each.key, each.value, None, 0, 0, ())
        for n, each in enumerate(encoded)
    ]


async def adopted(settings, partition, job=AllViews):
    partitions = Partitions(settings, job, fenced_for_s=2.0)
    partitions.consumer = consumer = Consumer()
    await partitions.on_assigned({partition})
    assert await partitions.positions({partition}) == {}
    await asyncio.wait_for(consumer.going.wait(), 20)
    return partitions, consumer


async def folded_upto(partitions, partition, offset):
    deadline = time.monotonic() + 20
    while await partitions.positions({partition}) != {partition: offset}:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def run(records, after=None):
    first, last = records[0].offset, records[-1].offset
    return Run(first if after is None else after, last + 1, records, seeks=1)


async def test_what_is_taken_twice_or_overlaps_counts_once(settings, log):
    home, records = log
    partitions, _ = await adopted(settings, home)
    for some in (records[:4], records[2:6], records[:6], records[6:]):
        partitions.take(home, run(some))
    await caught_up(settings)
    await partitions.close()
    assert await rows(settings) == await folded(settings)


async def test_a_gap_is_read_again_and_nothing_behind_it_is_taken(settings, log):
    home, records = log
    partitions, consumer = await adopted(settings, home)
    partitions.take(home, run(records[:3]))
    partitions.take(home, run(records[5:]))
    await asyncio.wait_for(consumer.back.wait(), 20)
    assert await partitions.positions({home}) == {home: 3}
    assert ("read again", home, 3, 5) in consumer.told
    await partitions.close()


async def test_a_hole_in_the_log_is_no_gap(settings, log):
    home, records = log
    partitions, _ = await adopted(settings, home)
    partitions.take(home, run(records[:3]))
    partitions.take(home, run(records[5:], after=3))
    await folded_upto(partitions, home, len(records))
    await partitions.close()


async def test_what_is_folded_is_committed_before_the_end(settings, log):
    home, records = log
    partitions, _ = await adopted(settings, home)
    partitions.take(home, run(records))
    await asyncio.sleep(0)  # The lane has it in hand.
    await partitions.close()
    await caught_up(settings)
    assert await rows(settings) == await folded(settings)


async def test_what_waits_when_partitions_are_revoked_is_read_again(settings, log):
    home, records = log
    partitions, consumer = await adopted(settings, home)
    partitions.take(home, run(records[:3]))
    await asyncio.sleep(0)
    partitions.take(home, run(records[3:5]))
    await partitions.on_revoked()
    await partitions.on_assigned({home})
    assert await partitions.positions({home}) == {home: 3}
    partitions.take(home, run(records[5:]))
    await asyncio.wait_for(consumer.back.wait(), 20)
    assert ("read again", home, 3, 5) in consumer.told
    await partitions.close()


def clients():
    """How many of aiokafka's are in memory."""
    return sum(isinstance(kept, AIOKafkaClient) for kept in gc.get_objects())


async def test_what_had_read_the_topics_is_not_kept_with_the_state(settings, log):
    """What is there when a partition is ready, the collector never looks at again."""
    home, _ = log
    gc.unfreeze()
    gc.collect()
    gc.disable()  # As a worker does.
    before = clients()
    try:
        partitions, _ = await adopted(settings, home)
        gc.unfreeze()
        assert clients() - before == 1, "there is more than who writes"
    finally:
        gc.enable()
    await partitions.close()


async def test_what_is_not_ours_is_not_taken(settings, log):
    home, records = log
    partitions, _ = await adopted(settings, home)
    await partitions.on_assigned(set())
    partitions.take(home, run(records))
    await partitions.close()
    assert await rows(settings) == {}


async def test_one_that_was_fenced_writes_nothing_and_adopts_again_later(settings, log):
    home, records = log
    slow, reader = await adopted(settings, home)
    quick, _ = await adopted(settings, home)
    slow.take(home, run(records[:5]))
    await asyncio.wait_for(reader.held.wait(), 20)
    assert await rows(settings) == {}
    quick.take(home, run(records))
    await caught_up(settings)
    await quick.close()
    reader.going.clear()
    await asyncio.wait_for(reader.going.wait(), 20)
    assert reader.told[-1] == ("go on", home, len(records))
    await slow.close()
    assert await rows(settings) == await folded(settings)


async def test_another_job_goes_on_from_what_the_last_worker_kept(settings, log):
    home, records = log
    for some in (records[:4], records[4:]):
        partitions, _ = await adopted(settings, home, Counting)
        partitions.take(home, run(some))
        await folded_upto(partitions, home, some[-1].offset + 1)
        await partitions.close()
    await caught_up(settings)
    assert await rows(settings) == {("threads", home): {records[0].key: b"%d" % len(records)}}


async def test_a_worker_at_its_end_tries_nothing_again(settings, caplog):
    working, ending = Partitions(settings), Partitions(settings)
    await ending.close()
    for partitions in working, ending:
        partitions.say(BrokerError("nobody is there"))
    assert caplog.messages == ["nobody is there; trying again"]
