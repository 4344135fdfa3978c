"""The brokers of the campaign, which are ended, killed and started amid a run."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from stream.config import Settings
from stream.kafka.embedded import embedded_broker
from tests.brokers import ApacheBroker, Extra, steady_ports
from tests.faults.admin import admin
from tests.mortal import embedded_pid

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

# A broker that was killed is let in again only once its last session is over: by default in 9 s.
QUICK: Final = """\
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
group.min.session.timeout.ms=1000
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
log.cleaner.backoff.ms=300
"""
GONE_WITHIN_S: Final = 30.0


class Apache:
    """Apache Kafka, patient enough for short sessions.

    With two ``copies`` of a topic, a second one was there once, and is gone: its copy is never in
    step, so whoever asks for both (``min.insync.replicas``) has writes refused. Kafka asks for no
    more copies than a topic has.
    """

    def __init__(self, folder: Path, properties: str = "", copies: int = 1) -> None:
        self.copies = copies
        self._folder = folder
        self._broker = ApacheBroker(folder, Extra(properties=QUICK + properties))
        self.address = self._broker.address
        self._alone = copies == 1
        self._turn = Lock()

    @property
    def pid(self) -> int | None:
        return self._broker.pid

    async def start(self) -> None:
        """Return when it answers, also where a run that failed left it half way there."""
        await asyncio.to_thread(self._in_turn, self._broker.ready)
        if not self._alone:
            await asyncio.to_thread(self._in_turn, self._second_came_and_went)
            await left_alone(self.address)
            self._alone = True

    def _second_came_and_went(self) -> None:
        folder = self._folder / "second"
        folder.mkdir(exist_ok=True)
        second = ApacheBroker(folder, Extra(joins=self._broker.controller))
        try:
            second.start()
        finally:
            second.stop()

    async def kill(self) -> None:
        await asyncio.to_thread(self._in_turn, self._broker.kill)

    async def stop(self) -> None:
        await asyncio.to_thread(self._in_turn, self._broker.stop)

    def _in_turn(self, do: Callable[[], None]) -> None:
        with self._turn:  # A thread goes on when the run that waited for it is given up.
            do()

    def close(self) -> None:
        """After all."""


async def left_alone(address: str) -> None:
    """Return once one broker is there: another that has ended is missed after its session."""
    async with admin(Settings(brokers=address)) as client, asyncio.timeout(GONE_WITHIN_S):
        while len((await client.describe_cluster())["brokers"]) > 1:  # noqa: ASYNC110 # Kafka has no event for it.
            await asyncio.sleep(0.2)


class Embedded:
    """The embedded broker, which is only ever put to sleep: what it loses else, it does lose.

    Its process belongs to an event loop, and each test has its own: it lives in a thread that
    has one for all of them.
    """

    copies = 1

    def __init__(self, folder: Path) -> None:
        (port,) = steady_ports(1)
        self.address = f"127.0.0.1:{port}"
        self._broker = embedded_broker(folder, port)
        self._running = False
        self._thread = ThreadPoolExecutor(1)
        self._runner = asyncio.Runner()

    @property
    def pid(self) -> int | None:
        return embedded_pid(self.address)

    async def start(self) -> None:
        if not self._running:
            self._running = True
            await self._in_its_thread(self._broker.__aenter__)

    async def stop(self) -> None:
        await self._in_its_thread(lambda: self._broker.__aexit__(None, None, None))

    async def kill(self) -> None:
        msg = "the embedded broker loses what it has not saved yet"
        raise NotImplementedError(msg)

    def close(self) -> None:
        """After all: its loop ends, too."""
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()

    async def _in_its_thread(self, do: Callable[[], Coroutine[Any, Any, object]]) -> None:
        await asyncio.get_running_loop().run_in_executor(
            self._thread, lambda: self._runner.run(do())
        )
