"""``GET /v1/streams/events``: the log as server-sent events, from any place on."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response
from typing_extensions import override

from stream.codec.keys import split_key, thread_key
from stream.core.position import Position
from stream.serve.api.parameters import Since, moment, position
from stream.serve.api.problems import Problem, wrong
from stream.serve.hub import Filter, Hub
from stream.serve.log import TYPES
from stream.serve.subscriber import Subscriber, frame

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from stream.serve.shown import Views

router = APIRouter()

SLOW_S: Final = 20.0  # Who takes longer for a thousand events is sent away, and may come back.
GONE_S: Final = 60.0  # Who takes nothing for so long cannot be told any more.
SHORT: Final = {name.removeprefix("org.threadline.").removesuffix(".v1"): name for name in TYPES}


class EventStream(Response):
    """Sends what a subscriber is to be sent, until either side ends it."""

    media_type = "text/event-stream"

    def __init__(
        self, subscriber: Subscriber, *, slow_s: float = SLOW_S, gone_s: float = GONE_S
    ) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._subscriber = subscriber
        self._slow_s = slow_s
        self._gone_s = gone_s

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        sending = asyncio.create_task(self._send(send))
        gone = asyncio.create_task(_until_gone(receive))
        try:
            await asyncio.wait([sending, gone], return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            sending.cancel()
            await asyncio.gather(gone, sending, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        clock = asyncio.get_running_loop().time
        async for data in self._subscriber.frames():
            began = clock()
            async with asyncio.timeout(self._gone_s):
                await send({"type": "http.response.body", "body": data, "more_body": True})
            if clock() - began > self._slow_s:
                why = f"{self._slow_s:g} s passed before you took it; come back from this id"
                last = frame("error", self._subscriber.cursor, detail=why)
                await send({"type": "http.response.body", "body": last, "more_body": True})
                break
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@router.get(
    "/v1/streams/events",
    tags=["streams"],
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def events(  # noqa: PLR0913 (each is a parameter of the call)
    request: Request,
    *,
    since: Since = None,
    cursor: Annotated[str | None, Query(description="A position, or a frame's `id`.")] = None,
    type: Annotated[  # noqa: A002 (the parameter's name)
        list[str] | None, Query(description="`comment.created`, or in full; may be repeated.")
    ] = None,
    thread: Annotated[
        str | None, Query(description="A thread's key, or its name beside `community`.")
    ] = None,
    community: Annotated[str | None, Query(description="May be one that is yet to come.")] = None,
    last_event_id: Annotated[str | None, Header(description="Goes before `cursor`.")] = None,
) -> EventStream:
    """All events from a place in the log or a time on, then those that come.

    Without a place it begins now. `caught_up` is sent once, at the end of the log; `checkpoint`
    moves the cursor of those whose filter lets little through; `error` says why the stream ends.
    """
    hub: Hub = request.app.state.hub
    wanted = Filter(_kinds(type), _thread(thread, community), community, moment("since", since))
    place = last_event_id or cursor
    if place is not None:
        name = "cursor" if last_event_id is None else "Last-Event-ID"
        stands = position(name, place)
        _check_age(request.app.state.views, name, stands)
        return EventStream(Subscriber(hub, wanted, hub.start(stands), stands))
    if since is not None:
        return EventStream(Subscriber(hub, wanted, 0, Position()))
    now = hub.now()
    return EventStream(Subscriber(hub, wanted, hub.start(now), now))


def _kinds(types: list[str] | None) -> frozenset[int] | None:
    if types is None:
        return None
    names = [name for given in types for name in given.split(",")]
    for name in names:
        if SHORT.get(name, name) not in TYPES:
            known = sorted(SHORT)
            detail = f"there is no type {name!r}; there are: {', '.join(known)}"
            raise wrong(detail, "type")
    return frozenset(TYPES.index(SHORT.get(name, name)) for name in names)


def _thread(thread: str | None, community: str | None) -> str | None:
    """The key of the thread that is asked for."""
    if thread is None:
        return None
    if "/" not in thread and community is not None:
        return thread_key(community, thread).decode()
    parts = split_key(thread.encode())
    if len(parts) != 2:  # noqa: PLR2004 (community and thread)
        msg = f"thread is {thread!r}; give COMMUNITY/THREAD, or name the community as well"
        raise wrong(msg, "thread")
    return thread_key(*parts).decode()


def _check_age(views: Views, name: str, cursor: Position) -> None:
    """A cursor before the log's beginning has missed something."""
    with views.shown() as shown:
        found = shown.rows("SELECT value FROM meta WHERE name = 'starts'")
    starts = {int(part): off for part, off in json.loads(found[0][0]).items()} if found else {}
    if not cursor.covers(starts):
        oldest = Position(starts).token
        msg = f"{name} lies before the log's beginning; the oldest is {oldest}"
        raise Problem(400, "cursor-too-old", msg, parameter=name, oldest=oldest)
