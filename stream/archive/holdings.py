"""What an archive holds, item by item, on disk while it is read: what only the whole can tell.

Which items come twice, whose parent is not there, what a thread's scores were when it was
captured, and what has no place in time but the archive's end.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from hashlib import blake2b
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from stream.codec.events import decode, encode
from stream.core.events import ObservedData, ThreadObserved
from stream.core.when import When, ms, to_datetime

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from stream.archive.base import Report
    from stream.core.events import Event

CACHE_KIB: Final = 32 * 1024
SCORED_MAX: Final = 25_000  # Of a thread; a record holds no more.

_MADE: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE items (
    community TEXT, thread TEXT, item TEXT, said INTEGER, parent TEXT, kind TEXT,
    score INTEGER, views INTEGER, at INTEGER, seen INTEGER,
    PRIMARY KEY (community, thread, item, said)
) WITHOUT ROWID;
CREATE TABLE undated (event BLOB);
CREATE TABLE expected (
    community TEXT, thread TEXT, items INTEGER, PRIMARY KEY (community, thread)
) WITHOUT ROWID;
CREATE TABLE told (id TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_ORPHANS: Final = """
SELECT community, thread, item, parent FROM items AS one
WHERE parent IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM items
    WHERE community = one.community AND thread = one.thread AND item = one.parent
)
"""
_NUMBERED: Final = """
SELECT community, thread, max(max(CAST(item AS INTEGER)), coalesce(expected.items, 0)) AS said,
    count(DISTINCT item)
FROM items LEFT JOIN expected USING (community, thread)
GROUP BY community, thread
"""
_OBSERVED: Final = """
SELECT community, thread, item, kind, score, views, at, seen FROM items
ORDER BY community, thread
"""


class Held(NamedTuple):
    """An item: its ``score`` and its thread's ``views`` where told.

    ``at``: the last time that the archive prints of it; ``seen``: when it was captured.
    """

    community: str
    thread: str
    item: str
    on: str | None
    kind: str
    at: datetime
    score: int | None = None
    views: int | None = None
    seen: datetime | None = None


class Holdings:
    """Made by `holdings`; filled while reading, asked once all is read."""

    def __init__(self, disk: sqlite3.Connection) -> None:
        self._disk = disk
        self.last: datetime | None = None

    def add(self, held: Held, said: Sequence[Event]) -> bool:
        """Whether what is said of an item is news, not the same over again."""
        self.printed(held.seen or held.at)
        digest = blake2b(msgspec.msgpack.encode(said), digest_size=6)
        row = (
            *held[:3],
            int.from_bytes(digest.digest()),
            *held[3:5],
            *_small(held.score, held.views),
            ms(held.at),
            None if held.seen is None else ms(held.seen),
        )
        added = self._disk.execute(
            "INSERT OR IGNORE INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row
        )
        return added.rowcount == 1

    def printed(self, at: datetime) -> None:
        """The archive prints this time, so it is not older."""
        if self.last is None or self.last < at:
            self.last = at

    def is_news(self, event: Event) -> bool:
        """Whether an event of no item in particular is told for the first time."""
        added = self._disk.execute("INSERT OR IGNORE INTO told VALUES (?)", (encode(event).id,))
        return added.rowcount == 1

    def placed(self, events: Iterable[Event]) -> Iterator[Event]:
        """Those whose moment is bounded above; the others are kept for `undated`."""
        for event in events:
            when = getattr(event.data, "when", None)
            if when is None or when.at is not None or when.by is not None:
                yield event
            else:
                self._disk.execute("INSERT INTO undated VALUES (?)", (encode(event).value,))

    def undated(self) -> Iterator[Event]:
        """What was kept, at the archive's last printed time."""
        last = self.last
        for (value,) in self._disk.execute("SELECT event FROM undated"):
            event = decode(value, where="an archive")
            yield event if last is None else msgspec.structs.replace(event, time=last)

    def tell_orphans(self, report: Report) -> None:
        """Count the items whose parent is not there."""
        for community, thread, item, parent in self._disk.execute(_ORPHANS):
            report.odd("orphan", f"{item} stands under {parent}, not there ({community}/{thread})")

    def expect(self, community: str, thread: str, items: int) -> None:
        """The archive says how many items a thread has."""
        (items_,) = _small(items)
        self._disk.execute("REPLACE INTO expected VALUES (?, ?, ?)", (community, thread, items_))

    def numbered(self) -> Iterator[tuple[str, str, int, int]]:
        """Of each thread whose items have numbers, how many it should have, and how many it has."""
        yield from self._disk.execute(_NUMBERED)

    def observed(self, report: Report) -> Iterator[ThreadObserved]:
        """What was seen of each thread, as one statement."""
        found = self._disk.execute(_OBSERVED)
        for (community, thread), rows in groupby(found, key=lambda row: row[:2]):
            data, time = _observed(rows)
            if len(data.scores) > SCORED_MAX:
                report.odd("scores-not-told", f"{community}/{thread} has {len(data.scores):,}")
            elif data.scored or data.views is not None:
                yield ThreadObserved(source=community, subject=thread, time=time, data=data)


@contextmanager
def holdings() -> Iterator[Holdings]:
    """An empty one, in a file without a name that is gone afterwards."""
    disk = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    try:
        disk.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        disk.executescript(_MADE)
        disk.execute("BEGIN")
        yield Holdings(disk)
    finally:
        disk.close()


def _small(*numbers: int | None) -> Iterator[int | None]:
    """Without what no score can be, and SQLite cannot hold."""
    for number in numbers:
        yield number if number is None or abs(number) < 1 << 53 else None


def _observed(
    rows: Iterable[tuple[str, str, str, str, int | None, int | None, int, int | None]],
) -> tuple[ObservedData, datetime]:
    """The scores of one thread's items, of several captures of an item the last."""
    scores: dict[str, tuple[int, int]] = {}
    kinds: dict[str, bool] = {}
    seen: list[int | None] = []
    views, last = None, 0
    for _, _, item, kind, score, viewed, at, captured in rows:
        kinds[kind] = kinds.get(kind, True) and score is not None
        seen.append(captured)
        last = max(last, at, captured or 0)
        views = max((n for n in (views, viewed) if n is not None), default=None)
        if score is not None:
            scores[item] = max(scores.get(item, (-1, 0)), (captured or at, score))
    known = [captured for captured in seen if captured is not None]
    data = ObservedData(
        scores={item: score for item, (_, score) in sorted(scores.items()) if score},
        scored=tuple(sorted(kind for kind, told in kinds.items() if told)),
        views=views,
        when=_captured(known if len(known) == len(seen) else [], last),
    )
    return data, data.when.at or data.when.by or to_datetime(last)


def _captured(seen: Sequence[int], last: int) -> When:
    if not seen:
        return When(after=to_datetime(last))
    first, final = to_datetime(min(seen)), to_datetime(max(seen))
    return When(at=final) if first == final else When(after=first, by=final)
