"""What stock Faust 0.15.3 gets wrong, and a worker must not: each fault that was ever seen.

Two are held elsewhere: events sent on lose their times (test_worker: a record of a view carries its
event's time); a producer is ended without a flush (test_recovery: a worker that is ended amid a
replay has written all that it committed).
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import chain, islice

import orjson
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from stream.codec.times import stamp_of
from stream.kafka.connect import connection
from stream.kafka.topics import VIEWS, Topics, create
from stream.process.owner import Partitions
from stream.process.worker import Pace, build
from tests.faults.heard import Api
from tests.faults.proxy import Proxy
from tests.process.harness import caught_up, folded, publish, rows, workers
from tests.process.stories import crowd
from tests.process.test_worker import committed
from tests.story import DAY, HOUR, answered, asked, at, commented

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


async def test_what_a_raising_agent_had_before_it_is_not_acknowledged(settings, tmp_path):
    """Faust takes an event for done though the agent raised, and in `take` does so in ``finally``.

    Here some batches are committed already, and more of the same partition waits behind the one
    that fails.
    """
    straw = commented("q.c1", after=HOUR, text="This is the last straw.")
    behind = [commented(f"q.c{n}", after=n * HOUR) for n in range(2, 9)]
    with workers(settings, tmp_path) as start:
        worker = start("breaks-later")
        await publish(settings, [asked()])
        cuts = await caught_up(settings)
        before = await rows(settings)
        await publish(settings, [straw, *behind])
        assert await worker.ends() not in {0, 3}
        assert "RuntimeError: no fold is without faults" in worker.said
        assert await committed(settings) == {part: cut.offset for part, cut in cuts.items()}
        assert await rows(settings) == before
        again = start()
        for part, cut in cuts.items():
            await again.says(f"partition {part} goes on from offset {cut.offset}")
        await caught_up(settings)
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


async def test_nothing_of_ours_is_a_table_of_fausts_and_no_window_expires(settings):
    """Its windows expire by the wall clock: of a replay of 2017 none would be left."""
    app = build(settings, "one", Pace(), Partitions(settings))
    assert len(app.agents) == 1
    assert not app.tables.data


async def test_what_is_stated_ten_years_late_counts_where_it_belongs(settings, tmp_path):
    """Neither the wall clock nor what has been seen since says when a count is over."""
    with workers(settings, tmp_path) as start:
        start()
        await publish(settings, [commented("q.c1", after=3650 * DAY)])
        await caught_up(settings)
        await publish(settings, [asked(), answered(after=HOUR)])
        await caught_up(settings)
    views = await rows(settings)
    assert views == await folded(settings)
    counted = [kept.values() for (view, _), kept in views.items() if view == "activity"]
    assert sorted(orjson.loads(row)["start"] for row in chain(*counted)) == [
        stamp_of(at(after)) for after in (0, HOUR, 3650 * DAY)
    ]


async def test_changelogs_are_compacted_and_nothing_of_them_is_deleted(settings):
    """On such as are ``compact,delete`` Faust's recovery hangs."""
    await create(settings)
    topics = Topics(settings.prefix)
    for topic in [*(topics.view(view) for view in VIEWS), topics.progress]:
        told = await _configured(settings, topic)
        assert told["cleanup.policy"] == "compact"
        assert told["retention.ms"] == told["retention.bytes"] == "-1"


async def _configured(settings, topic):
    """What the broker tells of a topic's settings."""
    async with AsyncExitStack() as stack:
        admin = AIOKafkaAdminClient(**connection(settings))
        stack.push_async_callback(admin.close)
        await admin.start()
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
        ((code, _, _, _, told),) = answer.resources  # type: ignore[attr-defined] # Typed as any.
        assert code == 0
        return {name: value for name, value, *_ in told}


async def _aborted(settings, topics):
    """Leave a transaction in every partition of ``topics`` that never was."""
    async with AIOKafkaProducer(**connection(settings), transactional_id="another") as producer:
        await producer.begin_transaction()
        for topic in topics:
            for partition in range(settings.partitions):
                await producer.send_and_wait(topic, b"no", key=b"k", partition=partition)
        await producer.abort_transaction()
