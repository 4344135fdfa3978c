"""``GET /v1/positions``: how far everything has been read; ``/healthz`` and ``/readyz``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request

from stream.serve.api import models
from stream.serve.api.answers import Answer
from stream.serve.api.parameters import Reading, printed
from stream.serve.api.problems import Problem

if TYPE_CHECKING:
    from stream.serve.shown import Views

router = APIRouter()


@router.get("/v1/positions", responses={200: {"model": models.Positions}}, tags=["positions"])
async def positions(views: Reading) -> Answer:
    """What is shown of each partition of the log, and how far each topic has been read."""
    with views.shown() as shown:
        now = int(time.time() * 1000)
        log = shown.rows(
            "SELECT e.part, ifnull(c.off, 0), e.end,"
            " CASE WHEN e.end > ifnull(c.off, 0) THEN e.behind_since END, c.watermark"
            " FROM ends e LEFT JOIN cuts c USING(part) WHERE e.topic = 'events' ORDER BY e.part"
        )
        topics = shown.rows(
            "SELECT e.topic, e.part, ifnull(p.next, 0), e.end"
            " FROM ends e LEFT JOIN positions p USING(topic, part) ORDER BY e.topic, e.part"
        )
        body = {
            "position": shown.position.token,
            "lag": {
                "records": shown.lag,
                "seconds": max((_seconds(now, row[3]) for row in log), default=0.0),
            },
            "log": [
                {
                    "partition": part,
                    "shown": off,
                    "end": end,
                    "lag": max(end - off, 0),
                    "lag_seconds": _seconds(now, since),
                    "watermark": printed(watermark),
                }
                for part, off, end, since, watermark in log
            ],
            "topics": [
                {"topic": topic, "partition": part, "read": read, "end": end}
                for topic, part, read, end in topics
            ],
            "communities": {
                name: printed(shown.as_of(number)) for name, number in shown.communities().items()
            },
            "as_of": printed(shown.as_of()),
        }
        return Answer(body, shown)


def _seconds(now: int, since: int | None) -> float:
    return 0.0 if since is None else max(now - since, 0) / 1000


@router.get("/healthz", responses={200: {"model": models.Health}}, tags=["positions"])
async def healthz(request: Request) -> Answer:
    """Whether this process is alive."""
    views: Views = request.app.state.views
    with views.shown() as shown:
        return Answer({"status": "alive"}, shown)


@router.get("/readyz", responses={200: {"model": models.Health}}, tags=["positions"])
async def readyz(request: Request) -> Answer:
    """Whether the views hold what the log held when the follower began, and it still follows."""
    views: Views = request.app.state.views
    with views.shown() as shown:
        if not request.app.state.follower_alive():
            raise Problem(503, "not-ready", "the follower is not running; it is being restarted")
        if not shown.ready:
            detail = f"the views are {shown.lag} records behind the log; is a worker running?"
            raise Problem(503, "not-ready", detail, lag=shown.lag)
        return Answer({"status": "ready"}, shown)
