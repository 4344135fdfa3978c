"""Workers die amid transactions while the follower reads: it misses nothing of what comes after."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from contextlib import closing
from itertools import islice

import httpx
import pytest

from stream.kafka.topics import Topics
from stream.kafka.transactions import PartitionProducer
from stream.serve.api.app import create as app_of
from tests.process.harness import caught_up, folded, publish, workers
from tests.process.stories import crowd
from tests.serve.test_follower import ROWS, following, shown
from tests.serve.test_store import tables

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]
EVENTS = 6_000
DEATHS = 4


@pytest.mark.long
async def test_after_workers_died_amid_transactions_every_row_is_the_fold(settings, tmp_path):
    chance = random.Random(4)  # noqa: S311 # The same moments in every run.
    events = crowd(4)
    database, fresh = tmp_path / "views.db", tmp_path / "fresh.db"
    async with following(settings, database):
        with workers(settings, tmp_path) as start:
            for _ in range(DEATHS):
                await publish(settings, islice(events, EVENTS // DEATHS))
                worker = start()
                await worker.says("goes on from offset")
                await asyncio.sleep(chance.uniform(0.02, 0.3))
                worker.kill()
                await _abort(settings)
            position = await publish(settings, islice(events, EVENTS // DEATHS))
            start()
            await caught_up(settings)
        (await shown(database, position)).close()
    async with following(settings, fresh):
        (await shown(fresh, position)).close()
    await _is_the_fold(settings, database)
    with closing(sqlite3.connect(database)) as one, closing(sqlite3.connect(fresh)) as other:
        assert tables(one) == tables(other)
    assert await _answers(settings, database) == await _answers(settings, fresh)


async def _abort(settings):
    """What a worker leaves that dies at the worst moment, for certain: all but its commit."""
    topics = Topics(settings.prefix)
    for partition in range(settings.partitions):
        writer = PartitionProducer(settings, partition)
        await writer.start()
        lost = {topics.view(view): [(b"c/t", b"lost", 0)] * 3 for view in writer.views}
        with pytest.raises(ZeroDivisionError):
            await writer.commit(lost, lambda _: b"%d" % (1 // 0), ((topics.events, 0), 0), "lost")


async def _is_the_fold(settings, database):
    wanted = await folded(settings)
    with closing(sqlite3.connect(database)) as db:
        found = {
            "threads": {key.encode(): raw for _, key, raw in db.execute(ROWS["threads"])},
            **{
                view: {f"{key}/{item}".encode(): raw for key, item, raw in db.execute(ROWS[view])}
                for view in ("items", "replies")
            },
        }
    for view, rows in found.items():
        of_view = [kept for (name, _), kept in wanted.items() if name == view]
        assert rows == {key: raw for kept in of_view for key, raw in kept.items()}, view


async def _answers(settings, database):
    """What HTTP says of every thread, page after page, and of all of them together."""
    app = app_of(settings, database)
    found: list[object] = []
    place: dict[str, str] | None = {}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://serve") as client,
    ):
        while place is not None:
            page = (await client.get("/v1/threads", params={"limit": 500, **place})).json()
            found += page["threads"]
            place = {"cursor": page["next"]} if page["next"] else None
        for path in ("/v1/activity", "/v1/latency"):
            found.append((await client.get(path)).json())
    assert len(found) > DEATHS
    return found
