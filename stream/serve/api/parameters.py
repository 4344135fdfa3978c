"""What calls have in common: their parameters, checked, and waiting for a position."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import unquote
from zoneinfo import ZoneInfo, available_timezones

from fastapi import Depends, Path, Query, Request
from pydantic import AfterValidator

from stream.codec.times import stamp
from stream.core.position import Position
from stream.core.when import ms
from stream.serve.api.problems import KNOWN_MAX, Problem, wrong
from stream.serve.shown import AsideViews, Shown, Views

if TYPE_CHECKING:
    from fastapi.dependencies.models import Dependant

    from stream.serve.notice import Commits

WAIT_MS_MAX: Final = 30_000
MOMENT: Final = "RFC 3339, or a date"

Part = Annotated[str, AfterValidator(unquote)]
Community = Annotated[Part, Path(description="The community, percent-encoded.")]
Thread = Annotated[Part, Path(description="The thread, percent-encoded.")]
InCommunity = Annotated[str | None, Query(description="Only this community.")]
AsOf = Annotated[str | None, Query(description=f"As it stood at this time: {MOMENT}.")]
Since = Annotated[str | None, Query(description=f"From this time on: {MOMENT}.")]
Until = Annotated[str | None, Query(description=f"Before this time: {MOMENT}.")]


async def known_parameters(request: Request) -> None:
    """Refuse a query parameter that the call does not have."""
    known = sorted(_names(request.scope["route"].dependant))
    for name in request.query_params:
        if name not in known:
            there = ", ".join(known) or "none"
            msg = f"this call has no parameter {name!r}; it has: {there}"
            raise Problem(400, "unknown-parameter", msg, parameter=name, known=known)


def _names(dependant: Dependant) -> set[str]:
    names = {field.alias for field in dependant.query_params}
    return names.union(*(_names(inner) for inner in dependant.dependencies))


async def _caught_up(
    request: Request,
    min_position: Annotated[
        str | None,
        Query(description="A position: answer once all before it is shown, or 504."),
    ] = None,
    wait_ms: Annotated[
        int, Query(ge=0, le=WAIT_MS_MAX, description="How long to wait for `min_position`.")
    ] = 1_000,
) -> Views:
    views: Views = request.app.state.views
    if min_position is not None:
        wanted = position("min_position", min_position)
        await _wait(views, request.app.state.commits, wanted, wait_ms)
    return views


Reading = Annotated[Views, Depends(_caught_up)]


async def _aside(request: Request, views: Reading) -> AsideViews:
    del views  # It has been waited for.
    aside: AsideViews = request.app.state.aside
    return aside


ReadingAside = Annotated[AsideViews, Depends(_aside)]


async def _wait(views: Views, commits: Commits, wanted: Position, wait_ms: int) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait_ms / 1000
    while True:
        committed = commits.next()  # Before looking: a commit in between is not missed.
        with views.shown() as shown:
            reached = shown.position
        if reached.covers(wanted):
            return
        left = deadline - loop.time()
        if left <= 0:
            msg = f"the views have not reached that position within {wait_ms} ms; ask again"
            raise Problem(504, "position-not-reached", msg, reached=reached.token)
        await asyncio.wait([committed], timeout=left)


def position(parameter: str, token: str) -> Position:
    """What ``token`` stands for."""
    try:
        read = Position.parse(token)
    except ValueError as error:
        msg = f"{parameter}: {error}"
        raise wrong(msg, parameter) from error
    if read.token != token:
        msg = f"{parameter}: {token!r} is no position; give one that was printed or answered"
        raise wrong(msg, parameter)
    return read


def moment(parameter: str, text: str | None, zone: ZoneInfo | None = None) -> int | None:
    """Milliseconds; a date is its first moment in ``zone``, as is a time that names no zone."""
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
        return ms(read if read.tzinfo else read.replace(tzinfo=zone or UTC))
    except (ValueError, OverflowError) as error:
        msg = f"{parameter} is {text!r}; give a time like 2017-04-24T06:45:00Z, or a date"
        raise wrong(msg, parameter) from error


def in_order(since: int | None, until: int | None) -> None:
    """Refuse an end before its beginning."""
    if since is not None and until is not None and until < since:
        detail = f"until ({stamp(until)}) lies before since ({stamp(since)}); exchange them"
        raise wrong(detail, "until")


def printed(at: int | None) -> str | None:
    """A moment as answers print it."""
    return None if at is None else stamp(at)


def zone_of(name: str) -> ZoneInfo:
    """The time zone of an IANA name."""
    if name not in _zones():
        msg = f"zone is {name!r}; give an IANA name like UTC or Europe/Berlin"
        raise wrong(msg, "zone")
    return ZoneInfo(name)


@cache
def _zones() -> frozenset[str]:
    """All that there are; to list them is to look into 600 files."""
    return frozenset(available_timezones())


def community_of(shown: Shown, name: str | None) -> int | None:
    """The number of a community that a filter names; None where there is no filter."""
    if name is None:
        return None
    communities = shown.communities()
    if name not in communities:
        known = list(communities)[:KNOWN_MAX]
        there = ", ".join(known) or "none yet"
        msg = f"there is no community {name!r}; there are: {there}"
        raise Problem(404, "unknown-community", msg, community=name, known=known)
    return communities[name]
