"""Reads are due at their moments, whatever becomes of those before them."""

import asyncio
import random
from collections import Counter
from contextlib import asynccontextmanager

from benchmarks import http
from benchmarks.http import Http
from benchmarks.load import Load, Order, There
from stream.core.position import Position

THERE = Position({0: 1})
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nThreadline-Position: %s\r\n\r\n{}"
    % THERE.token.encode()
)
STALL_S = 0.4


@asynccontextmanager
async def service(*, stalled_until=0.0, status=b"200 OK", answers=1000):
    """Answers at once, but nobody before ``stalled_until`` seconds have passed.

    ``answers``: so many a connection, which it then ends.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    serving = []

    async def answer(reader, writer):
        task = asyncio.current_task()
        assert task is not None
        serving.append(task)
        try:
            for _ in range(answers):
                await reader.readuntil(b"\r\n\r\n")
                await asyncio.sleep(max(0.0, began + stalled_until - loop.time()))
                writer.write(ANSWER.replace(b"200 OK", status))
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()
            await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*serving)


async def loaded(port, rate, seconds):
    load = Load(
        Order(port=port, rate=rate, community="c", threads=[("c/t1", 0, 0), ("c/t2", 0, 1)])
    )
    ended = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, ended.set)
    await load.run(ended)
    return load


async def test_a_service_that_stalls_is_asked_on_and_each_read_waits_from_when_it_was_due():
    async with service(stalled_until=STALL_S) as port:
        load = await loaded(port, rate=100, seconds=STALL_S + 0.1)
    waited = sorted(one for waits in load.waited_ms.values() for one in waits)
    # Of those due during the stall, half waited for more than half of it: one at a time, as
    # a closed loop asks, only one read would have waited at all.
    assert sum(one > STALL_S * 500 for one in waited) >= 10
    assert waited[-1] >= STALL_S * 900


async def test_what_is_given_up_has_waited_all_the_same(monkeypatch):
    monkeypatch.setattr(http, "WITHIN_S", 0.1)
    async with service(stalled_until=STALL_S) as port:
        load = await loaded(port, rate=100, seconds=0.05)
    waited = [one for waits in load.waited_ms.values() for one in waits]
    assert len(waited) == load.given_up >= 4
    assert min(waited) >= 100


async def test_what_is_refused_is_counted_apart():
    async with service(status=b"400 Bad Request") as port:
        load = await loaded(port, rate=100, seconds=0.1)
    assert load.waited_ms == {}
    assert sum(load.wrong.values()) >= 5
    assert all(what.endswith(" 400") for what in load.wrong)


async def test_a_connection_that_was_ended_meanwhile_is_replaced_unseen():
    async with service(answers=1) as port:
        asking = Http(port)
        assert await asking.get("/") == (200, b"{}")
        assert await asking.get("/") == (200, b"{}")
        await asking.close()


async def test_only_threads_that_are_there_by_the_latest_answer_are_asked_for():
    async with service() as port:
        load = await loaded(port, rate=200, seconds=0.2)
    assert load.asked == {"c/t1"}
    assert load.wrong == {}


def test_every_thread_that_is_there_is_drawn_as_often_in_whichever_partition():
    draw = random.Random(1)  # noqa: S311 # No secret.
    there = There([("a", 0, 0), ("b", 0, 7), ("c", 1, 3), ("d", 1, 4), ("e", 2, 0)])
    assert there.drawn(draw) is None
    there.at(Position({0: 8, 1: 4}).token)
    drawn = Counter(there.drawn(draw) for _ in range(3000))
    assert set(drawn) == {"a", "b", "c"}
    assert min(drawn.values()) > 900
    there.at(Position({0: 8, 1: 5, 2: 1}).token)
    assert {there.drawn(draw) for _ in range(200)} == {"a", "b", "c", "d", "e"}
