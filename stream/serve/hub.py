"""One reader of the stored log for all subscribers: each row is read once and framed once.

Subscribers share the frames of the newest rows and hold only a cursor; one that is further behind
reads by itself until it has come up. While there is nobody, nothing is read. A cursor is made of
log offsets, so that it holds for any serve process, in whatever order each has stored the
partitions.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from stream.core.position import Position
from stream.serve.log import COPY

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from stream.serve.notice import Commits

ROWS: Final = 1_000  # Read and sent at a time,
CHUNK_BYTES: Final = 1 << 20  # or fewer, where they come to so much.
RING_BYTES: Final = 16 << 20
FILTERS_KEPT: Final = 8  # Of a chunk: frames that are joined already; others are joined anew.
NOBODY: Final = -2  # No thread or community has this number.
_COLUMNS: Final = "seq, part, off, thread, community, kind, at, raw"
_LAST: Final = "SELECT last FROM stretches WHERE part = ? ORDER BY first DESC LIMIT 1"
_STRETCH: Final = (  # The one that holds an offset, or the first behind it.
    "SELECT seq FROM stretches WHERE part = ? AND first >= ifnull((SELECT max(first)"
    " FROM stretches WHERE part = ? AND first <= ?), 0) AND last >= ? ORDER BY first LIMIT 1"
)


class Event(NamedTuple):
    """A row of ``events``."""

    seq: int
    part: int
    off: int
    thread: int
    community: int
    kind: int
    at: int
    raw: bytes


class Filter(NamedTuple):
    """What a subscriber wants; None: all."""

    kinds: frozenset[int] | None = None
    thread: str | None = None  # Its key.
    community: str | None = None
    since: int | None = None


class Resolved(NamedTuple):
    """A filter with the numbers that the names have by now."""

    kinds: frozenset[int] | None
    thread: int | None
    community: int | None
    since: int | None

    def wants(self, event: Event) -> bool:
        """A community's events are sent once, not once a partition."""
        return (
            event.thread != COPY
            and (self.kinds is None or event.kind in self.kinds)
            and (self.thread is None or event.thread == self.thread)
            and (self.community is None or event.community == self.community)
            and (self.since is None or event.at >= self.since)
        )


class Chunk:
    """Rows after ``first`` up to ``last``, framed as for somebody who stands at ``before``."""

    def __init__(self, first: int, last: int, rows: Sequence[Event], before: Position) -> None:
        self.first = first
        self.last = last
        self.before = before
        self.after = Position(before)
        self.size = sum(len(row.raw) for row in rows)
        self._rows = rows
        self._joined: dict[Resolved, bytes] = {}
        self._frames: list[bytes] | None = None

    def joined(self, wanted: Resolved) -> bytes:
        """The frames for one filter; ``after`` is right from then on."""
        joined = self._joined.get(wanted)
        if joined is None:
            frames = zip(self._rows, self._framed(), strict=True)
            joined = b"".join(frame for row, frame in frames if frame and wanted.wants(row))
            if len(self._joined) >= FILTERS_KEPT:
                del self._joined[next(iter(self._joined))]
            self._joined[wanted] = joined
        return joined

    def _framed(self) -> list[bytes]:
        if self._frames is None:
            self._frames = []
            for row in self._rows:
                fresh = row.off >= self.after.get(row.part, 0)
                if fresh:
                    self.after[row.part] = row.off + 1
                self._frames.append(_frame(row.raw, self.after) if fresh else b"")
        return self._frames


def _frame(raw: bytes, cursor: Position) -> bytes:
    if b"\n" in raw or b"\r" in raw:  # Of another producer; never inside a JSON string.
        raw = b" ".join(raw.split())
    return b"id: %b\ndata: %b\n\n" % (cursor.token.encode(), raw)


