"""The mails of an archive put together on disk: threads across files, and bounds of moments.

Python holds one mail at a time, and the names of one chain of answers.
"""

from __future__ import annotations

import sqlite3
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from stream.archive.mail_bounds import drop_strays, every, settle_bounds
from stream.archive.mail_dates import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream.archive.base import Report
    from stream.archive.mail_dates import Stated
    from stream.archive.mail_parse import Mail

TOPIC_MS: Final = 92 * DAY_MS  # Later answers by subject alone are taken for another matter.

_SCHEMA: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -32768;
CREATE TABLE mail (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, parent TEXT, thread TEXT,
    lo INTEGER, hi INTEGER, arrived INTEGER, month_lo INTEGER, month_hi INTEGER, printed TEXT,
    topic TEXT, answers INTEGER, author_id TEXT, author_name TEXT, subject TEXT, text TEXT,
    format TEXT, list_id TEXT, place TEXT
);
CREATE TABLE link (id TEXT PRIMARY KEY, parent TEXT) WITHOUT ROWID;
CREATE TABLE root (id TEXT PRIMARY KEY, thread TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE topic (name TEXT PRIMARY KEY, id TEXT NOT NULL, at INTEGER) WITHOUT ROWID;
"""
_NEW: Final = "INSERT OR IGNORE INTO mail VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"


class Lies(NamedTuple):
    """Where a mail lies: for errors, and the month that its file says it holds."""

    where: str
    month: tuple[int, int] | None


class Joined(NamedTuple):
    """A mail as it is told. ``lo`` and ``hi``: bounds of its moment, None where open."""

    id: str
    parent: str | None
    thread: str
    lo: int | None
    hi: int | None
    printed: str
    author_id: str | None
    author_name: str | None
    subject: str
    text: str
    format: str
    place: str


class Join:
    """Add every mail, then `link`, then take them in the order of the archive."""

    def __init__(self, report: Report) -> None:
        self._report = report
        # A file that nobody sees, gone at the end.
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.executescript(_SCHEMA)
        self._db.execute("BEGIN")
        self._seq = 0

    def close(self) -> None:
        self._db.close()

    def add(self, mail: Mail, date: Stated | None, lies: Lies) -> None:
        """One more mail; ``date`` as far as all that lies beside it allows to believe it."""
        self._seq += 1
        author, month = mail.author, lies.month or (None, None)
        row = (
            self._seq, mail.id, mail.parents[0] if mail.parents else None, None,
            None if date is None else date.after, None if date is None else date.by,
            mail.arrived, *month, mail.printed,
            mail.topic, mail.answers, author and author.id, author and author.name,
            mail.subject, mail.text, mail.format, mail.list_id, lies.where,
        )  # fmt: skip
        if not self._db.execute(_NEW, row).rowcount:
            self._report.odd("doubled-item", f"{mail.id} ({lies.where})")
            return
        chain = (mail.id, *mail.parents)
        self._db.execute("INSERT OR REPLACE INTO link VALUES (?, ?)", (mail.id, row[2]))
        self._db.executemany("INSERT OR IGNORE INTO link VALUES (?, ?)", pairwise(chain))

    def list_id(self) -> str | None:
        """The list that most mails name."""
        row = self._db.execute(
            "SELECT list_id FROM mail WHERE list_id > '' GROUP BY list_id"
            " ORDER BY COUNT(*) DESC, list_id LIMIT 1"
        ).fetchone()
        return None if row is None else str(row[0])

    def last(self) -> int | None:
        """The last moment that any mail states and that is believed."""
        row = self._db.execute("SELECT MAX(hi) FROM mail").fetchone()
        return None if row[0] is None else int(row[0])

    def link(self) -> None:
        """Find which thread every mail is of."""
        self._db.execute("CREATE INDEX answers ON mail (parent) WHERE parent IS NOT NULL")
        drop_strays(self._db, self._report)
        settle_bounds(self._db)
        self._link_topics()
        for seq, id_, where in every(self._db, "SELECT seq, id, place FROM mail"):
            thread = self._thread(id_, where)
            self._db.execute("UPDATE mail SET thread = ? WHERE seq = ?", (thread, seq))

    def mails(self) -> Iterator[Joined]:
        """All mails, as they lie; an answer to a mail that is not there is counted."""
        cursor = self._db.execute(
            "SELECT id, parent, thread, lo, hi, printed, author_id, author_name, subject, text,"
            " format, place, parent IS NULL OR EXISTS (SELECT 1 FROM mail AS other"
            " WHERE other.id = mail.parent) FROM mail ORDER BY seq"
        )
        for *row, there in cursor:
            mail = Joined(*row)
            if not there:
                self._report.odd("orphan", f"{mail.id} answers {mail.parent}, which is not there")
            yield mail

    def _thread(self, id_: str, where: str) -> str:
        """The first mail of its thread, there or not; a circle of answers is cut at its first."""
        path: dict[str, None] = {}
        at, found = id_, ""
        while not found:
            known = self._db.execute("SELECT thread FROM root WHERE id = ?", (at,)).fetchone()
            if known:
                found = str(known[0])
                break
            path[at] = None
            above = self._db.execute("SELECT parent FROM link WHERE id = ?", (at,)).fetchone()
            if above is None or above[0] is None:
                found = at
            elif above[0] in path:
                found = self._cut(list(path)[list(path).index(above[0]) :], where)
            else:
                at = above[0]
        rows = ((one, found) for one in path)
        self._db.executemany("INSERT OR IGNORE INTO root VALUES (?, ?)", rows)
        return found

    def _cut(self, circle: list[str], where: str) -> str:
        self._report.odd("circle-of-answers", f"{circle[0]} ({where})")
        first, seq = circle[0], 1 << 62
        for id_ in circle:
            row = self._db.execute("SELECT seq FROM mail WHERE id = ?", (id_,)).fetchone()
            if row is not None and row[0] < seq:
                first, seq = id_, row[0]
        self._db.execute("UPDATE mail SET parent = NULL WHERE id = ?", (first,))
        self._db.execute("UPDATE link SET parent = NULL WHERE id = ?", (first,))
        return first

    def _link_topics(self) -> None:
        """Answers that name no mail go to the latest one before with their subject."""
        query = "SELECT seq, id, topic, answers, parent, COALESCE(hi, lo), place FROM mail"
        for _, id_, topic, answers, parent, at, where in every(self._db, query):
            if not topic:
                continue
            if answers and parent is None:
                self._link_topic(id_, topic, at, where)
            self._db.execute("INSERT OR REPLACE INTO topic VALUES (?, ?, ?)", (topic, id_, at))

    def _link_topic(self, id_: str, topic: str, at: int | None, where: str) -> None:
        before = self._db.execute("SELECT id, at FROM topic WHERE name = ?", (topic,)).fetchone()
        if before is None:
            return
        if at is not None and before[1] is not None and abs(at - before[1]) > TOPIC_MS:
            return
        self._db.execute("UPDATE link SET parent = ? WHERE id = ?", (before[0], id_))
        self._report.odd("threaded-by-subject", f"{topic} ({where})")
