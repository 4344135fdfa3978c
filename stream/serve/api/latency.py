"""``GET /v1/latency``: how long threads waited for one thing, seen as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Query

from stream.core.latency import aggregate
from stream.serve.api import models
from stream.serve.api.answers import Answer
from stream.serve.api.parameters import InCommunity, ReadingAside, community_of, printed
from stream.serve.rows import wait_values

if TYPE_CHECKING:
    from stream.serve.shown import Shown

router = APIRouter()

Metric = Literal[
    "first_response", "first_answer", "first_comment", "accepted", "closed", "asker_return"
]


@router.get("/v1/latency", responses={200: {"model": models.Latency}}, tags=["measures"])
async def latency(
    views: ReadingAside,
    metric: Annotated[Metric, Query(description="What is waited for.")] = "first_answer",
    community: InCommunity = None,
) -> Answer:
    """Counts by status, quantiles, shares and the curve; who still waits is counted as waiting."""

    def answer(shown: Shown) -> Answer:
        number = community_of(shown, community)
        found = shown.rows(
            f"SELECT {metric}_status, {metric}_after, {metric}_by FROM waits"  # noqa: S608
            " WHERE ifnull(community = ?, 1)",  # The metric is one of ours.
            number,
        )
        as_of = shown.as_of(number)
        body = aggregate(metric, wait_values(found), as_of=as_of or 0)
        return Answer({**body, "as_of": printed(as_of)}, shown)

    return await views.answer(answer)
