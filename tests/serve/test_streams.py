"""``/v1/streams/events``: every event once, from wherever one goes on."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from itertools import cycle

import httpx
import orjson
import pytest
import uvicorn

from stream.config import Settings
from stream.core.position import Position
from stream.serve.api.app import create
from stream.serve.api.streams import EventStream
from stream.serve.hub import Filter, Hub
from stream.serve.notice import Commits
from stream.serve.schema import open_reader, open_writer
from stream.serve.store import Store
from stream.serve.subscriber import Subscriber
from tests.serve.world import World
from tests.story import DAY, HOUR, MINUTE, aliased, answered, asked, commented, finished


def many(threads=12, comments=30):
    """A community of some hundred events, and two that concern it as a whole."""
    yield aliased("Ann", "Anna")
    for n in range(threads):
        yield asked(thread=f"t{n}", after=n * MINUTE)
        yield answered(thread=f"t{n}", after=HOUR + n)
        for c in range(comments):
            yield commented(f"q.c{c}", thread=f"t{n}", after=c * HOUR)
    yield finished(3 * DAY)


def database(world, path, *, sizes, order):
    """The world's log, its partitions stored in another order in each database."""
    db = open_writer(path)
    store = Store(db, partitions=world.partitions)
    places = [("events", part) for part in order]
    for batch, positions in world.batches({}, cycle(sizes), places):
        store.apply(batch, positions)
    db.close()
    return open_reader(path)


def frames(data):
    """(id, event, data) of each frame."""
    for text in data.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in text.splitlines() if not line.startswith(":"))
        if "data" in fields:
            yield fields["id"], fields.get("event", "message"), orjson.loads(fields["data"])


async def read(hub, cursor, *, wanted=None, take=10**9):
    """The frames from ``cursor`` (a token, or None: the start) to the end, ``take`` at most."""
    stands = Position() if cursor is None else Position.parse(cursor)
    subscriber = Subscriber(hub, wanted or Filter(), hub.start(stands), stands)
    found = []
    async for data in subscriber.frames():
        found += frames(data)
        if len(found) >= take or (found and subscriber.cursor.covers(hub.end)):
            return found[:take]
    return found


@pytest.fixture
async def hubs(tmp_path):
    """Two serve processes on one log, which have stored it in different orders."""
    world = World()
    world.publish(*many())
    first = database(world, tmp_path / "1.db", sizes=(7, 40, 3), order=(0, 1, 2))
    other = database(world, tmp_path / "2.db", sizes=(100, 1), order=(2, 0, 1))
    yield [
        Hub(db, Commits(db, tmp_path / "x.db"), partitions=world.partitions)
        for db in (first, other)
    ]
    first.close()
    other.close()


def ids(found):
    return [data["id"] for _, event, data in found if event == "message"]


async def test_all_is_every_event_once_also_those_that_lie_in_every_partition(hubs):
    found = await read(hubs[0], None)
    assert len(found) == len(set(ids(found))) == len(list(many()))


@pytest.mark.parametrize("every", [1, 17, 150])
async def test_whoever_goes_on_from_an_id_has_every_event_once(hubs, every):
    """Even when each time another process answers."""
    seen, cursor = [], None
    for hub in cycle(hubs):
        found = await read(hub, cursor, take=every)
        seen += ids(found)
        if len(seen) >= len(list(many())):
            break
        cursor = found[-1][0]
    assert len(seen) == len(set(seen)) == len(list(many()))


async def test_filters_let_through_what_they_say(hubs):
    for wanted, count in (
        (Filter(thread="community.example/t3"), 32),
        (Filter(community="community.example"), len(list(many()))),
        (Filter(community="other.example"), 0),
        (Filter(since=1_493_035_200_000 + 29 * HOUR), 13),
    ):
        subscriber = Subscriber(hubs[0], wanted, 0, Position())
        found = []
        async for data in subscriber.frames():
            found += frames(data)
            if any(event == "checkpoint" for _, event, _ in found):
                break
            if len(ids(found)) >= count and subscriber.cursor.covers(hubs[0].end):
                break
        assert len(ids(found)) == count


async def test_who_filters_is_told_how_far_the_log_has_come(hubs):
    subscriber = Subscriber(hubs[0], Filter(thread="community.example/none"), 0, Position())
    found = []
    async for data in subscriber.frames():
        found += frames(data)
        if found:
            break
    assert found == [(hubs[0].end.token, "checkpoint", {"position": hubs[0].end.token})]


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
    async with live(served) as client:
        stream = asyncio.create_task(
            taken(client, lambda frame: frame[2].get("subject") == "t2", params={})
        )
        await asyncio.sleep(0.3)
        served.world.publish(asked(thread="t2"))
        served.follow()
        found = await asyncio.wait_for(stream, 5)
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
        answer = await asyncio.wait_for(waiting, 2)
    assert answer.json()["state"] == "answered"
    assert answer.headers["threadline-position"] == token


async def test_a_log_made_anew_ends_the_stream_with_the_reason(served):
    served.world.publish(asked())
    served.follow()
    async with live(served) as client:
        stream = asyncio.create_task(taken(client, lambda frame: frame[1] == "error"))
        await asyncio.sleep(0.3)
        served.db.execute("UPDATE meta SET value = 'another' WHERE name = 'database'")
        found = await asyncio.wait_for(stream, 5)
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


class Reader:
    """A client as ASGI shows it: takes ``pause_s`` for each piece, and never goes away."""

    def __init__(self, pause_s):
        self.pause_s = pause_s
        self.sent: list[dict[str, object]] = []

    async def receive(self):
        await asyncio.Event().wait()

    async def send(self, message):
        await asyncio.sleep(self.pause_s)
        self.sent.append(message)


async def test_who_takes_too_long_is_told_where_to_come_back(hubs):
    reader = Reader(0.05)
    subscriber = Subscriber(hubs[0], Filter(), 0, Position())
    await EventStream(subscriber, slow_s=0.01)({}, reader.receive, reader.send)
    *_, last, end = reader.sent
    [(cursor, event, data)] = frames(last["body"])
    assert (event, cursor) == ("error", data["position"])
    assert "come back from this id" in data["detail"]
    assert end == {"type": "http.response.body", "body": b"", "more_body": False}


async def test_who_takes_nothing_is_left(hubs):
    reader = Reader(0.01)
    stream = EventStream(Subscriber(hubs[0], Filter(), 0, Position()), gone_s=0.001)
    await asyncio.wait_for(stream({}, reader.receive, reader.send), 5)
    assert len(reader.sent) == 1  # The head alone.


async def test_silence_is_broken_by_a_heartbeat(hubs):
    class Impatient(Subscriber):
        heartbeat_s = 0.05

    subscriber = Impatient(hubs[0], Filter(), hubs[0].top, hubs[0].end)
    found = [data async for data in _first(subscriber.frames(), 3)]
    assert found[1:] == [b": heartbeat\n\n"] * 2


async def _first(pieces, count):
    async for piece in pieces:
        yield piece
        count -= 1
        if not count:
            return
