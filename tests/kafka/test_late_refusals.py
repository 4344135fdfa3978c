"""What Kafka refuses after we have given up is nobody's any more, and nothing is logged of it."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import replace

import pytest

from stream.kafka.topics import Topics, create
from stream.kafka.transactions import PartitionProducer
from tests.faults.heard import Api
from tests.faults.proxy import Proxy

pytestmark = [pytest.mark.broker, pytest.mark.long, pytest.mark.timeout(300)]

NOON = 1_493_035_200_000
WITHIN_S = 30


@pytest.mark.filterwarnings(
    "ignore:unclosed <StreamWriter:ResourceWarning"
)  # The proxy's, closing.
@pytest.mark.parametrize("step", [Api.PRODUCE, Api.TXN_OFFSET_COMMIT])
async def test_a_writer_that_gave_up_hears_late_that_another_has_taken_over(settings, step):
    await create(settings)
    unseen: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: unseen.append(what))
    async with Proxy(settings.brokers).running() as proxy:
        writer = PartitionProducer(replace(settings, brokers=proxy.address), 1)
        await writer.start()
        gate = proxy.hold(step)
        committing = asyncio.create_task(_commit(writer, settings))
        await asyncio.wait_for(gate.reached.wait(), WITHIN_S)
        successor = PartitionProducer(settings, 1)
        await successor.start()
        await successor.stop()
        committing.cancel()
        await asyncio.sleep(0)  # It has begun to give up.
        gate.release()
        await asyncio.wait([committing], timeout=WITHIN_S)
        await writer.stop()

    del writer, committing
    gc.collect()
    await asyncio.sleep(0)
    assert unseen == []


async def _commit(writer, settings):
    topics = Topics(settings.prefix)
    records = {topics.items: [(b"k", b"v", NOON)]}
    await writer.commit(records, lambda _: b"{}", ((topics.events, 1), 7), "group")
