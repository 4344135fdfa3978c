"""The same community in a run that nothing disturbed: what its service answers."""

from __future__ import annotations

from contextlib import asynccontextmanager
from itertools import cycle, repeat
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import httpx

from stream.config import Settings
from stream.core.waits import METRICS
from stream.serve.api.app import create
from stream.serve.ends import Ends
from stream.serve.schema import open_writer
from tests.serve.storing import Storing
from tests.serve.world import World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator
    from pathlib import Path

    from tests.faults.community import Community

POLICIES: Final = ("explicit", "mention-latest", "mention-addressed", "implicit")
HOWS: Final = (
    *("", "&since=2017-04-10&until=2017-05-10", "&as_of=2017-05-01T12:00:00Z"),
    *("&bots=exclude", "&aliases=ignore", "&as_of=2017-04-20&bots=exclude&aliases=ignore"),
)
MOMENTS: Final = ("2017-05-01", "2017-05-20T12:00:00Z", "2017-05-28")


def made(community: Community, partitions: int, database: Path) -> Path:
    """A database that has followed the whole community, once and in order."""
    world = World(partitions)
    world.publish(*community.events, community.finished)
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
    """Every list to its end, every thread in four ways, and the measures of all.

    The rules by which one answers another, and moments of the past, go round from thread to thread.
    """
    name = quote(community.name, safe="")
    policies, moments = cycle(POLICIES), cycle(MOMENTS)
    cursor, tags = "", set[str]()
    while True:
        page = f"/v1/threads?limit=100{cursor}"
        yield page
        listed = (await reference.get(page)).json()
        for thread in listed["threads"]:
            tags.update(thread["tags"])
            at = f"/v1/threads/{name}/{quote(thread['thread'], safe='')}"
            yield at
            yield f"{at}/timeline"
            yield f"{at}/replies?policy={next(policies)}"
            yield f"{at}?as_of={next(moments)}"
        if listed["next"] is None:
            break
        cursor = f"&cursor={listed['next']}"
    for measured in _measures(name, sorted(tags)[:3]):
        yield measured


def _measures(name: str, tags: Iterable[str]) -> Iterator[str]:
    hows = (*HOWS, *(f"&tag={quote(tag)}" for tag in tags))
    yield from (f"/v1/latency?metric={m}&community={name}{how}" for m in METRICS for how in hows)
    span = "since=2017-04-01&until=2017-05-01"
    for bucket in ("15m", "hour", "day", "week", "month"):
        yield f"/v1/activity?community={name}&bucket={bucket}&{span}&zone=Europe/Berlin"
    for state in ("waiting", "answered", "accepted", "closed", "deleted"):
        yield f"/v1/threads?state={state}&limit=500&community={name}"
