"""What is in archives, and what is odd about them: the object that ``threadline inspect`` shows.

Held in memory are the names of people, the quarter hours in which anything happened, and one
thread at a time; events wait for their thread's turn on disk, without their texts.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import msgspec

from stream.archive.base import Report
from stream.archive.detect import read
from stream.archive.oddities import Robots, Watch
from stream.archive.oddities_folded import of_thread
from stream.codec.keys import thread_key
from stream.codec.times import stamp_of
from stream.core.events import (
    OF_PEOPLE,
    CommentCreated,
    CommentEdited,
    Event,
    ItemAttributed,
    PostCreated,
    PostEdited,
    ReplayFinished,
    ReplayProgressed,
    ThreadObserved,
)
from stream.core.fold import Partition
from stream.core.people import roots, unite

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from stream.archive.base import Oddity, Options
    from stream.core.community import Community
    from stream.core.people import Names, Voice
    from stream.core.thread import Thread

# What says nothing about when a thread was alive.
_ASIDE: Final = (
    *OF_PEOPLE,
    ItemAttributed,
    ReplayFinished,
    ReplayProgressed,
    ThreadObserved,
)
_TYPE: Final = "org.threadline.", ".v1"
_NAMELESS: Final = ("author-missing", "deleted-author")
MONTHS_MAX: Final = 36  # A longer time is told by year.
YEARS_MAX: Final = 100  # Of a longer time, those are told that hold something.

_SCHEMA: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -32768;
CREATE TABLE event (key BLOB, value BLOB);
BEGIN;
"""
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Event).decode


def inspect(paths: Sequence[Path], options: Options) -> dict[str, Any]:
    """All of ``paths`` as one; what cannot be read is listed, never the end of it."""
    report = Report()
    with closing(sqlite3.connect("", isolation_level=None, check_same_thread=False)) as disk:
        disk.executescript(_SCHEMA)
        survey = _Survey(disk)
        survey.see(read(paths, replace(options, skip_unreadable=True), report))
        survey.settle()
    found = survey.found()
    return {
        "format": report.format,
        **found,
        "counts": dict(sorted(report.counts.items())),
        "oddities": [
            {"code": code, "count": oddity.count, "example": oddity.example}
            for code, oddity in sorted(_joined(report, survey.report).items())
        ],
        "skipped": report.skipped,
        "unreadable": [unreadable._asdict() for unreadable in report.unreadable],
    }


def _joined(reader: Report, survey: Report) -> dict[str, Oddity]:
    """Of what both have counted the survey's count holds: it has seen all archives together.

    That nobody is named is left out where readers have said of as many items why not.
    """
    said = sum(odd.count for code, odd in reader.oddities.items() if code in _NAMELESS)
    found = reader.oddities | survey.oddities
    if "nobody-named" in found and found["nobody-named"].count <= said:
        del found["nobody-named"]
    return found


