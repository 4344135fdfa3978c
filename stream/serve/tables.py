"""What one transaction writes, and how: rows of the log and of the views, the clock, positions."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from stream.core.events import ReplayFinished, ReplayProgressed
from stream.core.when import Time, ms
from stream.serve.bulk import put
from stream.serve.changed import ChangedDays
from stream.serve.changes import Changes, ViewReader
from stream.serve.log import COPY, KINDS, OF_COMMUNITY
from stream.serve.numbers import Numbers
from stream.serve.spans import WIDEN
from stream.serve.tallies import Tallies

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from stream.codec.cuts import Cut
    from stream.serve.log import Row, Stretch
    from stream.serve.spans import Span

READ_AT_ONCE: Final = 10_000

_SUMMARY: Final = 7  # Columns of `threads`; those of `waits` follow in a row that was read.
_OF_THREADS: Final = {"items", "replies"}
_DROP: Final = {
    "threads": "DELETE FROM threads WHERE no = ?",
    "items": "DELETE FROM items WHERE thread = ? AND item = ?",
    "replies": "DELETE FROM replies WHERE thread = ? AND item = ?",
    "activity": "DELETE FROM activity WHERE community = ? AND start = ? AND part = ?",
    "people": "DELETE FROM people WHERE community = ? AND key = ? AND part = ?",
}
_FURTHER: Final = (
    "ON CONFLICT DO UPDATE SET until = CASE WHEN excluded.until IS NULL THEN until"
    " ELSE max(excluded.until, ifnull(until, excluded.until)) END,"
    " seen = max(seen, excluded.seen)"
)
_EVENTS: Final = (  # Of a partition, from one offset up to another.
    "FROM stretches s JOIN events e ON e.seq BETWEEN s.seq AND s.until WHERE s.part = :part"
    " AND s.first < :end AND s.first >= ifnull((SELECT max(first) FROM stretches"
    " WHERE part = :part AND first <= :since), 0) AND e.off >= :since AND e.off < :end"
)
_OF_COMMUNITIES: Final = f"e.thread IN ({OF_COMMUNITY}, {COPY})"
_MARKS: Final = f"e.kind IN ({KINDS[ReplayProgressed]}, {KINDS[ReplayFinished]})"


class Said(NamedTuple):
    """A cut, and the record of ``progress`` that said it."""

    offset: int
    raw: bytes
    cut: Cut


class Move(NamedTuple):
    """Which cut is shown next of its partition, and up to which offset of the log one was."""

    since: int
    said: Said


class Spilled(NamedTuple):
    """Records of a view that wait in the database and lie before ``end``."""

    view: str
    part: int
    end: int


@dataclass(slots=True)
class Written:
    """All that one transaction writes; made without asking the tables."""

    threads: list[tuple[int, str]] = field(default_factory=list)
    communities: list[tuple[int, str]] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    spilled: list[Spilled] = field(default_factory=list)
    changes: Changes = field(default_factory=Changes)
    moves: list[Move] = field(default_factory=list)
    spills: list[tuple[int, str, int, bytes, bytes | None]] = field(default_factory=list)
    positions: list[tuple[str, int, int]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many of events and views, which are the most of it."""
        return len(self.events) + sum(map(len, self.changes.puts.values())) + len(self.spills)


class _Until(msgspec.Struct, gc=False):
    until: Time


class _Progress(msgspec.Struct, gc=False):
    data: _Until


_progress: Final = msgspec.json.Decoder(_Progress).decode


