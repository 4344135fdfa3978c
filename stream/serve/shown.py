"""What answers draw on: one state of the views, read in one transaction."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from stream.codec.keys import thread_key
from stream.core.position import Position
from stream.errors import BusyError
from stream.serve.log import TEXTS
from stream.serve.schema import open_reader

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from pathlib import Path

THREADS: Final = 2  # That answer aside, and as many that fold; more would take the loop its turn.
LONG_MAX: Final = 200  # Answers of each that are being made or wait; who asks then is told so.
AGAIN_S: Final = 5

T = TypeVar("T")


class Shown:
    """The views as of one cut a partition; good for as long as the transaction lasts."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.position = Position(self.rows("SELECT part, off FROM cuts"))
        ends = self.rows("SELECT part, end FROM ends WHERE topic = 'events'")
        self.lag = sum(max(end - self.position.get(part, 0), 0) for part, end in ends)

    def rows(self, query: str, *values: object) -> list[Any]:
        """All rows at once: a cursor left open would keep the write-ahead log growing."""
        return self._db.execute(query, values).fetchall()

    @property
    def database(self) -> str:
        """What tells this database from another one that has the same name."""
        return str(self.rows("SELECT value FROM meta WHERE name = 'database'")[0][0])

    @property
    def version(self) -> int:
        """Of its transactions, the last one."""
        return int(self.rows("SELECT value FROM meta WHERE name = 'version'")[0][0])

    @property
    def headers(self) -> dict[str, str]:
        """How far the answer has read."""
        return {"Threadline-Position": self.position.token, "Threadline-Lag": str(self.lag)}

    @property
    def ready(self) -> bool:
        """Whether the views hold what the log held when the follower began."""
        found = self.rows("SELECT value FROM meta WHERE name = 'goal'")
        if not found:
            return False
        goal = {int(part): end for part, end in json.loads(found[0][0]).items()}
        return self.position.covers(goal)

    def communities(self) -> dict[str, int]:
        """Name → number of those of which something is shown."""
        return dict(
            self.rows(
                "SELECT name, no FROM communities c WHERE"
                " EXISTS(SELECT 1 FROM clock WHERE community = c.no)"
                " OR EXISTS(SELECT 1 FROM threads WHERE community = c.no) ORDER BY name"
            )
        )

    def thread(self, community: str, thread: str) -> tuple[int, int, bytes] | None:
        """Number, partition and row of a thread."""
        key = thread_key(community, thread).decode()
        found = self.rows(
            "SELECT t.no, t.part, t.raw FROM names n JOIN threads t USING(no) WHERE n.key = ?", key
        )
        return found[0] if found else None

    def is_long(self, community: str, thread: str, events: int) -> bool:
        """Whether a thread has more than so many events."""
        found = self.rows(
            "SELECT count(*) FROM (SELECT 1 FROM names n JOIN events e ON e.thread = n.no"
            " WHERE n.key = ? LIMIT ?)",
            thread_key(community, thread).decode(),
            events + 1,
        )
        return bool(found[0][0] > events)

    def events(self, number: int, part: int) -> list[bytes]:
        """The events of a thread that the shown views hold, in the order of the log."""
        found = self.rows(
            "SELECT raw FROM events WHERE thread = ? AND off < ? ORDER BY seq",
            number,
            self.position.get(part, 0),
        )
        return [raw for (raw,) in found]

    def said(self, number: int, part: int) -> list[tuple[int, bytes]]:
        """Of those the ones that state texts, each with its kind (`stream.serve.log.KINDS`)."""
        return self.rows(
            f"SELECT kind, raw FROM events WHERE thread = ? AND off < ? AND kind IN {TEXTS}"  # noqa: S608 (our own numbers)
            " ORDER BY seq",
            number,
            self.position.get(part, 0),
        )

    def people(self, community: int) -> list[bytes]:
        """What was stated of a whole community's people; each partition has a copy."""
        found = self.rows("SELECT DISTINCT key, raw FROM people WHERE community = ?", community)
        return [raw for _, raw in found]

    def as_of(self, community: int | None = None) -> int | None:
        """What "now" is: up to when a replay has published all, else the latest event's time.

        Of several communities the latest; None where there are none.
        """
        partitions = len(self.rows("SELECT 1 FROM ends WHERE topic = 'events'"))
        found = self.rows(
            "SELECT min(until), count(until), max(seen) FROM clock"
            " WHERE ifnull(community = ?, 1) GROUP BY community",
            community,
        )
        return max(
            (until if known == partitions else seen for until, known, seen in found), default=None
        )


class Views:
    """The reading side of the database: one connection, in one event loop."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    @contextmanager
    def shown(self) -> Iterator[Shown]:
        """One state of all views; never keep it across an ``await``."""
        self._db.execute("BEGIN")
        try:
            yield Shown(self._db)
        finally:
            self._db.execute("COMMIT")


class AsideViews:
    """The same in threads of their own, for what takes long: other answers do not wait for it.

    What folds threads again, which may take very long, has threads of its own. Of either there are
    two, so that what takes a while does not wait for one that takes longer. With `LONG_MAX` of
    either asked for, one more is a `BusyError`.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="aside")
        self._folding = ThreadPoolExecutor(THREADS, thread_name_prefix="folding")
        self._asked = {self._threads: 0, self._folding: 0}
        self._own = threading.local()
        self._opened: list[sqlite3.Connection] = []

    async def answer(self, made: Callable[[Shown], T], *, folds: bool = False) -> T:
        """What ``made`` makes of one state of all views; ``folds``: it may fold many threads."""
        threads = self._folding if folds else self._threads
        if self._asked[threads] >= LONG_MAX:
            raise BusyError(LONG_MAX, again_s=AGAIN_S)
        self._asked[threads] += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(threads, self._answer, made)
        finally:
            self._asked[threads] -= 1

    def _answer(self, made: Callable[[Shown], T]) -> T:
        views: Views | None = getattr(self._own, "views", None)
        if views is None:
            db = open_reader(self._database, closed_elsewhere=True)
            self._opened.append(db)
            views = self._own.views = Views(db)
        with views.shown() as shown:
            return made(shown)

    def close(self) -> None:
        """End the threads, once what is being made is made."""
        self._threads.shutdown()
        self._folding.shutdown()
        for db in self._opened:
            db.close()