class _Survey:
    """Counts of what went by, then the fold of it, a thread at a time."""

    def __init__(self, disk: sqlite3.Connection) -> None:
        self.report = Report()
        self._disk = disk
        self._robots = Robots()
        self._watch = Watch(self._robots)
        self._state = Partition()
        self._types: Counter[type] = Counter()
        self._months: Counter[str] = Counter()
        self._silent: Counter[str] = Counter()
        self._items = {"questions": 0, "answers": 0, "posts": 0, "comments": 0}
        self._threads = self._edits = 0
        self._authors: dict[str, set[Voice]] = {}
        self._aliases: dict[str, Names] = {}
        self._first: datetime | None = None
        self._last: datetime | None = None

    def see(self, events: Iterator[Event]) -> None:
        """Keep every event, and look at it as it goes by."""
        self._disk.executemany("INSERT INTO event VALUES (?, ?)", map(self._kept, events))

    def settle(self) -> None:
        """Fold what was kept, one thread after the other."""
        for code, example in self._watch.ended():
            self.report.odd(code, example)
        for (value,) in self._disk.execute("SELECT value FROM event WHERE key IS NULL"):
            self._state.join(_decode(value))
        held: bytes | None = None
        query = "SELECT key, value FROM event WHERE key NOT NULL ORDER BY key"
        for key, value in self._disk.execute(query):
            if key != held:
                self._look()
                held = key
            self._state.join(_decode(value))
        self._look()

    def found(self) -> dict[str, Any]:
        communities = self._state.communities.values()
        return {
            "communities": sorted(community.name for community in communities),
            "threads": self._threads,
            "items": self._items,
            "edits": self._edits,
            "events": sum(self._types.values()),
            "facts": {
                _name(kind): count for kind, count in sorted(self._types.items(), key=_named)
            },
            "people": sum(map(self._people, communities)),
            "robots": [
                {"person": name, "acts": acts} for name, acts in sorted(self._robots.acts.items())
            ],
            "first_at": None if self._first is None else stamp_of(self._first),
            "last_at": None if self._last is None else stamp_of(self._last),
            "over_time": _over_time(self._months),
            "silent_on": dict(sorted(self._silent.items())),
        }

    def _kept(self, event: Event) -> tuple[bytes | None, bytes]:
        self._types[type(event)] += 1
        if isinstance(event, (PostCreated, CommentCreated)):
            self._months[stamp_of(event.time)[:7]] += 1
        if not isinstance(event, _ASIDE):
            self._first = event.time if self._first is None else min(self._first, event.time)
            self._last = event.time if self._last is None else max(self._last, event.time)
        for code, example in self._watch.see(event):
            self.report.odd(code, example)
        key = thread_key(event.source, event.subject) if event.subject else None
        return key, _encode(_without_text(event))

    def _look(self) -> None:
        """Settle the thread that was joined, tell of it, and let it go."""
        for thread in self._state.settled():
            self._threads += 1
            self._sum(thread)
            for code, example in of_thread(thread):
                self.report.odd(code, example)
        self._state.touched.clear()
        for community in self._state.communities.values():
            community.threads.clear()
            community.told.clear()

    def _sum(self, thread: Thread) -> None:
        for name, count in zip(self._items, thread.kinds, strict=True):
            self._items[name] += count
        self._edits += thread.edits
        name = thread.community.name
        authors = self._authors.setdefault(name, set())
        authors.update(item.author for item in thread.items.values() if item.author is not None)
        if thread.stated is not None:
            self._silent.update(thread.stated.silent or ())
            for names, _, _ in thread.stated.aliases:
                unite(self._aliases.setdefault(name, {}), names)

    def _people(self, community: Community) -> int:
        """Authors; two names that any statement gives to one person count once."""
        names = dict(community.names)
        for together in set(self._aliases.get(community.name, {}).values()):
            unite(names, together)
        return len(set(roots(self._authors.get(community.name, ()), names).values()))


def _without_text(event: Event) -> Event:
    if isinstance(event, (PostCreated, CommentCreated)):
        return msgspec.structs.replace(event, data=msgspec.structs.replace(event.data, text=None))
    if isinstance(event, (PostEdited, CommentEdited)) and event.data.changes.text:
        changes = msgspec.structs.replace(event.data.changes, text="")
        data = msgspec.structs.replace(event.data, changes=changes)
        return msgspec.structs.replace(event, data=data)
    return event


def _over_time(months: Counter[str]) -> list[dict[str, Any]]:
    """Items by month, or by year where that is long; those without any among them."""
    if not months:
        return []
    (first_year, first), (last_year, last) = (
        (int(month[:4]), int(month[5:])) for month in (min(months), max(months))
    )
    count = (last_year - first_year) * 12 + last - first + 1
    if count <= MONTHS_MAX:
        numbers = range(first - 1, first - 1 + count)
        starts = [f"{first_year + n // 12:04}-{n % 12 + 1:02}" for n in numbers]
        return [{"start": start, "items": months[start]} for start in starts]
    years: Counter[str] = Counter()
    for month, items in months.items():
        years[month[:4]] += items
    every = [f"{year:04}" for year in range(first_year, last_year + 1)]
    # One date of the year 1 does not make it two thousand rows.
    shown = every if len(every) <= YEARS_MAX else sorted(years)
    return [{"start": start, "items": years[start]} for start in shown]


def _name(kind: type) -> str:
    """``post.created``: a type without what all have."""
    tag = str(getattr(kind, "__struct_config__").tag)  # noqa: B009  (no attribute of a `type`)
    return tag.removeprefix(_TYPE[0]).removesuffix(_TYPE[1])


def _named(entry: tuple[type, int]) -> str:
    return _name(entry[0])
