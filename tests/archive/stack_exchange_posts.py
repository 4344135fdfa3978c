"""What Posts.xml says of each post, by plain XML; and the same of a fold of a dump's events."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

from stream.codec.times import read_time
from stream.core.fold import Partition
from stream.core.item import latest_title
from stream.core.moments import stands

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from stream.core.events import Event
    from stream.core.item import Item
    from stream.core.thread import Thread


class Post(NamedTuple):
    """Moments in milliseconds; ``accepted``: the answer's id."""

    edited: int | None
    title: str | None
    closed: int | None
    accepted: str | None
    comments: int


def rows(folder: Path, table: str) -> Iterator[dict[str, str]]:
    """Each row of a file, all of it in memory."""
    for element in ET.parse(folder / f"{table}.xml").getroot():  # noqa: S314  (our own, or known)
        yield element.attrib


def printed(folder: Path) -> dict[str, Post]:
    """The questions and answers of a dump."""
    return {
        row["Id"]: Post(
            _ms(row.get("LastEditDate")),
            row.get("Title"),
            _ms(row.get("ClosedDate")),
            row.get("AcceptedAnswerId"),
            int(row["CommentCount"]),
        )
        for row in rows(folder, "Posts")
        if row["PostTypeId"] in "12"
    }


def folded(events: Iterable[Event]) -> dict[str, Post]:
    """The posts that stand, by what was stated."""
    state = Partition()
    for event in events:
        state.join(event)
    return {
        item.id: _post(thread, item)
        for thread in state.settled()
        for item in thread.items.values()
        if item.kind in ("question", "answer") and not item.deleted
    }


def _post(thread: Thread, item: Item) -> Post:
    edits = item.more.edits.values() if item.more else ()
    said = [one for one in thread.items.values() if one.on == item.id and one.kind == "comment"]
    edited = max((edit.moment.at for edit in edits), default=None)
    asks = item.kind == "question"
    return Post(
        edited,
        latest_title(item),
        _closed(thread) if asks else None,
        _accepted(thread) if asks else None,
        len(said),
    )


def _closed(thread: Thread) -> int | None:
    happened = thread.stated.happened if thread.stated else {}
    done = happened.get("closed", ())
    return done[-1].at if stands(done, happened.get("reopened", ())) else None


def _accepted(thread: Thread) -> str | None:
    stated = thread.stated
    held = {} if stated is None else stated.accepted
    taken = {} if stated is None else stated.unaccepted
    return next((item for item in held if stands(held[item], taken.get(item, ()))), None)


def _ms(text: str | None) -> int | None:
    return None if text is None else read_time(text)
