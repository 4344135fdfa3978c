"""A thread as it stood: the fold of its events up to a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from stream.codec.events import decode
from stream.codec.keys import thread_key
from stream.codec.views import tell
from stream.core.events import Event, PersonErased
from stream.core.fold import Partition
from stream.core.when import ms
from stream.serve.reading import at_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream.serve.shown import Shown


class State(NamedTuple):
    """A thread and all that belongs to it; ``thread`` is the bytes of its row."""

    thread: bytes
    items: list[dict[str, Any]]
    replies: list[dict[str, Any]]
    events: list[Event]


def state(
    shown: Shown, community: str, thread: str, as_of: int | None, *, replies: bool = False
) -> State | None:
    """The thread as it is shown, or as it stood at ``as_of``; None where it is not there.

    ``replies``: whether those are wanted too.
    """
    found = shown.thread(community, thread)
    if found is None:
        return None
    number, part, raw = found
    events = [decode(value, where="") for value in shown.events(number, part)]
    if as_of is None:
        answering = _rows(shown, "replies", number) if replies else []
        return State(raw, _rows(shown, "items", number), answering, events)
    people = [decode(value, where="") for value in shown.people(shown.communities()[community])]
    return fold(thread_key(community, thread), events, people, as_of)


def _rows(shown: Shown, view: str, number: int) -> list[dict[str, Any]]:
    query = f"SELECT raw FROM {view} WHERE thread = ?"  # noqa: S608 (our own names)
    return in_time([orjson.loads(raw) for (raw,) in shown.rows(query, number)])


def in_time(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of items or replies by time, then by item."""
    return sorted(rows, key=lambda row: (at_of(row), row["item"]))


def fold(key: bytes, events: Iterable[Event], people: Iterable[Event], as_of: int) -> State | None:
    """The state of thread ``key`` after what had been stated by ``as_of``."""
    said = [*people, *events]
    known = [event for event in events if ms(event.time) <= as_of]
    if not known:
        return None
    partition = Partition()
    join(partition, said, as_of)
    views: dict[str, list[bytes]] = {"items": [], "threads": [], "replies": []}
    for view, row_key, value, _ in tell(partition):
        if view in views and value is not None and (row_key + b"/").startswith(key + b"/"):
            views[view].append(value)
    items, replies = (
        in_time([orjson.loads(value) for value in views[view]]) for view in ("items", "replies")
    )
    if not any(item["kind"] is not None for item in items):
        return None
    return State(views["threads"][0], items, replies, known)


def join(partition: Partition, events: Iterable[Event], as_of: int | None) -> None:
    """Join what had been stated by ``as_of``; None: all of it.

    Who asked to be erased is erased from the past as well.
    """
    for event in events:
        if as_of is None or ms(event.time) <= as_of or isinstance(event, PersonErased):
            partition.join(event)
