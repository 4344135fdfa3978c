"""Other commands of ours, run beside this one: ended with it, however it ends."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from stream.errors import BrokerError, ServeError
from stream.kafka.watched import how_ended, watched

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

LAST_LINES: Final = 8
ENDED_WITHIN_S: Final = 10.0


class Child:
    """A command of ours that runs; its last lines are kept for the day that it fails."""

    def __init__(self, name: str, process: Process) -> None:
        self.name = name
        self._process = process
        self._lines: deque[str] = deque(maxlen=LAST_LINES)
        self._reading = asyncio.create_task(self._read())

    async def ended(self) -> None:
        """Return never, or raise once it has ended: nobody but us should have ended it."""
        status = await self._process.wait()
        await self._reading
        raise self._failure(status)

    async def end(self) -> None:
        """Ask it to end, which the watchdog passes on; where that takes too long, end it."""
        if self._process.returncode is None:
            self._process.terminate()
        try:
            async with asyncio.timeout(ENDED_WITHIN_S):
                await self._process.wait()
        except TimeoutError:
            self._let_go()
            await self._process.wait()
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    def _let_go(self) -> None:
        """Of the watchdog's standard input, at which it kills the command."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    async def _read(self) -> None:
        if self._process.stdout is None:
            return
        async for line in self._process.stdout:
            text = line.decode(errors="replace").rstrip()
            if text:
                self._lines.append(text)

    def _failure(self, status: int) -> ServeError | BrokerError:
        said = "\n  ".join(self._lines) or "nothing"
        return ServeError(f"the {self.name} {how_ended(status)}; its last lines:\n  {said}")


@asynccontextmanager
async def child(
    name: str, arguments: Sequence[str], *, folder: Path | None = None
) -> AsyncIterator[Child]:
    """``threadline`` with these ``arguments`` for as long as the ``async with`` lasts.

    ``folder`` is removed afterwards, a kill -9 of ours included.
    """
    process = await watched([sys.executable, "-m", "stream.cli", *arguments], folder=folder)
    running = Child(name, process)
    try:
        yield running
    finally:
        await running.end()
