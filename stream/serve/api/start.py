"""``/``: a page that lists the newest threads and links to the calls."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from stream.serve.api.parameters import printed

if TYPE_CHECKING:
    from stream.serve.shown import Shown, Views

router = APIRouter(include_in_schema=False)

NEWEST: Final = 100


@router.get("/")
async def start(request: Request) -> HTMLResponse:
    """The page, rendered from one state of the views."""
    views: Views = request.app.state.views
    with views.shown() as shown:
        return HTMLResponse(_page(shown), headers=shown.headers)


def _page(shown: Shown) -> str:
    newest = shown.rows("SELECT raw FROM threads ORDER BY first_at DESC, key DESC LIMIT ?", NEWEST)
    total = shown.rows("SELECT count(*) FROM threads")[0][0]
    threads = [_row(orjson.loads(raw)) for (raw,) in newest]
    template = Template((files("stream.serve") / "pages" / "start.html").read_text("utf-8"))
    return template.substitute(
        total=_count(total, "thread"),
        listed=f"the newest {len(threads)} of them" if total > len(threads) else "all of them",
        communities=escape(", ".join(shown.communities()) or "none yet"),
        as_of=_minute(printed(shown.as_of())) or "nothing read yet",
        lag=_count(shown.lag, "record"),
        rows="\n".join(threads)
        or '<tr><td colspan="5">No thread yet: replay an archive.</td></tr>',
    )


def _row(thread: dict[str, Any]) -> str:
    path = f"/v1/threads/{quote(thread['community'], safe='')}/{quote(thread['thread'], safe='')}"
    counts = thread["counts"]
    links = "".join(f' <a href="{path}/{name}">{name}</a>' for name in ("timeline", "replies"))
    return (
        f"<tr><td>{_minute(thread['first_at'])}</td>"
        f'<td><a href="{path}">{escape(thread["title"] or thread["thread"])}</a>'
        f"<small>{escape(thread['community'])} ·{links}</small></td>"
        f"<td>{escape(thread['state'])}</td>"
        f"<td>{counts['answers']:,}</td><td>{counts['comments']:,}</td></tr>"
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _minute(time: str | None) -> str:
    return "" if time is None else f"{time[:10]} {time[11:16]}"
