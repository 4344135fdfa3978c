"""HTTP/1.1 as little as a load needs: kept connections, GET, the whole body."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

WITHIN_S: Final = 30.0


class Http:
    """Asks one service; a connection serves one request at a time, and there are as many as asked.

    A request that is not answered within `WITHIN_S` is a `TimeoutError`.
    """

    def __init__(self, port: int) -> None:
        self.position = ""  # That of the latest answer which had one, as a token.
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def get(self, path: str) -> tuple[int, bytes]:
        """The status and body of the answer."""
        async with asyncio.timeout(WITHIN_S):
            while self._idle:  # The service ends those that were idle for long, perhaps just now.
                with suppress(ConnectionError, asyncio.IncompleteReadError):
                    return await self._ask(*self._idle.pop(), path)
            return await self._ask(*await asyncio.open_connection("127.0.0.1", self._port), path)

    async def close(self) -> None:
        """End the connections that serve no request."""
        for _, writer in self._idle:
            writer.close()
            with suppress(OSError):  # It may have been cut off.
                await writer.wait_closed()
        self._idle.clear()

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str
    ) -> tuple[int, bytes]:
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            status, body, position = await _answer(reader)
        except BaseException:
            writer.close()
            raise
        self._idle.append((reader, writer))
        self.position = position or self.position
        return status, body


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes, str]:
    head = await reader.readuntil(b"\r\n\r\n")
    body = await reader.readexactly(int(_header(head, b"content-length")))
    return int(head.split(b" ", 2)[1]), body, _header(head, b"threadline-position").decode()


def _header(head: bytes, name: bytes) -> bytes:
    """Its value; empty where there is none."""
    at = head.lower().find(b"\r\n" + name + b":")
    return b"" if at < 0 else head[at + 3 + len(name) :].partition(b"\r\n")[0].strip()
