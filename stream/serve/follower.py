"""The follower: the log and the view topics into SQLite, from its own position, committed only.

Here they are read and made rows of; `stream.serve.writer`, a process beside this one, writes them.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
from contextlib import asynccontextmanager, closing, suppress
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeVar

from stream.errors import BrokerError, ServeError
from stream.kafka.follow import LogReader, LostOffsetError, open_reader
from stream.kafka.topics import VIEWS, Topics
from stream.serve.numbers import UNDER_WAY
from stream.serve.schema import make, open_writer
from stream.serve.schema import open_reader as open_reader_of
from stream.serve.store import Store
from stream.serve.turns import turns
from stream.serve.writer import KeepEnds, KeepStarts, Settle
from stream.serve.writer_process import packed, writing

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from stream.config import Settings
    from stream.kafka.follow import Place
    from stream.serve.store import Arrived
    from stream.serve.tables import Written
    from stream.serve.turns import Turns
    from stream.serve.writer import Order
    from stream.serve.writer_process import WriterProcess

BATCH_RECORDS: Final = 20_000
WAIT_MS: Final = 100
ENDS_EVERY_S: Final = 1.0
ENDS_WITHIN_S: Final = 5.0
IDLE_S: Final = 30.0  # Then the write-ahead log is folded in and emptied.
LEFT_WITHIN_S: Final = 3.0
LOOKS_EVERY_S: Final = 0.05

T = TypeVar("T")

log = logging.getLogger(__name__)


class AnotherLogError(BrokerError):
    """The log is not the one that the database was built from."""


async def run(settings: Settings, database: Path) -> None:
    """Follow until cancelled, going on where the database stands.

    A log that is not the one that the database was built from makes it build anew. A second
    follower of one database is a `ServeError`, a broker that goes away a `BrokerError`.
    """
    async with _alone(database) as lock:
        _keep_to(settings, database)
        while True:
            try:
                await _follow(settings, database, lock)
            except AnotherLogError as error:
                log.warning("%s; the views are built anew", error)
                with closing(open_writer(database)) as db:
                    _rebuild(settings, db)


async def _follow(settings: Settings, database: Path, lock: int) -> None:
    with writing(database, lock) as writer:
        async with turns() as thread:
            await _Session(settings, database, writer, thread).follow()


@asynccontextmanager
async def _alone(database: Path) -> AsyncIterator[int]:
    """The file that is locked. One who was killed may leave a writer that ends what it writes."""
    with database.with_name(f"{database.name}.lock").open("w") as lock:
        until = monotonic() + LEFT_WITHIN_S
        while not _locked(lock.fileno()):
            if monotonic() > until:
                msg = f"another process writes to {database}; end it, or name another --database"
                raise ServeError(msg)
            await asyncio.sleep(LOOKS_EVERY_S)
        yield lock.fileno()


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _keep_to(settings: Settings, database: Path) -> None:
    """A database of other topics is built anew."""
    wanted = f"{settings.prefix} {settings.partitions}"
    with closing(open_writer(database)) as db:
        found = db.execute("SELECT value FROM meta WHERE name = 'topics'").fetchone()
        if found is not None and found[0] != wanted:
            msg = "the database holds the topics %s, not %s; it is built anew"
            log.warning(msg, found[0], wanted)
            _rebuild(settings, db)
        db.execute("INSERT OR REPLACE INTO meta VALUES('topics', ?)", (wanted,))


def _rebuild(settings: Settings, db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")
    make(db)
    wanted = f"{settings.prefix} {settings.partitions}"
    db.execute("INSERT OR REPLACE INTO meta VALUES('topics', ?)", (wanted,))
    db.execute("COMMIT")


class _Session:
    """One connection to the brokers, from the positions in the database on."""

    def __init__(
        self, settings: Settings, database: Path, writer: WriterProcess, thread: Turns
    ) -> None:
        self._settings = settings
        self._writer = writer
        self._writing = thread  # In which the writer is waited for.
        self._asked = open_reader_of(database, closed_elsewhere=True)
        partitions = settings.partitions
        self._store = Store(self._asked, partitions=partitions)
        names = Topics(settings.prefix)
        shorts = {view: names.view(view) for view in VIEWS}
        self._topics = {"events": names.events, "progress": names.progress, **shorts}
        self._short = {topic: short for short, topic in self._topics.items()}
        # The last event stored and the last cut shown of each partition are read again: they tell
        # one log from another that has the same name.
        self._last = _last_records(self._asked)
        self._waited_ms = 0  # Since something came, without what was done beside.

    async def follow(self) -> None:
        stored = self._store.positions()
        begin = {(self._topics[topic], part): offset for (topic, part), offset in stored.items()}
        begin |= {
            (self._topics[topic], part): off for (topic, part), (off, _) in self._last.items()
        }
        try:
            async with open_reader(self._settings, self._topics.values(), begin) as reader:
                await self._go_on(reader)
        except LostOffsetError as error:
            raise AnotherLogError(str(error).partition(";")[0]) from error
        finally:
            with suppress(Exception):  # Whatever ended us is raised already.
                await self._writing.done()
            self._asked.close()

    async def _go_on(self, reader: LogReader) -> None:
        ends = self._named(await reader.ends())
        self._store.cuts_from = {part: end for (t, part), end in ends.items() if t == "progress"}
        self._begin(KeepEnds(ends))
        starts = self._named(await reader.starts())
        log_starts = {part: off for (t, part), off in starts.items() if t == "events"}
        self._begin(KeepStarts(log_starts))
        asked = written = monotonic()
        positions: dict[tuple[str, int], int] = {}
        while True:
            batch = await self._next(reader)
            reached = self._named(await reader.positions())
            if batch or reached != positions:
                await self._write(self._store.made(self._checked(batch), reached))
                positions = reached
                written = monotonic()
            if monotonic() - asked > ENDS_EVERY_S:
                # Away: what was last known stands until it is back.
                with suppress(BrokerError, TimeoutError):
                    async with asyncio.timeout(ENDS_WITHIN_S):
                        ends = self._named(await reader.ends())
                        self._begin_newest("ends", KeepEnds(ends))
                asked = monotonic()
            if monotonic() - written > IDLE_S:
                self._begin_newest("settle", Settle())
                written = monotonic()
            await asyncio.sleep(0)

    async def _write(self, made: Written) -> None:
        """Begin to, in its turn; the next batch is made meanwhile."""
        order = packed(made)
        await self._writing.done(but=UNDER_WAY - 1)
        self._writing.begin(partial(self._writer.do, order))
        if self._store.alone:
            await self._writing.done()

    def _begin(self, order: Order) -> None:
        self._writing.begin(partial(self._writer.do, packed(order)))

    def _begin_newest(self, name: str, order: Order) -> None:
        self._writing.begin_newest(name, partial(self._writer.do, packed(order)))

    async def _next(self, reader: LogReader) -> dict[tuple[str, int], list[Arrived]]:
        """What is wanted next; {} where nothing of that comes within `WAIT_MS`."""
        wanted = self._store.wanted(BATCH_RECORDS, waited_s=self._waited_ms / 1000)
        places = {(self._topics[topic], part): most for (topic, part), most in wanted.items()}
        found = await reader.take(places, WAIT_MS)
        self._waited_ms = 0 if found else self._waited_ms + WAIT_MS
        return self._named(found)

    def _named(self, places: Mapping[Place, T]) -> dict[tuple[str, int], T]:
        return {(self._short[topic], part): value for (topic, part), value in places.items()}

    def _checked(
        self, batch: Mapping[tuple[str, int], Sequence[Arrived]]
    ) -> dict[tuple[str, int], Sequence[Arrived]]:
        """The batch less what was stored already; `AnotherLogError` where that differs."""
        checked = dict(batch)
        for place in [place for place in self._last if place in batch]:
            topic, part = place
            first, _, value = batch[place][0]
            offset, raw = self._last.pop(place)
            compacted = topic == "progress" and first > offset
            if not compacted and (first != offset or value != raw):
                msg = f"{self._topics[topic]}[{part}] is not what was read before: it was made anew"
                raise AnotherLogError(msg)
            checked[place] = batch[place][0 if compacted else 1 :]
        return checked


def _last_records(db: sqlite3.Connection) -> dict[tuple[str, int], tuple[int, bytes]]:
    """Offset and bytes of each partition's last event and last cut."""
    found: dict[tuple[str, int], tuple[int, bytes]] = {
        ("progress", part): (place, raw)
        for part, place, raw in db.execute("SELECT part, place, raw FROM cuts").fetchall()
    }
    newest = (
        "SELECT e.off, e.raw FROM stretches s JOIN events e ON e.seq = s.until WHERE s.part = ?"
        " ORDER BY s.first DESC LIMIT 1"
    )
    for (part,) in db.execute("SELECT part FROM positions WHERE topic = 'events'").fetchall():
        for last in db.execute(newest, (part,)).fetchall():
            found["events", part] = last
    return found
