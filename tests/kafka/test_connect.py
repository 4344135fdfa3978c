"""No broker, a wrong address, a wrong setting: each says what it is, at once."""

from __future__ import annotations

import asyncio
import gc
import time
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer

from stream.config import Settings
from stream.errors import BrokerError, ConfigError
from stream.kafka.connect import connection, reachable, running
from stream.kafka.topics import create
from tests.brokers import free_ports


@pytest.mark.broker
async def test_a_broker_that_runs_is_reachable(settings):
    await reachable(settings)


async def test_nothing_listening_is_said_with_the_address_and_what_to_do():
    address = f"127.0.0.1:{free_ports(1)[0]}"

    with pytest.raises(BrokerError) as raised:
        await reachable(Settings(brokers=address))

    assert str(raised.value) == (
        f"no Kafka broker at {address}: nothing listens there; "
        "start one, or name another with --brokers (THREADLINE_BROKERS)"
    )


async def test_an_address_where_nobody_answers_is_given_up_within_five_seconds():
    began = time.monotonic()
    async with _mute() as port:
        with pytest.raises(BrokerError, match="it does not answer"):
            await reachable(Settings(brokers=f"127.0.0.1:{port}"))

    assert time.monotonic() - began < 5


async def test_a_name_that_does_not_exist_is_said():
    with pytest.raises(BrokerError, match=r"no Kafka broker at nowhere\.invalid:9092"):
        await reachable(Settings(brokers="nowhere.invalid:9092"))


async def test_a_client_that_cannot_start_is_ended_and_its_error_is_ours(caplog):
    settings = Settings(brokers=f"127.0.0.1:{free_ports(1)[0]}")

    with pytest.raises(BrokerError, match=r"no Kafka broker at .*: nothing listens there"):
        async with running(AIOKafkaProducer(**connection(settings)), settings):
            pass

    assert caplog.text == ""


async def test_an_address_without_a_port_number_is_named():
    with pytest.raises(ConfigError, match="give host:port"):
        await reachable(Settings(brokers="localhost:kafka"))


@pytest.mark.broker
async def test_who_is_cancelled_while_a_client_of_his_ends_hears_of_it(settings):
    making = asyncio.create_task(create(settings))
    while not _ending():
        assert not making.done(), "aiokafka ended without cancelling what reads its metadata"
        await asyncio.sleep(0)

    making.cancel()

    with pytest.raises(asyncio.CancelledError):
        await making


def _ending():
    return any(
        task.cancelling() for task in asyncio.all_tasks() if "_md_synchronizer" in repr(task)
    )


@pytest.mark.broker
async def test_a_start_that_is_cancelled_leaves_no_connection_open(settings, caplog):
    for wait_s in (0.0, 0.001, 0.002, 0.004, 0.008):
        making = asyncio.create_task(create(settings))
        await asyncio.sleep(wait_s)
        making.cancel()
        await asyncio.gather(making, return_exceptions=True)
    gc.collect()

    assert caplog.text == ""


@asynccontextmanager
async def _mute():
    """A server that takes connections and says nothing."""
    done = asyncio.Event()

    async def _listen(_reader, writer):
        await done.wait()
        writer.close()

    server = await asyncio.start_server(_listen, "127.0.0.1", 0)
    async with server:
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            done.set()
