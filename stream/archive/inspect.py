"""What is in archives, and what is odd about them: the object that ``threadline inspect`` shows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from stream.archive.base import Report
from stream.archive.detect import read
from stream.codec.times import stamp_of
from stream.core.events import (
    CommentCreated,
    CommentEdited,
    ItemAttributed,
    PersonAliased,
    PersonErased,
    PostCreated,
    PostEdited,
    ReplayFinished,
    ReplayProgressed,
    ThreadObserved,
)
from stream.core.fold import Partition
from stream.core.people import roots, unite
from stream.core.waits import waits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from stream.archive.base import Options
    from stream.core.community import Community
    from stream.core.events import Event
    from stream.core.thread import Thread

# What says nothing about when a thread was alive.
_ASIDE: Final = (
    ItemAttributed,
    PersonAliased,
    PersonErased,
    ReplayFinished,
    ReplayProgressed,
    ThreadObserved,
)


def inspect(paths: Sequence[Path], options: Options) -> dict[str, Any]:
    """All of ``paths`` as one; what cannot be read is listed, never the end of it.

    Holds the folded state of the archives (not their texts) in memory: only so can it be said
    who is meant by whom.
    """
    report = Report()
    survey = _Survey()
    for event in read(paths, replace(options, skip_unreadable=True), report):
        survey.see(event)
    for code, example in survey.odd():
        report.odd(code, example)
    return {
        "format": report.format,
        **survey.found(),
        "oddities": [
            {"code": code, "count": oddity.count, "example": oddity.example}
            for code, oddity in sorted(report.oddities.items())
        ],
        "skipped": report.skipped,
        "unreadable": [unreadable._asdict() for unreadable in report.unreadable],
    }


class _Survey:
    """Counts of what went by, and the fold of it."""

    def __init__(self) -> None:
        self._state = Partition()
        self._items = {"questions": 0, "answers": 0, "posts": 0, "comments": 0}
        self._edits = 0
        self._events = 0
        self._first: datetime | None = None
        self._last: datetime | None = None

    def see(self, event: Event) -> None:
        self._events += 1
        self._state.join(event)
        if isinstance(event, PostCreated):
            self._items[f"{event.data.kind}s"] += 1
        elif isinstance(event, CommentCreated):
            self._items["comments"] += 1
        elif isinstance(event, (PostEdited, CommentEdited)):
            self._edits += 1
        if not isinstance(event, _ASIDE):
            self._first = event.time if self._first is None else min(self._first, event.time)
            self._last = event.time if self._last is None else max(self._last, event.time)

    def found(self) -> dict[str, Any]:
        communities = self._state.communities.values()
        return {
            "communities": sorted(community.name for community in communities),
            "threads": sum(len(community.threads) for community in communities),
            "items": self._items,
            "edits": self._edits,
            "events": self._events,
            "people": sum(map(_people, communities)),
            "first_at": None if self._first is None else stamp_of(self._first),
            "last_at": None if self._last is None else stamp_of(self._last),
        }

    def odd(self) -> Iterator[tuple[str, str]]:
        """What shows only once all is read."""
        for thread in self._state.settled():
            where = f"{thread.community.name}/{thread.id}"
            yield from (("unresolved-mention", f"{it} ({where})") for it in _unresolved(thread))
            yield from (("negative-wait", f"{it} ({where})") for it in _negative(thread))


def _people(community: Community) -> int:
    """Authors; two names that any statement gives to one person count once."""
    names = dict(community.names)
    for thread in community.threads.values():
        for together in set(thread.aliases.values()):
            unite(names, together)
    items = (item for thread in community.threads.values() for item in thread.items.values())
    voices = {item.author for item in items if item.author is not None}
    return len(set(roots(voices, names).values()))


def _unresolved(thread: Thread) -> Iterator[str]:
    for item in thread.items.values():
        for found in item.found:
            if found.how == "unresolved":
                yield f"@{found.name} in {item.id} is nobody's name"


def _negative(thread: Thread) -> Iterator[str]:
    for metric, wait in waits(thread).items():
        if wait is not None and wait.status == "observed" and wait.after < 0:
            yield f"{metric} took {wait.after:,} ms"
