"""The same community in a run that nothing disturbed: what its service answers."""

from __future__ import annotations

from contextlib import asynccontextmanager
from itertools import repeat
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import httpx

from stream.config import Settings
from stream.core.events import ProgressData, ReplayFinished
from stream.core.when import to_datetime
from stream.serve.api.app import create
from stream.serve.ends import Ends
from stream.serve.schema import open_writer
from tests.serve.storing import Storing
from tests.serve.world import World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.faults.community import Community

METRICS: Final = ("first_response", "first_answer", "first_comment", "accepted", "closed")


def made(community: Community, partitions: int, database: Path) -> Path:
    """A database that has followed the whole community, once and in order."""
    world = World(partitions)
    last = to_datetime(community.encoded[-1].at)
    finished = ReplayFinished(source=community.name, time=last, data=ProgressData(until=last))
    world.publish(*community.events, finished)
    world.work()
    db = open_writer(database)
    try:
        store = Storing(db, partitions=partitions)
        for batch, positions in world.batches({}, repeat(1_000)):
            store.apply(batch, positions)
        Ends(db).keep(world.ends())
    finally:
        db.close()
    return database


@asynccontextmanager
async def service(partitions: int, database: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service on `made`."""
    app = create(Settings(partitions=partitions), database)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://undisturbed") as client,
    ):
        yield client


async def paths(reference: httpx.AsyncClient, community: Community) -> AsyncIterator[str]:
    """Every list to its end, every thread in three ways, and the measures of all."""
    name = quote(community.name, safe="")
    cursor = ""
    while True:
        page = f"/v1/threads?limit=100{cursor}"
        yield page
        listed = (await reference.get(page)).json()
        for thread in listed["threads"]:
            at = f"/v1/threads/{name}/{quote(thread['thread'], safe='')}"
            yield at
            yield f"{at}/timeline"
            yield f"{at}/replies?policy=implicit"
        if listed["next"] is None:
            break
        cursor = f"&cursor={listed['next']}"
    for metric in METRICS:
        yield f"/v1/latency?metric={metric}&community={name}"
    for bucket in ("hour", "day", "week"):
        yield f"/v1/activity?community={name}&bucket={bucket}&since=2017-04-01&until=2017-05-01"
    for state in ("waiting", "answered", "accepted", "closed", "deleted"):
        yield f"/v1/threads?state={state}&limit=500&community={name}"
