"""``GET /v1/latency``: how long threads waited for one thing, seen as a whole."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Query, Request

from stream.serve.again import How
from stream.serve.api import models
from stream.serve.api.answers import Answer
from stream.serve.api.parameters import (
    AsOf,
    InCommunity,
    ReadingAside,
    Since,
    Until,
    community_of,
    in_order,
    moment,
    printed,
)
from stream.serve.waited import Asked, LongError, Waited, Which

if TYPE_CHECKING:
    from stream.serve.shown import Shown
    from stream.serve.together import Together

router = APIRouter()

Metric = Literal[
    "first_response", "first_answer", "first_comment", "accepted", "closed", "asker_return"
]
Bots = Literal["include", "exclude"]
Aliases = Literal["apply", "ignore"]


@router.get("/v1/latency", responses={200: {"model": models.Latency}}, tags=["measures"])
async def latency(  # noqa: PLR0913 (each is a parameter of the call)
    request: Request,
    views: ReadingAside,
    *,
    metric: Annotated[Metric, Query(description="What is waited for.")] = "first_answer",
    community: InCommunity = None,
    tag: Annotated[str | None, Query(description="Only threads with this tag.")] = None,
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    bots: Annotated[
        Bots, Query(description="`exclude`: as if robots had written nothing.")
    ] = "include",
    aliases: Annotated[
        Aliases, Query(description="`ignore`: as if several names were never one person's.")
    ] = "apply",
) -> Answer:
    """Counts by status, quantiles, shares and the curve; who still waits is counted as waiting.

    `since` and `until` are about when a thread began, not about when it was answered. `as_of`: what
    had been stated by then, and nothing that came later.
    """
    waited: Waited = request.app.state.waited
    together: Together[Answer] = request.app.state.together
    first, end, at = moment("since", since), moment("until", until), moment("as_of", as_of)
    in_order(first, end)
    how = How(at, robots=bots == "include", aliases=aliases == "apply")
    asked = Asked(metric, community, first, end, tag, how)

    def answer(shown: Shown, *, patient: bool) -> Answer:
        which = Which(community_of(shown, community), first, end, tag)
        now = shown.as_of(which.community) if at is None else at
        body = waited.measured(shown, asked, which, as_of=now or 0, patient=patient)
        return Answer({**body, "as_of": printed(now), "bots": bots, "aliases": aliases}, shown)

    async def made() -> Answer:
        if not waited.is_long(asked):
            with suppress(LongError):  # Then it is for those threads in which others may wait.
                return await views.answer(partial(answer, patient=False))
        return await views.answer(partial(answer, patient=True), folds=True)

    return (await together.answer(asked, made)).another()
