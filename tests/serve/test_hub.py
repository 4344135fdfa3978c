"""The hub and its subscribers: every event once, from wherever one goes on."""

from __future__ import annotations

import asyncio
from contextlib import closing
from itertools import cycle

import pytest

from stream.core.position import Position
from stream.serve.api.streams import EventStream
from stream.serve.hub import CHUNK_BYTES, FILTERS_KEPT, Chunk, Event, Filter, Hub, Resolved
from stream.serve.notice import Commits
from stream.serve.schema import open_reader, open_writer
from stream.serve.subscriber import Subscriber
from tests.serve.storing import Storing
from tests.serve.streams import frames, ids, many
from tests.serve.world import World
from tests.story import HOUR, asked, commented


def database(world, path, *, sizes, order):
    """The world's log, its partitions stored in another order in each database."""
    db = open_writer(path)
    store = Storing(db, partitions=world.partitions)
    places = [("events", part) for part in order]
    for batch, positions in world.batches({}, cycle(sizes), places):
        store.apply(batch, positions)
    db.close()
    return open_reader(path)


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


async def test_long_events_are_sent_fewer_at_a_time_and_each_once(tmp_path):
    world = World()
    world.publish(asked(), *(commented(f"q.c{n}", text=f"{n} " * 100_000) for n in range(12)))
    with closing(database(world, tmp_path / "x.db", sizes=(1_000,), order=(0, 1, 2))) as db:
        hub = Hub(db, Commits(db, tmp_path / "x.db"), partitions=world.partitions)
        seq, cursor, sizes = 0, Position(), []
        while chunk := hub.after(seq, cursor):
            chunk.joined(Resolved(None, None, None, None))
            seq, cursor = chunk.last, chunk.after
            sizes.append(chunk.size)
        longest = max(len(event.value or b"") for event in world.topics["events", world.part()])
        assert len(sizes) > 1
        assert max(sizes) < CHUNK_BYTES + longest
        found = await read(hub, None)
    assert len(found) == len(set(ids(found))) == 13


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


async def test_while_nobody_listens_no_event_is_read_and_who_comes_then_misses_none(served):
    with closing(open_reader(served.database)) as db:
        commits = Commits(db, served.database)
        hub = Hub(db, commits, partitions=served.world.partitions)
        running = [asyncio.create_task(commits.run()), asyncio.create_task(hub.run())]
        queries: list[str] = []
        db.set_trace_callback(queries.append)
        await said(served, hub, many(threads=3))
        assert not any("raw" in query for query in queries)

        subscriber = Subscriber(hub, Filter(), 0, Position())
        taking = asyncio.create_task(take(subscriber, 2 * len(list(many(threads=3)))))
        await said(served, hub, many(threads=6))  # The first three again, and more.
        found = await asyncio.wait_for(taking, 30)
        assert any("raw" in query for query in queries)
        assert len(ids(found)) >= 2 * len(list(many(threads=3)))
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def said(served, hub, events):
    """Once the hub knows of them."""
    served.world.publish(*events)
    served.world.work()
    served.follow()
    [[last]] = served.db.execute("SELECT max(seq) FROM events").fetchall()
    while hub.top < last:
        await asyncio.wait_for(asyncio.shield(hub.moved()), 30)


async def take(subscriber, count):
    found = []
    async for data in subscriber.frames():
        found += frames(data)
        if len(ids(found)) >= count:
            return found
    return found


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
    await asyncio.wait_for(stream({}, reader.receive, reader.send), 30)
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


def test_frames_are_kept_for_a_few_filters_and_are_the_same_for_all():
    events = [Event(n, 0, n, 1, 1, 1, n, b"{}") for n in range(100)]
    chunk = Chunk(0, 100, events, Position())
    filters = [Resolved(None, None, None, since) for since in range(50)]
    first = [chunk.joined(wanted) for wanted in filters]
    assert [chunk.joined(wanted) for wanted in filters] == first
    assert [joined.count(b"data: {}") for joined in first] == [100 - n for n in range(50)]
    assert len(chunk._joined) == FILTERS_KEPT  # noqa: SLF001 (no other way to see it)
