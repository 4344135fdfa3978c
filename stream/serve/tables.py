"""The statements that write: events, rows of views, the clock at a cut, positions."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import msgspec

from stream.codec.times import read_time
from stream.core.events import ReplayFinished, ReplayProgressed
from stream.core.waits import METRICS
from stream.core.when import Time, ms
from stream.serve import rows
from stream.serve.log import KINDS
from stream.serve.schema import COUNTS
from stream.serve.spans import PUT as PUT_SPAN
from stream.serve.spans import Spans

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from stream.serve.log import Row
    from stream.serve.numbers import Numbers
    from stream.serve.store import Said, Waiting

_REPLAY: Final = (KINDS[ReplayProgressed], KINDS[ReplayFinished])
_EVENT: Final = (
    "INSERT OR IGNORE INTO events(part, off, thread, community, kind, at, raw)"
    " VALUES(?, ?, ?, ?, ?, ?, ?)"
)
_SPILL: Final = "INSERT OR REPLACE INTO pending VALUES(?, ?, ?, ?, ?)"
_SPILLED: Final = (
    "SELECT key, value FROM pending WHERE part = ? AND view = ? AND off < ? ORDER BY off"
)


def _replace(table: str, columns: int) -> str:
    return f"INSERT OR REPLACE INTO {table} VALUES({', '.join('?' * columns)})"


_PUT: Final = {
    "threads": _replace("threads", 7),
    "waits": _replace("waits", 2 + 3 * len(METRICS)),
    "items": _replace("items", 7),
    "replies": _replace("replies", 3),
    "activity": _replace("activity", 3 + len(COUNTS)),
    "people": _replace("people", 4),
}
_DROP: Final = {
    "threads": "DELETE FROM threads WHERE no = ?",
    "waits": "DELETE FROM waits WHERE no = ?",
    "items": "DELETE FROM items WHERE thread = ? AND item = ?",
    "replies": "DELETE FROM replies WHERE thread = ? AND item = ?",
    "activity": "DELETE FROM activity WHERE community = ? AND start = ? AND part = ?",
    "people": "DELETE FROM people WHERE community = ? AND key = ? AND part = ?",
}


log = logging.getLogger(__name__)


class _Until(msgspec.Struct, gc=False):
    until: Time


class _Progress(msgspec.Struct, gc=False):
    data: _Until


_progress: Final = msgspec.json.Decoder(_Progress).decode


class Tables:
    """Inside a transaction that somebody else begins and ends."""

    def __init__(self, db: sqlite3.Connection, threads: Numbers, communities: Numbers) -> None:
        self._db = db
        self._threads = threads
        self._communities = communities

    def add_events(self, events: Iterable[Row]) -> None:
        spans = Spans()
        self._db.executemany(_EVENT, spans.seen(events))
        self._db.executemany(PUT_SPAN, spans.rows())

    def apply(self, view: str, part: int, records: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Put the rows of ``records``, or drop those that a tombstone names."""
        puts: list[tuple[object, ...]] = []
        drops: list[tuple[object, ...]] = []
        waits: list[tuple[object, ...]] = []
        for key, value in records:
            try:
                found = self._place(view, part, key.decode())
                row, wait = self._row(view, found, key.decode(), value) if value else ((), None)
            except (ValueError, KeyError, msgspec.MsgspecError) as error:
                log.warning("a record of %s[%s] passed over: %r: %s", view, part, key, error)
                continue
            if value is None:
                drops.append(found)
                continue
            puts.append((*row[:1], part, *row[1:]) if view == "threads" else row)
            if wait is not None:
                waits.append(wait)
        self._db.executemany(_DROP[view], drops)
        self._db.executemany(_PUT[view], puts)
        if view == "threads":
            self._db.executemany(_DROP["waits"], drops)
            self._db.executemany(_PUT["waits"], waits)

    def _place(self, view: str, part: int, key: str) -> tuple[int | str, ...]:
        """The columns that find a row."""
        if view == "threads":
            return (self._threads.of(key),)
        first, _, last = key.rpartition("/")
        if view in {"items", "replies"}:
            return self._threads.of(first), unquote(last)
        community = self._communities.of(unquote(first))
        return (community, read_time(last) if view == "activity" else last, part)

    def _row(
        self, view: str, found: tuple[int | str, ...], key: str, value: bytes
    ) -> tuple[tuple[object, ...], tuple[object, ...] | None]:
        """The row, its part left out, and that of ``waits``."""
        if view == "threads":
            state, first_at, waits = rows.thread(value)
            community = self._communities.of(unquote(key.partition("/")[0]))
            return (*found, community, state, first_at, key, value), (*found, community, *waits)
        if view == "items":
            community = self._communities.of(unquote(key.partition("/")[0]))
            return (*found, community, *rows.item(value), value), None
        if view == "activity":
            return (*found, *rows.activity(value)), None
        return (*found, value), None

    def spill(self, view: str, part: int, waiting: Iterable[Waiting]) -> None:
        """Let them wait in the database."""
        self._db.executemany(_SPILL, ((part, view, *record) for record in waiting))

    def apply_spilled(self, view: str, part: int, end: int) -> None:
        """Apply those of `spill` that lie before ``end``."""
        spilled = self._db.execute(_SPILLED, (part, view, end)).fetchall()
        if spilled:
            self.apply(view, part, dict(spilled).items())
            gone = "DELETE FROM pending WHERE part = ? AND view = ? AND off < ?"
            self._db.execute(gone, (part, view, end))

    def shown(self, part: int) -> int:
        """The offset of the log up to which the views are shown."""
        found = self._db.execute("SELECT off FROM cuts WHERE part = ?", (part,)).fetchone()
        return int(found[0]) if found else 0

    def move_clock(self, part: int, said: Said) -> None:
        """Let the cut be the one that is shown, with the event time that it has come to."""
        cut = said.cut
        span = (part, self.shown(part), cut.offset)
        within = "FROM events WHERE part = ? AND off >= ? AND off < ?"
        seen = self._db.execute(
            f"SELECT community, max(at) {within} GROUP BY community",
            span,
        ).fetchall()
        marks = self._db.execute(
            f"SELECT community, raw {within} AND kind IN (?, ?)",
            (*span, *_REPLAY),
        ).fetchall()
        self._advance(part, dict(seen), marks)
        self._db.execute(
            "INSERT OR REPLACE INTO cuts VALUES(?, ?, ?, ?, ?)",
            (part, cut.offset, cut.watermark, said.offset, said.raw),
        )

    def _advance(
        self, part: int, seen: Mapping[int, int], marks: Iterable[tuple[int, bytes]]
    ) -> None:
        until: dict[int, int] = {}
        for community, raw in marks:
            at = ms(_progress(raw).data.until)
            until[community] = max(until.get(community, at), at)
        self._db.executemany(
            "INSERT INTO clock VALUES(?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " until = CASE WHEN excluded.until IS NULL THEN until"
            " ELSE max(excluded.until, ifnull(until, excluded.until)) END,"
            " seen = max(seen, excluded.seen)",
            [(number, part, until.get(number), at) for number, at in seen.items()],
        )

    def keep_position(self, topic: str, part: int, offset: int) -> None:
        self._db.execute(
            "INSERT INTO positions VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET next = excluded.next",
            (topic, part, offset),
        )