class Hub:
    """Runs in the loop of the API, beside its readers."""

    def __init__(self, db: sqlite3.Connection, commits: Commits, *, partitions: int) -> None:
        self._db = db
        self._commits = commits
        self._partitions = partitions
        self._ring: deque[Chunk] = deque()
        self._bytes = 0
        self._listening = 0
        self._moved = asyncio.get_running_loop().create_future()
        self.stopping = False
        self._begin()

    def _begin(self) -> None:
        """Stand at the end of what is stored."""
        self.database = self._database()
        self.top = int(self._one("SELECT ifnull(max(seq), 0) FROM events") or 0)
        self.end = Position()
        for part in range(self._partitions):
            last = self._one(_LAST, part)
            if last is not None:
                self.end[part] = last + 1
        self._ring.clear()
        self._bytes = 0

    async def run(self) -> None:
        """Read on at each commit, until cancelled."""
        while True:
            committed = self._commits.next()
            if not self._listening or self._database() != self.database:
                self._begin()
                self._move()
            while self._listening and (chunk := self.read(self.top, self.end)):
                chunk.joined(Resolved(None, None, None, None))
                self._ring.append(chunk)
                self._bytes += chunk.size
                while self._bytes > RING_BYTES and len(self._ring) > 1:
                    self._bytes -= self._ring.popleft().size
                self.top, self.end = chunk.last, chunk.after
                self._move()
                await asyncio.sleep(0)
            self._move()  # Caught up may be true now, though no row came.
            await asyncio.wait([committed])

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Rows are read as they come for as long as anybody is here."""
        self._listening += 1
        try:
            yield
        finally:
            self._listening -= 1

    def stop(self) -> None:
        """Let all subscribers end."""
        self.stopping = True
        self._move()

    def moved(self) -> asyncio.Future[None]:
        """Done at the next row, and whenever else there is something to look at."""
        return self._moved

    def _move(self) -> None:
        done, self._moved = self._moved, asyncio.get_running_loop().create_future()
        done.set_result(None)

    def read(self, after: int, before: Position, until: int = 1 << 62) -> Chunk | None:
        """The rows after ``after``, for one who stands at ``before``; None where there are none."""
        rows: list[Event] = []
        size = 0
        query = f"SELECT {_COLUMNS} FROM events WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"  # noqa: S608
        # A cursor left open would keep the write-ahead log growing.
        with closing(self._db.execute(query, (after, until, ROWS))) as found:
            for row in found:
                rows.append(Event(*row))
                size += len(rows[-1].raw)
                if size >= CHUNK_BYTES:
                    break
        return Chunk(after, rows[-1].seq, rows, before) if rows else None

    def after(self, seq: int, cursor: Position) -> Chunk | None:
        """What comes for one who has read up to ``seq`` and stands at ``cursor``."""
        if seq >= self.top:
            return None
        for chunk in self._ring:
            if chunk.first == seq and chunk.before == cursor:
                return chunk
            if chunk.last > seq:
                return self.read(seq, cursor, chunk.first if chunk.first > seq else chunk.last)
        return self.read(seq, cursor, self.top)

    def start(self, cursor: Position) -> int:
        """A row after which is all that ``cursor`` has not seen; little comes before that."""
        earliest = self.top
        for part in range(self._partitions):
            off = cursor.get(part, 0)
            seq = self._one(_STRETCH, part, part, off, off)
            if seq is not None:
                earliest = min(earliest, seq - 1)
        return earliest

    def now(self) -> Position:
        """The end of the log, which may be further than what is stored."""
        found = self._db.execute("SELECT part, end FROM ends WHERE topic = 'events'").fetchall()
        return self.end.join(dict(found))

    def resolved(self, wanted: Filter) -> Resolved:
        """The filter in numbers; a name that has none yet matches nothing yet."""
        thread, community = wanted.thread, wanted.community
        return Resolved(
            wanted.kinds,
            self._number("names WHERE key = ?", thread),
            self._number("communities WHERE name = ?", community),
            wanted.since,
        )

    def at_end(self) -> bool:
        """Whether the whole log has been read, as far as its end is known."""
        behind = self._one(
            "SELECT 1 FROM ends e LEFT JOIN positions p USING(topic, part)"
            " WHERE e.topic = 'events' AND ifnull(p.next, 0) < e.end"
        )
        return behind is None and self._one("SELECT 1 FROM ends") is not None

    def _number(self, table: str, name: str | None) -> int | None:
        if name is None:
            return None
        number = self._one(f"SELECT no FROM {table}", name)  # noqa: S608 (our own names)
        return NOBODY if number is None else number

    def _database(self) -> str | None:
        found = self._db.execute("SELECT value FROM meta WHERE name = 'database'").fetchone()
        return found[0] if found else None

    def _one(self, query: str, *values: object) -> int | None:
        found = self._db.execute(query, values).fetchall()
        return found[0][0] if found else None
