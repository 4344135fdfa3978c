"""The brokers of the campaign, which are ended, killed and started amid a run."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from stream.kafka.embedded import embedded_broker
from tests.brokers import ApacheBroker, Extra, steady_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

QUICK: Final = """\
group.min.session.timeout.ms=1000
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
"""


class Apache:
    """Apache Kafka, patient enough for short sessions."""

    def __init__(self, folder: Path, properties: str = "") -> None:
        self._broker = ApacheBroker(folder, Extra(properties=QUICK + properties))
        self.address = self._broker.address

    @property
    def pid(self) -> int | None:
        return self._broker.pid

    async def start(self) -> None:
        if self.pid is None:
            await asyncio.to_thread(self._broker.start)

    async def kill(self) -> None:
        await asyncio.to_thread(self._broker.kill)

    async def stop(self) -> None:
        await asyncio.to_thread(self._broker.stop)

    def close(self) -> None:
        """After all."""


class Embedded:
    """The embedded broker, on the same port again after each end.

    Its process belongs to an event loop, and each test has its own: it lives in a thread that
    has one for all of them.
    """

    pid = None  # Nothing is done to it but in good order.

    def __init__(self, folder: Path) -> None:
        (self._port,) = steady_ports(1)
        self.address = f"127.0.0.1:{self._port}"
        self._folder = folder
        self._thread = ThreadPoolExecutor(1)
        self._runner = asyncio.Runner()
        self._broker: AbstractAsyncContextManager[str] | None = None

    async def start(self) -> None:
        await self._in_its_thread(self._start)

    async def stop(self) -> None:
        await self._in_its_thread(self._stop)

    def close(self) -> None:
        """After all: its loop ends, too."""
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()

    async def kill(self) -> None:
        msg = "the embedded broker loses what it has not saved yet"
        raise NotImplementedError(msg)

    async def _in_its_thread(self, do: Callable[[], Coroutine[Any, Any, None]]) -> None:
        await asyncio.get_running_loop().run_in_executor(
            self._thread, lambda: self._runner.run(do())
        )

    async def _start(self) -> None:
        if self._broker is None:
            self._broker = embedded_broker(self._folder, self._port)
            await self._broker.__aenter__()

    async def _stop(self) -> None:
        if self._broker is not None:
            broker, self._broker = self._broker, None
            await broker.__aexit__(None, None, None)
