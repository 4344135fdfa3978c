"""The embedded broker is there when it says so, keeps what it should, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaProducer

from stream.codec.events import Encoded
from stream.config import Settings
from stream.errors import BrokerError
from stream.kafka.connect import connection, reachable
from stream.kafka.embedded import embedded_broker
from stream.kafka.ending import ended
from stream.kafka.publish import open_publisher
from stream.kafka.topics import VIEWS, Topics
from tests.brokers import free_ports
from tests.kafka.reading import read_all

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FEW = 20  # Transactions before the broker ends.

STARTS_ONE = """
import asyncio
from stream.kafka.embedded import embedded_broker

async def main():
    async with embedded_broker(None) as address:
        print(address, flush=True)
        for _ in range(600):  # Where another thread gets the signal, nothing wakes this one.
            await asyncio.sleep(0.1)

asyncio.run(main())
"""
HAS_NONE = """
import asyncio, sys
sys.modules["noida_db"] = None
from stream.errors import BrokerError
from stream.kafka.embedded import embedded_broker

async def main():
    async with embedded_broker(None):
        pass

try:
    asyncio.run(main())
except BrokerError as error:
    print(error)
"""


async def test_what_was_published_is_there_next_time(tmp_path):
    async with embedded_broker(tmp_path / "data") as address:
        settings = Settings(brokers=address, partitions=1)
        async with open_publisher(settings) as publisher:
            await publisher.publish([Encoded(b"c/t", b"%d" % n, n, str(n)) for n in range(500)])
            await publisher.flush()
    async with embedded_broker(tmp_path / "data") as address:
        settings = Settings(brokers=address, partitions=1)
        topic = Topics(settings.prefix).events
        log = await read_all(settings, topic)

    assert [record.value for record in log[topic, 0]] == [b"%d" % n for n in range(500)]


async def test_what_it_confirmed_to_a_writer_while_it_ended_is_there_next_time(tmp_path):
    """And no transaction is there in part."""
    confirmed: list[int] = []
    async with AsyncExitStack() as broker:
        address = await broker.enter_async_context(embedded_broker(tmp_path / "data"))
        settings = Settings(brokers=address, partitions=1)
        async with open_publisher(settings) as publisher:  # To save takes a while.
            long = b"x" * 900
            await publisher.publish([Encoded(b"c/t", long, n, str(n)) for n in range(100_000)])
            await publisher.flush()
        async with _writer(settings) as producer:
            writing = asyncio.create_task(_transact(producer, settings, confirmed))
            while len(confirmed) < FEW:  # noqa: ASYNC110 (aiokafka has no event for it)
                await asyncio.sleep(0.01)
            await broker.aclose()
            writing.cancel()
            await asyncio.wait([writing])
    async with embedded_broker(tmp_path / "data") as address:
        settings = Settings(brokers=address, partitions=1)
        views = [Topics(settings.prefix).view(view) for view in VIEWS]
        found = await read_all(settings, *views)
    kept = [[int(record.value or b"") for record in found[view, 0]] for view in views]
    assert all(each == kept[0] for each in kept)
    # One more, where it was committed and the answer did not come.
    assert kept[0][: len(confirmed)] == confirmed
    assert len(kept[0]) <= len(confirmed) + 1


async def _transact(producer: AIOKafkaProducer, settings: Settings, confirmed: list[int]) -> None:
    views = [Topics(settings.prefix).view(view) for view in VIEWS]
    for number in count():
        async with producer.transaction():
            for view in views:
                await producer.send(view, b"%d" % number, b"key", partition=0)
        confirmed.append(number)


@asynccontextmanager
async def _writer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(**connection(settings), transactional_id="one", acks="all")
    await producer.start()
    try:
        yield producer
    finally:
        await ended(producer)


async def test_after_the_with_nobody_listens(tmp_path):
    async with embedded_broker(tmp_path) as address:
        await reachable(Settings(brokers=address))

    with pytest.raises(BrokerError, match="nothing listens there"):
        await reachable(Settings(brokers=address))


async def test_a_port_may_be_named_and_one_that_is_taken_is_said(tmp_path):
    port = free_ports(1)[0]
    async with embedded_broker(tmp_path / "one", port) as address:
        assert address == f"127.0.0.1:{port}"
        with pytest.raises(BrokerError, match=f"port {port} of this machine is taken"):
            async with embedded_broker(tmp_path / "two", port):
                pass


async def test_a_folder_in_use_is_not_used_twice(tmp_path):
    async with embedded_broker(tmp_path):
        with pytest.raises(BrokerError, match="is in use by another broker"):
            async with embedded_broker(tmp_path):
                pass
    async with embedded_broker(tmp_path):
        pass


async def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(BrokerError, match="cannot be made: Not a directory"):
        async with embedded_broker(tmp_path / "file" / "data"):
            pass


async def test_a_folder_that_cannot_be_read_is_said_in_the_brokers_own_words(tmp_path):
    (tmp_path / "kafka.json").write_text("no log at all")

    with pytest.raises(BrokerError, match="the embedded broker ended at its start"):
        async with embedded_broker(tmp_path):
            pass


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_whoever_started_it_takes_it_along_however_they_go(how, tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", STARTS_ONE],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as starter:
        assert starter.stdout is not None
        address = starter.stdout.readline().strip()
        [folder] = tmp_path.iterdir()
        starter.send_signal(how)

    _wait_for(lambda: not folder.exists())
    with pytest.raises(BrokerError, match="nothing listens there"):
        asyncio.run(reachable(Settings(brokers=address)))


def test_one_that_is_not_installed_is_said_with_how_to(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", HAS_NONE], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )

    assert "pip install 'threadline[embedded]'" in done.stdout
    assert list(tmp_path.iterdir()) == []


def _wait_for(holds):
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
