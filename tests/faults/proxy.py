"""Stands between one process and the broker: holds requests back, is slow, cuts the line.

It reads Kafka's framing, so that what is held back is a known step of a known transaction: the
request on its way in, or the answer on its way out, which the broker has acted on already. The
broker names its own address in its answers; it is replaced by ours, so that all goes through here.
"""

from __future__ import annotations

import asyncio
import struct
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

from tests.faults.heard import Api, Heard, Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

HOST: Final = b"127.0.0.1"
CHUNK: Final = 1 << 16
LIMIT: Final = 1 << 28  # A fetch of the embedded broker knows no bounds.


NAMES_BROKERS: Final = (Api.METADATA, Api.FIND_COORDINATOR)


class Gate:
    """Holds back the next request of a kind, or its answer; nothing on that line passes it.

    ``naming``: one of these must be in it.
    """

    def __init__(
        self, api: Api, *, answer: bool, skip: int = 0, naming: Sequence[bytes] = ()
    ) -> None:
        self.reached = asyncio.Event()
        self.api = api
        self.answer = answer
        self._naming = naming
        self._left = skip
        self._opened = asyncio.Event()
        self._dropped = False

    def release(self) -> None:
        """Let it go on."""
        self._opened.set()

    def drop(self) -> None:
        """It is lost, and its connection with it."""
        self._dropped = True
        self._opened.set()

    def stops(self, api: int, frame: bytes, *, answer: bool) -> bool:
        """Whether this is what it waits for; it stops one only."""
        if self.reached.is_set() or self._opened.is_set():
            return False
        if api != self.api or answer is not self.answer:
            return False
        if self._naming and not any(name in frame for name in self._naming):
            return False
        self._left -= 1
        return self._left < 0

    async def passed(self) -> None:
        self.reached.set()
        await self._opened.wait()
        if self._dropped:
            raise ConnectionResetError


class Proxy:
    """A port that leads to the broker's."""

    def __init__(self, broker: str) -> None:
        self._to = int(broker.rpartition(":")[2])
        self._own = 0
        self._gates: list[Gate] = []
        self._lines: set[asyncio.Task[None]] = set()
        self._clear = asyncio.Event()
        self._clear.set()
        self.delay_s = 0.0
        self.heard = Heard()

    @property
    def address(self) -> str:
        return f"{HOST.decode()}:{self._own}"

    def hold(
        self, api: Api, *, answer: bool = False, skip: int = 0, naming: Sequence[bytes] = ()
    ) -> Gate:
        """A gate for the next request (or answer) of this kind, after ``skip`` of them."""
        gate = Gate(api, answer=answer, skip=skip, naming=naming)
        self._gates.append(gate)
        return gate

    def cut(self) -> None:
        """Every connection breaks, at once."""
        for line in self._lines:
            line.cancel()

    def stall(self) -> None:
        """Nothing passes, and nobody is told."""
        self._clear.clear()

    def go_on(self) -> None:
        """After `stall`."""
        self._clear.set()

    def heal(self) -> None:
        """Fast and open again; what was held back arrives."""
        self.delay_s = 0.0
        self._clear.set()
        for gate in self._gates:
            gate.release()
        self._gates.clear()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Proxy]:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=LIMIT)
        self._own = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.heal()
            self.cut()
            await asyncio.gather(*self._lines, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._between(reader, writer)
        finally:
            self._lines.discard(task)
            await _broken_off(writer)

    async def _between(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened = asyncio.open_connection("127.0.0.1", self._to, limit=LIMIT)
        from_broker, to_broker = await opened
        asked: dict[int, Request] = {}
        line = self.heard.lines
        self.heard.lines += 1
        ways = [
            asyncio.create_task(self._requests(reader, to_broker, asked)),
            asyncio.create_task(self._answers(from_broker, writer, asked, line)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            to_broker.transport.abort()  # Before anything is waited for: `cut` may come meanwhile.
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            await _broken_off(to_broker)

    async def _requests(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: dict[int, Request]
    ) -> None:
        while True:
            frame = await _frame(reader)
            number, request = Request.read(frame)
            asked[number] = request
            self.heard.request(request)
            await self._let(request.api, frame, answer=False)
            await _send(writer, frame)

    async def _answers(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        asked: dict[int, Request],
        line: int,
    ) -> None:
        while True:
            frame = await _frame(reader)
            request = asked.pop(int.from_bytes(frame[:4], "big"), None)
            api = -1 if request is None else request.api
            if api in NAMES_BROKERS:
                frame = frame.replace(_named(self._to), _named(self._own))
            self.heard.answer(line, request, frame)
            await self._let(api, frame, answer=True)
            await _send(writer, frame)

    async def _let(self, api: int, frame: bytes, *, answer: bool) -> None:
        for gate in self._gates:
            if gate.stops(api, frame, answer=answer):
                await gate.passed()
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        await self._clear.wait()


def _named(port: int) -> bytes:
    """An address as answers hold it, whatever form its length has."""
    return HOST + struct.pack(">i", port)


async def _frame(reader: asyncio.StreamReader) -> bytes:
    size = int.from_bytes(await reader.readexactly(4), "big")
    return await reader.readexactly(size)


async def _send(writer: asyncio.StreamWriter, frame: bytes) -> None:
    writer.write(len(frame).to_bytes(4, "big"))
    writer.write(frame)
    await writer.drain()


async def _broken_off(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()