class Tables:
    """The one connection that writes; used by one thread at a time."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._tallies = Tallies(db)
        self._days = ChangedDays(db)
        found = db.execute("SELECT value FROM meta WHERE name = 'version'")
        self._version = int(found.fetchone()[0])  # Of the last transaction.

    def write(self, written: Written) -> None:
        """All of it or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._write(written)
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise

    def _write(self, written: Written) -> None:
        self._version += 1
        self._db.execute("UPDATE meta SET value = ? WHERE name = 'version'", (self._version,))
        self._put("INSERT INTO communities(no, name)", written.communities)
        self._put("INSERT INTO names(no, key)", written.threads)
        self._put("INSERT INTO events", written.events)
        self._put("INSERT INTO stretches", written.stretches)
        self._put("INSERT INTO spans", written.spans, WIDEN)
        for spilled in written.spilled:
            self._unspill(spilled)
        self._change(written.changes)
        self._days.write(self._version)
        for move in written.moves:
            self._move(move)
        self._put("INSERT OR REPLACE INTO pending", written.spills)
        self._put("INSERT OR REPLACE INTO positions", written.positions)

    def _put(self, into: str, rows: Sequence[Sequence[object]], then: str = "") -> None:
        put(self._db, into, rows, then)

    def _change(self, changes: Changes) -> None:
        self._days.see(changes)
        summaries = changes.puts.get("threads", ())
        waits = [(row[0], row[2], *row[_SUMMARY:]) for row in summaries]
        self._tallies.change(changes.drops.get("threads", ()), waits, self._version)
        for view, places in changes.drops.items():
            self._db.executemany(_DROP[view], places)
            if view == "threads":
                self._db.executemany("DELETE FROM waits WHERE no = ?", places)
        for view, rows in changes.puts.items():
            if view == "threads":
                self._put("INSERT OR REPLACE INTO waits", waits)
                self._put("INSERT OR REPLACE INTO threads", [row[:_SUMMARY] for row in rows])
            else:
                # Of one thread after the other: their rows lie side by side.
                together = sorted(rows, key=itemgetter(0)) if view in _OF_THREADS else rows
                self._put(f"INSERT OR REPLACE INTO {view}", together)

    def _unspill(self, spilled: Spilled) -> None:
        """Apply what waits, some at a time: there may be as much of it as there is of a view."""
        view, part, end = spilled
        since = -1
        # All that is named there got its number when it was put there.
        views = ViewReader(
            Numbers(self._db, "names", "key"), Numbers(self._db, "communities", "name")
        )
        while found := self._db.execute(
            "SELECT off, key, value FROM pending WHERE part = ? AND view = ? AND off > ?"
            " AND off < ? ORDER BY off LIMIT ?",
            (part, view, since, end, READ_AT_ONCE),
        ).fetchall():
            changes = Changes()
            latest = {key: value for _, key, value in found}
            views.read(view, part, latest.items(), changes)
            self._change(changes)
            since = found[-1][0]
        gone = "DELETE FROM pending WHERE part = ? AND view = ? AND off < ?"
        self._db.execute(gone, (part, view, end))

    def _move(self, move: Move) -> None:
        """Let the cut be the one that is shown, with the event time that it has come to."""
        offset, raw, cut = move.said
        span = {"part": cut.partition, "since": move.since, "end": cut.offset}
        seen = f"SELECT e.community, max(e.at) {_EVENTS} GROUP BY e.community"
        marks = f"SELECT e.community, e.raw {_EVENTS} AND {_OF_COMMUNITIES} AND {_MARKS}"
        self._advance(
            cut.partition,
            self._db.execute(seen, span).fetchall(),
            self._db.execute(marks, span).fetchall(),
        )
        shown = (cut.partition, cut.offset, cut.watermark, offset, raw)
        self._db.execute("INSERT OR REPLACE INTO cuts VALUES(?, ?, ?, ?, ?)", shown)

    def _advance(
        self, part: int, seen: Iterable[tuple[int, int]], marks: Iterable[tuple[int, bytes]]
    ) -> None:
        until: dict[int, int] = {}
        for community, raw in marks:
            at = ms(_progress(raw).data.until)
            until[community] = max(until.get(community, at), at)
        clock = [(community, part, until.get(community), at) for community, at in seen]
        self._put("INSERT INTO clock", clock, _FURTHER)
