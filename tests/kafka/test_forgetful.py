"""A transaction amid which the embedded broker is started again is never taken for committed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from stream.config import Settings
from stream.kafka.forgetful import ForgottenError
from stream.kafka.topics import Topics, create
from stream.kafka.transactions import PartitionProducer
from tests.brokers import free_ports
from tests.kafka.reading import read_all

pytestmark = pytest.mark.broker

NOON = 1_493_035_200_000
RUNS_ONE = """
import asyncio, sys
from pathlib import Path
from stream.kafka.embedded import embedded_broker

async def main():
    async with embedded_broker(Path(sys.argv[1]), int(sys.argv[2])):
        print(flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


class Broker:
    """An embedded one that is started and ended without a turn of our event loop."""

    def __init__(self, folder):
        [port] = free_ports(1)
        self.address = f"127.0.0.1:{port}"
        self._command = [sys.executable, "-c", RUNS_ONE, str(folder), str(port)]

    def start(self):
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"\n"

    def end(self):
        self._process.communicate()

    def start_again(self):
        self.end()
        self.start()


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path)
    broker.start()
    yield broker
    broker.end()


async def test_rows_from_before_and_a_cut_from_after_are_no_transaction(broker):
    settings = Settings(brokers=broker.address, partitions=1)
    topics = Topics(settings.prefix)

    def cut_after_a_restart(_):  # A cut is asked for when all rows have arrived.
        broker.start_again()
        return b"2"

    await create(settings)
    writer = PartitionProducer(settings, 0)
    await writer.start()
    await _commit(writer, topics, b"a", lambda _: b"1")
    with pytest.raises(ForgottenError, match="was started again amid a transaction"):
        await _commit(writer, topics, b"b", cut_after_a_restart)
    assert await _held(settings, topics) == ([b"a"], [b"1"])

    await writer.start()
    await _commit(writer, topics, b"b", lambda _: b"2")
    await writer.stop()
    assert await _held(settings, topics) == ([b"a", b"b"], [b"1", b"2"])


async def test_between_two_transactions_nothing_is_forgotten(broker):
    settings = Settings(brokers=broker.address, partitions=1)
    topics = Topics(settings.prefix)
    await create(settings)
    writer = PartitionProducer(settings, 0)
    await writer.start()
    await _commit(writer, topics, b"a", lambda _: b"1")
    broker.start_again()
    await _commit(writer, topics, b"b", lambda _: b"2")
    await writer.stop()
    assert await _held(settings, topics) == ([b"a", b"b"], [b"1", b"2"])


async def _commit(writer, topics, key, cut):
    rows = {topics.items: [(key, b"row", NOON)]}
    await writer.commit(rows, cut, ((topics.events, 0), 1), "group")


async def _held(settings, topics):
    """The keys of the rows that are committed, and the cuts."""
    found = await read_all(settings, topics.items, topics.progress)
    rows, cuts = found[topics.items, 0], found[topics.progress, 0]
    return [row.key for row in rows], [cut.value for cut in cuts]
