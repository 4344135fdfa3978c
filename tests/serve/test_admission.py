"""Whoever takes nothing of his answer is sent away; whoever is only slow gets it."""

import asyncio
from contextlib import asynccontextmanager

import pytest
import uvicorn

from stream.serve.admission import Admitting

UNTAKEN_S = 2.0
SIZE = 1 << 25  # More than the kernel holds of a connection, on either side.
ASKED = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n"


class Impatient(Admitting):
    untaken_s = UNTAKEN_S


async def large(scope, receive, send):
    """An application whose answers are large."""
    del receive
    if scope["type"] != "http":
        return
    length = (b"content-length", str(SIZE).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": bytes(SIZE)})


@asynccontextmanager
async def serving(http):
    """A server and its port."""
    config = uvicorn.Config(large, port=0, http=http, lifespan="off", log_level="warning")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 (uvicorn has no event for it)
        await asyncio.sleep(0.01)
    yield server, server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await running


def held(server):
    """How much of the answers is in memory, of all connections."""
    return sum(each.transport.get_write_buffer_size() for each in server.server_state.connections)


@asynccontextmanager
async def asking(port, times=1):
    """One who has asked, and reads nothing by himself."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 10)
    writer.write(ASKED * times)
    try:
        yield reader
    finally:
        writer.transport.abort()


@pytest.mark.parametrize("times", [1, 2])
async def test_who_takes_nothing_is_sent_away_and_his_answer_is_forgotten(times):
    async with serving(Impatient) as (server, port), asking(port, times):
        await asyncio.sleep(UNTAKEN_S / 4)
        assert held(server) > SIZE / 2
        async with asyncio.timeout(UNTAKEN_S * 10):
            while server.server_state.connections:  # noqa: ASYNC110 (nor for that)
                await asyncio.sleep(0.05)


async def test_who_is_slow_but_goes_on_gets_all_of_it():
    async with serving(Impatient) as (_, port), asking(port) as reader:
        head = await reader.readuntil(b"\r\n\r\n")
        got = 0
        for _ in range(8):
            got += len(await reader.readexactly(SIZE // 10))
            await asyncio.sleep(UNTAKEN_S / 4)
        got += len(await reader.readexactly(SIZE - got))
        assert (head.split()[1], got) == (b"200", SIZE)


async def test_without_it_the_answer_is_kept_for_ever():
    """What uvicorn does by itself: where this fails, ours is not needed any more."""
    async with serving("httptools") as (server, port), asking(port):
        await asyncio.sleep(UNTAKEN_S * 2)
        assert held(server) > SIZE / 2
