"""A broker that goes away and comes back: the worker waits, says so, and goes on exactly."""

import asyncio
import shutil
from itertools import islice

import pytest

from stream.config import Settings
from stream.kafka.embedded import embedded_broker
from tests.brokers import ApacheBroker, free_ports
from tests.process.harness import caught_up, folded, publish, rows, workers
from tests.process.stories import crowd

pytestmark = [pytest.mark.broker, pytest.mark.long, pytest.mark.timeout(300)]


class Embedded:
    """The embedded broker, to be stopped and started again on its data."""

    def __init__(self, folder):
        (port,) = free_ports(1)
        self.address = f"127.0.0.1:{port}"
        self._folder, self._port = folder, port

    async def start(self):
        self._broker = embedded_broker(self._folder, self._port)
        await self._broker.__aenter__()

    async def stop(self):
        await self._broker.__aexit__(None, None, None)


class Apache:
    """Apache Kafka, the same."""

    def __init__(self, folder):
        self._broker = ApacheBroker(folder)
        self.address = self._broker.address

    async def start(self):
        await asyncio.to_thread(self._broker.start)

    async def stop(self):
        await asyncio.to_thread(self._broker.kill)


@pytest.fixture
async def broker(broker_kind, tmp_path):
    (tmp_path / "broker").mkdir()
    broker = (Apache if broker_kind == "apache" else Embedded)(tmp_path / "broker")
    await broker.start()
    yield broker
    await broker.stop()


async def test_a_broker_that_comes_back_finds_the_worker_waiting(broker, tmp_path):
    settings = Settings(brokers=broker.address, partitions=2)
    events = crowd(5)
    with workers(settings, tmp_path) as start:
        worker = start()
        await publish(settings, islice(events, 3000))
        await worker.says("goes on", times=settings.partitions)
        await broker.stop()
        await asyncio.sleep(3)
        await broker.start()
        await publish(settings, islice(events, 3000))
        await caught_up(settings, within_s=60)
        assert worker.said.count("trying again") <= 2
        assert "Traceback" not in worker.said
        assert await rows(settings) == await folded(settings)
        await broker.stop()
        await worker.says("no Kafka broker at", within_s=60)
        worker.process.terminate()
        assert await worker.ends(within_s=30) == 0
    await broker.start()


async def test_after_a_broker_lost_its_last_records_the_worker_begins_again_and_they_are_replayed(
    broker, tmp_path
):
    settings = Settings(brokers=broker.address, partitions=2)
    events = list(islice(crowd(5), 2000))
    with workers(settings, tmp_path) as start:
        worker = start()
        await publish(settings, events[:1000])
        await caught_up(settings)
        await broker.stop()
        shutil.copytree(tmp_path / "broker", tmp_path / "saved")
        await broker.start()
        await publish(settings, events[1000:])
        await caught_up(settings, within_s=60)
        await broker.stop()
        shutil.rmtree(tmp_path / "broker")
        (tmp_path / "saved").rename(tmp_path / "broker")
        await broker.start()
        assert await worker.ends(within_s=60) == 3
        assert "no longer has: its broker lost its last records" in worker.said
        assert "start the worker again" in worker.said
        start()
        await publish(settings, events)
        await caught_up(settings, within_s=60)
        assert await rows(settings) == await folded(settings)
        assert "Traceback" not in worker.said


async def test_a_worker_without_a_broker_says_so_and_ends(tmp_path):
    (port,) = free_ports(1)
    with workers(Settings(brokers=f"127.0.0.1:{port}"), tmp_path) as start:
        worker = start()
        assert await worker.ends() == 3
        assert "error: no Kafka broker at" in worker.said
