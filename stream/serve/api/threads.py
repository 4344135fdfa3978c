"""``GET /v1/threads``: summaries, the newest first, in pages."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Query

from stream.serve.api import models
from stream.serve.api.answers import Answer, row
from stream.serve.api.parameters import InCommunity, Reading, community_of, printed
from stream.serve.api.problems import wrong

router = APIRouter()

State = Literal["waiting", "answered", "accepted", "closed", "deleted"]


@router.get("/v1/threads", responses={200: {"model": models.Threads}}, tags=["threads"])
async def threads(
    views: Reading,
    community: InCommunity = None,
    state: Annotated[State | None, Query(description="Only threads in this state.")] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="At most so many.")] = 50,
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> Answer:
    """Summaries of threads, the newest first."""
    where, values = ["1"], list[object]()
    with views.shown() as shown:
        if community is not None:
            where.append("community = ?")
            values.append(community_of(shown, community))
        if state is not None:
            where.append("state = ?")
            values.append(state)
        if cursor is not None:
            where.append("(first_at, key) < (?, ?)")
            values += _place(cursor)
        found = shown.rows(
            f"SELECT first_at, key, raw FROM threads WHERE {' AND '.join(where)}"  # noqa: S608
            " ORDER BY first_at DESC, key DESC LIMIT ?",  # Our own words; values are bound.
            *values,
            limit + 1,
        )
        as_of = shown.as_of(community_of(shown, community))
        page = found[:limit]
        more = _cursor(*page[-1][:2]) if len(found) > limit else None
        rows = [orjson.Fragment(row(raw, as_of)) for *_, raw in page]
        return Answer({"threads": rows, "next": more, "as_of": printed(as_of)}, shown)


def _cursor(first_at: int, key: str) -> str:
    return urlsafe_b64encode(orjson.dumps([first_at, key])).decode().rstrip("=")


def _place(cursor: str) -> tuple[int, str]:
    try:
        first_at, key = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return int(first_at), str(key)
    except (ValueError, TypeError) as error:
        msg = f"cursor is {cursor!r}; give the `next` of the page before"
        raise wrong(msg, "cursor") from error
