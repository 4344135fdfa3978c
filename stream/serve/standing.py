"""What stands in a thread: its closing and its accepted answer.

Rows hold all that was ever stated of a thread; this is what a site prints of it, as of the moment
the rows are of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream.serve.reading import at_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Row = dict[str, Any]


def of_thread(thread: Mapping[str, Any]) -> Row:
    """``closed`` and ``accepted``; null where the thread is open, or no answer is accepted."""
    stated = thread.get("stated") or {}
    accepted, unaccepted = stated.get("accepted", {}), stated.get("unaccepted", {})
    held = [
        {"item": item, **done}
        for item, happened in accepted.items()
        if (done := _standing(happened, unaccepted.get(item, ()))) is not None
    ]
    return {
        "closed": _standing(stated.get("closed", ()), stated.get("reopened", ())),
        "accepted": max(held, key=lambda one: (at_of(one), one["item"]), default=None),
    }


def _standing(done: Iterable[Row], undone: Iterable[Row]) -> Row | None:
    """The last time it was done, where it was not undone since; at one moment, undoing counts."""
    last = max(done, key=at_of, default=None)
    ended = max(map(at_of, undone), default="")
    return last if last is not None and at_of(last) > ended else None
