"""What stock Faust 0.15.3 gets wrong, and a worker must not: each fault that was ever seen.

Others are held elsewhere: a raising agent acknowledges its event, and `take` does so in ``finally``
(test_worker: an error of ours ends the worker and loses nothing); events sent on lose their times
(test_worker: a record of a view carries its event's time); a producer is ended without a flush
(test_recovery: a worker that is ended amid a replay has written all that it committed).
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import islice

import pytest
from aiokafka import AIOKafkaProducer

from stream.kafka.connect import connection
from stream.kafka.topics import VIEWS, Topics, create
from tests.faults.heard import Api
from tests.faults.proxy import Proxy
from tests.process.harness import caught_up, folded, publish, rows, workers
from tests.process.stories import crowd
from tests.process.test_worker import committed
from tests.story import HOUR, answered, asked, commented

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]


@pytest.fixture
async def line(settings):
    """What a worker's requests and their answers pass."""
    async with Proxy(settings.brokers).running() as proxy:
        yield proxy


async def test_no_offset_is_committed_past_what_is_in_flight(settings, tmp_path, line):
    with workers(replace(settings, brokers=line.address), tmp_path) as start:
        worker = start()
        await worker.says("goes on", times=settings.partitions)
        await publish(settings, [asked()])
        await caught_up(settings)
        before = await committed(settings)
        gate = line.hold(Api.END_TXN)
        await publish(settings, [answered(after=HOUR)])
        await asyncio.wait_for(gate.reached.wait(), 20)
        await publish(settings, [commented(f"q.c{n}", after=n * HOUR) for n in range(9)])
        assert await committed(settings) == before
        worker.kill()
        gate.drop()
        assert await committed(settings) == before
        start()
        cuts = await caught_up(settings)
    assert await committed(settings) == {part: cut.offset for part, cut in cuts.items()}
    assert await rows(settings) == await folded(settings)


async def test_a_partition_never_committed_is_read_from_its_start_after_a_rebalance(
    settings, tmp_path, line
):
    through = replace(settings, brokers=line.address)
    with workers(through, tmp_path) as start, workers(settings, tmp_path) as start_other:
        gate = line.hold(Api.ADD_PARTITIONS_TO_TXN)
        first = start("one")
        await first.says("goes on", times=settings.partitions)
        await publish(settings, islice(crowd(8), 2000))
        await asyncio.wait_for(gate.reached.wait(), 20)  # Read and folded, and not committed.
        second = start_other("two")
        await second.says("goes on")
        gate.release()
        await caught_up(settings)
    assert await rows(settings) == await folded(settings)


async def test_empty_changelogs_and_such_as_end_in_what_was_aborted_are_restored(
    settings, tmp_path
):
    """A reader who counts records, or waits for the last one's offset, would wait for ever."""
    await create(settings)
    topics = Topics(settings.prefix)
    await publish(settings, [asked()])
    with workers(settings, tmp_path) as start:
        worker = start()
        await caught_up(settings)
        worker.process.terminate()
        assert await worker.ends() == 0
        await _aborted(settings, [topics.view(view) for view in VIEWS])
        again = start()
        await again.says("goes on", times=settings.partitions)
        await publish(settings, [answered(after=HOUR)])
        await caught_up(settings)
    assert await rows(settings) == await folded(settings)


async def _aborted(settings, topics):
    """Leave a transaction in every partition of ``topics`` that never was."""
    async with AIOKafkaProducer(**connection(settings), transactional_id="another") as producer:
        await producer.begin_transaction()
        for topic in topics:
            for partition in range(settings.partitions):
                await producer.send_and_wait(topic, b"no", key=b"k", partition=partition)
        await producer.abort_transaction()
