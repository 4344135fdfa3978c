"""One thread: to read, as a timeline, and who answered whom in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

import orjson
from fastapi import APIRouter, Depends, Query

from stream.serve.api import models
from stream.serve.api.answers import Answer, row
from stream.serve.api.parameters import (
    AsOf,
    Community,
    Reading,
    ReadingAside,
    Since,
    Thread,
    Until,
    moment,
    printed,
)
from stream.serve.api.problems import Problem
from stream.serve.as_of import State, in_time, state
from stream.serve.reading import readable
from stream.serve.standing import of_thread
from stream.serve.timeline import entries

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream.serve.shown import AsideViews, Shown, Views

router = APIRouter(prefix="/v1/threads/{community}/{thread}", tags=["threads"])

FEW: Final = 200  # Events; answers of longer threads are made aside.

Policy = Literal["explicit", "mention-latest", "mention-addressed", "implicit"]


class _Reading:
    """What is asked of one thread: answered at once, or aside where the thread is long."""

    def __init__(self, here: Views, aside: AsideViews, community: str, thread: str) -> None:
        self._here, self._aside = here, aside
        self._thread = community, thread

    async def answer(self, made: Callable[[Shown], Answer], *, folds: bool) -> Answer:
        with self._here.shown() as shown:
            if not shown.is_long(*self._thread, FEW):
                return made(shown)
        return await self._aside.answer(made, folds=folds)


async def _reading(  # A class itself would be called in another thread, and awaited.
    here: Reading, aside: ReadingAside, community: Community, thread: Thread
) -> _Reading:
    return _Reading(here, aside, community, thread)


OfThread = Annotated[_Reading, Depends(_reading)]


@router.get("", responses={200: {"model": models.FullThread}})
async def thread(
    views: OfThread, community: Community, thread: Thread, as_of: AsOf = None
) -> Answer:
    """A thread with its items in reading order, as it stands or as it stood."""
    at = moment("as_of", as_of)

    def answer(shown: Shown) -> Answer:
        found = _found(shown, community, thread, at)
        now = shown.as_of(shown.communities().get(community)) if at is None else at
        summary = orjson.loads(row(found.thread, now))
        items = orjson.Fragment(readable(found.items, found.said))
        body = {**summary, **of_thread(summary), "items": items, "as_of": printed(now)}
        return Answer(body, shown)

    return await views.answer(answer, folds=at is not None)


@router.get("/timeline", responses={200: {"model": models.Timeline}})
async def timeline(  # noqa: PLR0913 (each is a parameter of the call)
    views: OfThread,
    community: Community,
    thread: Thread,
    *,
    as_of: AsOf = None,
    since: Since = None,
    until: Until = None,
) -> Answer:
    """What happened in a thread, in order of time."""
    at = moment("as_of", as_of)
    first, end = printed(moment("since", since)), printed(moment("until", until))

    def answer(shown: Shown) -> Answer:
        found = _found(shown, community, thread, at)
        now = shown.as_of(shown.communities().get(community)) if at is None else at
        rows = [
            entry
            for entry in entries(orjson.loads(found.thread), in_time(found.items))
            if (first is None or first <= entry["at"]) and (end is None or entry["at"] < end)
        ]
        return Answer({"timeline": rows, "as_of": printed(now)}, shown)

    return await views.answer(answer, folds=at is not None)


@router.get("/replies", responses={200: {"model": models.Replies}})
async def replies(
    views: OfThread,
    community: Community,
    thread: Thread,
    policy: Annotated[
        Policy, Query(description="The rule by which a comment answers somebody.")
    ] = "mention-latest",
    as_of: AsOf = None,
) -> Answer:
    """Who answered whom, and how long after, by one policy."""
    at = moment("as_of", as_of)

    def answer(shown: Shown) -> Answer:
        found = _found(shown, community, thread, at, replies=True)
        now = shown.as_of(shown.communities().get(community)) if at is None else at
        rows = [
            {**reply, "replies_to": {policy: reply["replies_to"][policy]}}
            for reply in in_time(found.replies)
            if reply["replies_to"].get(policy)
        ]
        return Answer({"policy": policy, "replies": rows, "as_of": printed(now)}, shown)

    return await views.answer(answer, folds=at is not None)


def _found(
    shown: Shown, community: str, thread: str, as_of: int | None, *, replies: bool = False
) -> State:
    found = state(shown, community, thread, as_of, replies=replies)
    if found is None:
        there = shown.thread(community, thread) is not None
        when = f" at {printed(as_of)}" if there and as_of is not None else ""
        detail = f"there is no thread {thread!r} in {community!r}{when}; /v1/threads lists all"
        raise Problem(404, "unknown-thread", detail, community=community, thread=thread)
    return found
