"""A database that follows a made-up world, and the API on it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from itertools import repeat
from typing import TYPE_CHECKING

import httpx
import pytest

from stream.config import Settings
from stream.serve.api.app import create
from stream.serve.ends import Ends
from stream.serve.schema import open_writer
from tests.archive.conftest import ARCHIVES
from tests.serve.storing import Storing
from tests.serve.world import World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.serve.world import Place


collect_ignore = [] if ARCHIVES.is_dir() else ["real"]


class Served:
    """``world`` as far as `follow` has read it, in ``database``."""

    def __init__(self, database: Path) -> None:
        self.world = World()
        self.database = database
        self.db = open_writer(database)
        self.store = Storing(self.db, partitions=self.world.partitions)
        self.ends = Ends(self.db)
        self.at: dict[Place, int] = {}

    def follow(self) -> None:
        for batch, positions in self.world.batches(self.at, repeat(1_000)):
            self.store.apply(batch, positions)
        self.ends.keep(self.world.ends())

    @asynccontextmanager
    async def api(self) -> AsyncIterator[httpx.AsyncClient]:
        settings = Settings(partitions=self.world.partitions)
        app = create(settings, self.database)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://serve") as client,
        ):
            yield client


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    made = Served(tmp_path / "views.db")
    yield made
    made.db.close()
