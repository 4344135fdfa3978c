"""The brokers of the campaign, which are ended, killed and started amid a run."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from stream.kafka.embedded import embedded_broker
from tests.brokers import ApacheBroker, Extra, steady_ports
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


class Apache:
    """Apache Kafka, patient enough for short sessions."""

    def __init__(self, folder: Path, properties: str = "") -> None:
        self._broker = ApacheBroker(folder, Extra(properties=QUICK + properties))
        self.address = self._broker.address
        self._turn = Lock()

    @property
    def pid(self) -> int | None:
        return self._broker.pid

    async def start(self) -> None:
        """Return when it answers, also where a run that failed left it half way there."""
        await asyncio.to_thread(self._in_turn, self._broker.ready)

    async def kill(self) -> None:
        await asyncio.to_thread(self._in_turn, self._broker.kill)

    async def stop(self) -> None:
        await asyncio.to_thread(self._in_turn, self._broker.stop)

    def _in_turn(self, do: Callable[[], None]) -> None:
        with self._turn:  # A thread goes on when the run that waited for it is given up.
            do()

    def close(self) -> None:
        """After all."""


class Embedded:
    """The embedded broker, which is only ever put to sleep: what it loses else, it does lose.

    Its process belongs to an event loop, and each test has its own: it lives in a thread that
    has one for all of them.
    """

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
