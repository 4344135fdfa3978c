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
from stream.serve.log import KINDS, TEXTS
from stream.serve.reading import at_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream.serve.shown import Shown


class State(NamedTuple):
    """The bytes of a thread's row and of its items', and what was said in it, as `Shown.said`."""

    thread: bytes
    items: list[bytes]
    replies: list[bytes]
    said: list[tuple[int, bytes]]


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
    if as_of is None:
        answering = _rows(shown, "replies", number) if replies else []
        return State(raw, _rows(shown, "items", number), answering, shown.said(number, part))
    raws = shown.events(number, part)
    events = [decode(value, where="") for value in raws]
    people = [decode(value, where="") for value in shown.people(shown.communities()[community])]
    rows = fold(thread_key(community, thread), events, people, as_of)
    if rows is None:
        return None
    stated = ((KINDS[type(one)], ms(one.time), raw) for one, raw in zip(events, raws, strict=True))
    said = [(kind, raw) for kind, at, raw in stated if kind in TEXTS and at <= as_of]
    return State(rows["threads"][0], rows["items"], rows["replies"], said)


def _rows(shown: Shown, view: str, number: int) -> list[bytes]:
    query = f"SELECT raw FROM {view} WHERE thread = ?"  # noqa: S608 (our own names)
    return [raw for (raw,) in shown.rows(query, number)]


def in_time(rows: Iterable[bytes]) -> list[dict[str, Any]]:
    """Rows of items or replies as values, by time, then by item."""
    return sorted(map(orjson.loads, rows), key=lambda row: (at_of(row), row["item"]))


def fold(
    key: bytes, events: Iterable[Event], people: Iterable[Event], as_of: int
) -> dict[str, list[bytes]] | None:
    """By view the rows of thread ``key`` after what had been stated by ``as_of``; None: no item."""
    if not any(ms(event.time) <= as_of for event in events):
        return None
    partition = Partition()
    join(partition, [*people, *events], as_of)
    views: dict[str, list[bytes]] = {"items": [], "threads": [], "replies": []}
    for view, row_key, value, _ in tell(partition):
        if view in views and value is not None and (row_key + b"/").startswith(key + b"/"):
            views[view].append(value)
    known = (item for item in views["items"] if orjson.loads(item)["kind"] is not None)
    return views if next(known, None) is not None else None


def join(partition: Partition, events: Iterable[Event], as_of: int | None) -> None:
    """Join what had been stated by ``as_of``; None: all of it.

    Who asked to be erased is erased from the past as well.
    """
    for event in events:
        if as_of is None or ms(event.time) <= as_of or isinstance(event, PersonErased):
            partition.join(event)
