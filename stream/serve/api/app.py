"""The API: its calls, what goes round them, and what runs beside them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from fastapi import Depends, FastAPI
from typing_extensions import override

from stream.serve.api import (
    activity,
    docs,
    latency,
    positions,
    problems,
    start,
    streams,
    thread,
    threads,
)
from stream.serve.api.answers import Answer
from stream.serve.api.middleware import Positions, RawPaths
from stream.serve.api.parameters import known_parameters
from stream.serve.api.shapes import Problem
from stream.serve.counted import Counted
from stream.serve.estimate_process import Estimates
from stream.serve.hub import Hub
from stream.serve.notice import Commits
from stream.serve.schema import open_reader, open_writer
from stream.serve.shown import AsideViews, Views
from stream.serve.together import Together
from stream.serve.waited import Waited

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from stream.config import Settings

_FAILURES: Final[dict[int | str, dict[str, Any]]] = {
    "4XX": {"model": Problem},
    "5XX": {"model": Problem},
}


class _Api(FastAPI):
    @override
    def openapi(self) -> dict[str, Any]:
        """FastAPI takes every model for plain JSON; failures have a type of their own."""
        if self.openapi_schema is None:
            made = super().openapi()
            for path in made["paths"].values():
                for status in _FAILURES:
                    content = path["get"]["responses"][status]["content"]
                    content[problems.MEDIA_TYPE] = content.pop("application/json")
        return super().openapi()


def create(
    settings: Settings, database: Path, *, follower_alive: Callable[[], bool] = lambda: True
) -> FastAPI:
    """The app, wired but not started: nothing is opened before it runs."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        open_writer(database).close()
        db = open_reader(database)
        app.state.views = Views(db)
        app.state.aside = AsideViews(database)
        app.state.estimates = Estimates()
        app.state.waited = Waited(estimate=app.state.estimates.aggregate)
        app.state.together = Together[Answer]()
        app.state.counted = Counted()
        app.state.commits = Commits(db, database)
        app.state.hub = Hub(db, app.state.commits, partitions=settings.partitions)
        beside = [asyncio.create_task(app.state.commits.run())]
        beside.append(asyncio.create_task(app.state.hub.run()))
        try:
            yield
        finally:
            app.state.hub.stop()
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            app.state.estimates.close()  # First: threads wait for it.
            app.state.aside.close()
            db.close()

    app = _Api(
        title="Threadline",
        version=version("threadline"),
        description="Who waited for whom in archived discussions, and when people were active.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(known_parameters)],
        responses=_FAILURES,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.follower_alive = follower_alive
    problems.install(app)
    app.add_middleware(Positions)
    app.add_middleware(RawPaths)
    for part in (threads, thread, activity, latency, positions, streams, docs, start):
        app.include_router(part.router)
    return app
