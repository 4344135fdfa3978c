"""``/v1/streams/events`` over HTTP."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress

import httpx
import uvicorn

from stream.config import Settings
from stream.core.position import Position
from stream.serve.api.app import create
from tests.serve.streams import frames, ids, many
from tests.story import HOUR, answered, asked


@asynccontextmanager
async def live(served):
    """The API at a real address: streams do not come through an in-memory client."""
    app = create(Settings(partitions=served.world.partitions), served.database)
    config = uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 (uvicorn has no event for it)
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            yield client
    finally:
        app.state.hub.stop()
        server.should_exit = True
        with suppress(asyncio.CancelledError):
            await running


async def taken(client, until, **request):
    """The frames of a stream, until one of them is what is waited for."""
    found = []
    async with client.stream("GET", "/v1/streams/events", **request) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        text = b""
        async for data in answer.aiter_bytes():
            text += data
            whole, _, text = text.rpartition(b"\n\n")
            found += frames(whole)
            if any(until(frame) for frame in found):
                return found
    return found


def is_end(frame):
    return frame[1] == "caught_up"


@asynccontextmanager
async def taking(client, until, **request):
    """The same as a task that has caught up: whatever comes now comes as it happens."""
    caught_up = asyncio.Event()

    def told(frame):
        if is_end(frame):
            caught_up.set()
        return until(frame)

    task = asyncio.create_task(taken(client, told, **request))
    await asyncio.wait_for(caught_up.wait(), 30)
    yield task


async def test_a_subscriber_from_the_past_is_told_once_that_it_has_caught_up(served):
    served.world.publish(*many(threads=3))
    served.follow()
    async with live(served) as client:
        found = await taken(client, is_end, params={"since": "2017-04-24T00:00:00Z"})
        assert len(ids(found)) == len(list(many(threads=3)))
        half = found[len(found) // 2]
        rest = await taken(client, is_end, headers={"Last-Event-ID": half[0]})
        assert ids(found[: len(found) // 2 + 1]) + ids(rest) == ids(found)


async def test_what_comes_later_is_sent_as_it_comes(served):
    served.world.publish(asked())
    served.follow()
    async with (
        live(served) as client,
        taking(client, lambda frame: frame[2].get("subject") == "t2", params={}) as stream,
    ):
        served.world.publish(asked(thread="t2"))
        served.follow()
        found = await asyncio.wait_for(stream, 30)
    assert [(event, data.get("subject")) for _, event, data in found] == [
        ("caught_up", None),
        ("message", "t2"),
    ]


async def test_last_event_id_goes_before_cursor_and_since_filters_both(served):
    served.world.publish(*many(threads=2, comments=4))
    served.follow()
    async with live(served) as client:
        found = await taken(client, is_end, params={"since": "2017-04-24"})
        rest = await taken(
            client,
            is_end,
            params={"since": "2017-04-24T15:00:00Z", "cursor": found[0][0]},
            headers={"Last-Event-ID": found[5][0]},
        )
    wanted = [data for _, event, data in found[6:] if event == "message"]
    assert ids(rest) == [data["id"] for data in wanted if data["time"] >= "2017-04-24T15"]


async def test_a_query_waits_for_its_position_and_then_sees_it(served):
    served.world.publish(asked())
    served.world.work()
    served.follow()
    part = served.world.part()
    async with served.api() as client:
        token = Position({part: 2}).token
        params = {"min_position": token, "wait_ms": "5000"}
        waiting = asyncio.create_task(client.get("/v1/threads/community.example/t1", params=params))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        served.world.publish(answered(after=HOUR))
        served.world.work()
        served.follow()
        answer = await asyncio.wait_for(waiting, 4.5)
    assert answer.json()["state"] == "answered"
    assert answer.headers["threadline-position"] == token


async def test_a_log_made_anew_ends_the_stream_with_the_reason(served):
    served.world.publish(asked())
    served.follow()
    async with (
        live(served) as client,
        taking(client, lambda frame: frame[1] == "error") as stream,
    ):
        served.db.execute("UPDATE meta SET value = 'another' WHERE name = 'database'")
        found = await asyncio.wait_for(stream, 30)
    assert "made anew" in found[-1][2]["detail"]


async def test_a_cursor_from_before_the_log_names_the_oldest(served):
    served.world.publish(*many(threads=3))
    served.follow()
    served.ends.keep_starts({0: 5, 1: 0, 2: 0})
    async with served.api() as client:
        cursor = Position({0: 4, 1: 1}).token
        answer = await client.get("/v1/streams/events", params={"cursor": cursor})
    assert answer.json()["type"] == "urn:threadline:problem:cursor-too-old"
    assert Position.parse(answer.json()["oldest"]) == {0: 5, 1: 0, 2: 0}
