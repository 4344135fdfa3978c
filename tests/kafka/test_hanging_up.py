"""A broker that hangs up while a transaction looks for its coordinator: said as what it is."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from stream.errors import BrokerError
from stream.kafka.topics import Topics, create
from stream.kafka.transactions import PartitionProducer
from tests.faults.heard import Api
from tests.faults.proxy import Proxy

pytestmark = [pytest.mark.broker, pytest.mark.timeout(120)]

NOON = 1_493_035_200_000
WITHIN_S = 30


async def test_hanging_up_on_who_asks_for_the_groups_coordinator_is_no_refusal(settings):
    await create(settings)
    async with Proxy(settings.brokers).running() as proxy:
        writer = PartitionProducer(replace(settings, brokers=proxy.address), 1)
        await writer.start()
        gate = proxy.hold(Api.FIND_COORDINATOR, naming=[b"readers"])

        said = await _said_when_cut(gate, _commit(writer, settings))

        assert said == _no_connection(proxy.address)


@pytest.mark.apache  # The embedded broker's transactions go over no second connection.
async def test_nor_on_who_asks_for_the_transactions_coordinator_again(settings):
    await create(settings)
    async with Proxy(settings.brokers).running() as proxy:
        writer = PartitionProducer(replace(settings, brokers=proxy.address), 1)
        await writer.start()
        first = proxy.hold(Api.ADD_PARTITIONS_TO_TXN)
        again = proxy.hold(Api.FIND_COORDINATOR)
        committing = asyncio.create_task(_commit(writer, settings))
        await asyncio.wait_for(first.reached.wait(), WITHIN_S)
        first.drop()

        said = await _said_when_cut(again, committing)

        assert said == _no_connection(proxy.address)


async def _said_when_cut(gate, commit):
    committing = asyncio.ensure_future(commit)
    await asyncio.wait_for(gate.reached.wait(), WITHIN_S)
    gate.drop()
    with pytest.raises(BrokerError) as raised:
        await committing
    return str(raised.value)


def _no_connection(address):
    return (
        f"no connection to Kafka at {address}: Connection at {address} closed; "
        "start one, or name another with --brokers (THREADLINE_BROKERS)"
    )


async def _commit(writer, settings):
    topics = Topics(settings.prefix)
    records = {topics.items: [(b"k", b"v", NOON)]}
    await writer.commit(records, lambda _: b"{}", ((topics.events, 1), 7), "readers")
