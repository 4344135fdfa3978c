"""The SQLite database that serve reads: its tables, and how they are opened."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from stream.core.waits import METRICS
from stream.sqlite import take_as_they_are

if TYPE_CHECKING:
    from pathlib import Path

VERSION: Final = 5  # Of the tables below; a database of another is built anew.
COUNTS: Final = ("questions", "answers", "posts", "comments", "edits", "deletions", "bounded")

_WAITS: Final = ", ".join(f"{m}_status INT, {m}_after INT, {m}_by INT" for m in METRICS)
_COUNTS: Final = ", ".join(f"{count} INT NOT NULL" for count in COUNTS)

# Threads and communities are numbered in the order of first sight, which keeps the indexes of
# what is being written at their right end. Events have the order in which they came; a row of
# `stretches` says where some hundred of a partition's are. `events.thread` is 0 where an event
# concerns a community, and -1 for its copies in other partitions than the community's own.
TABLES: Final = f"""
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE communities(no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE names(no INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
CREATE TABLE events(
    seq INTEGER PRIMARY KEY, part INT NOT NULL, off INT NOT NULL, thread INT NOT NULL,
    community INT NOT NULL, kind INT NOT NULL, at INT NOT NULL, raw BLOB NOT NULL);
CREATE INDEX events_thread ON events(thread);
CREATE TABLE stretches(
    part INT, first INT, last INT NOT NULL, seq INT NOT NULL, until INT NOT NULL,
    PRIMARY KEY(part, first)) WITHOUT ROWID;
CREATE TABLE threads(
    no INTEGER PRIMARY KEY, part INT NOT NULL, community INT NOT NULL, state TEXT NOT NULL,
    first_at INT NOT NULL, key TEXT NOT NULL, raw BLOB NOT NULL);
CREATE INDEX threads_community ON threads(community, first_at, key);
CREATE INDEX threads_first ON threads(first_at, key);
CREATE INDEX threads_state ON threads(community, state, first_at, key);
CREATE TABLE waits(no INTEGER PRIMARY KEY, community INT NOT NULL, {_WAITS});
CREATE TABLE waited(
    metric INT, community INT, status INT, low INT, high INT, n INT NOT NULL,
    version INT NOT NULL, PRIMARY KEY(metric, community, status, low, high)) WITHOUT ROWID;
CREATE INDEX waited_version ON waited(metric, community, version, n);
CREATE INDEX waited_none ON waited(version) WHERE n = 0;
CREATE TABLE spans(
    no INTEGER PRIMARY KEY, first INT NOT NULL, last INT NOT NULL, edited INT NOT NULL,
    aliased INT NOT NULL);
CREATE TABLE items(
    thread INT, item TEXT, community INT NOT NULL, at INT NOT NULL, author TEXT, called TEXT,
    raw BLOB NOT NULL, PRIMARY KEY(thread, item)) WITHOUT ROWID;
CREATE INDEX items_authors ON items(community, at, author, called);
CREATE TABLE replies(
    thread INT, item TEXT, raw BLOB NOT NULL, PRIMARY KEY(thread, item)) WITHOUT ROWID;
CREATE TABLE activity(
    community INT, start INT, part INT, {_COUNTS},
    PRIMARY KEY(community, start, part)) WITHOUT ROWID;
CREATE TABLE changed(
    community INT, day INT, version INT NOT NULL,
    PRIMARY KEY(community, day)) WITHOUT ROWID;
CREATE TABLE people(
    community INT, key TEXT, part INT, raw BLOB NOT NULL,
    PRIMARY KEY(community, key, part)) WITHOUT ROWID;
CREATE TABLE clock(
    community INT, part INT, until INT, seen INT NOT NULL,
    PRIMARY KEY(community, part)) WITHOUT ROWID;
CREATE TABLE pending(
    part INT, view TEXT, off INT, key BLOB, value BLOB,
    PRIMARY KEY(part, view, off)) WITHOUT ROWID;
CREATE TABLE positions(
    topic TEXT, part INT, next INT NOT NULL, PRIMARY KEY(topic, part)) WITHOUT ROWID;
CREATE TABLE ends(
    topic TEXT, part INT, end INT NOT NULL, behind_since INT,
    PRIMARY KEY(topic, part)) WITHOUT ROWID;
CREATE TABLE cuts(
    part INTEGER PRIMARY KEY, off INT NOT NULL, watermark INT, place INT, raw BLOB);
"""
NAMES: Final = (
    *("meta", "communities", "names", "events", "stretches", "threads", "waits", "waited"),
    *(
        "spans",
        "items",
        "replies",
        "activity",
        "changed",
        "people",
        "clock",
        "pending",
        "positions",
        "ends",
        "cuts",
    ),
)


def open_writer(path: Path) -> sqlite3.Connection:
    """The one connection that writes; tables of another version are made anew.

    Its threads take turns.
    """
    take_as_they_are()
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in (
        "page_size=8192",
        "journal_mode=WAL",
        "synchronous=NORMAL",  # A power cut may lose the last batches, and their positions too.
        "cache_size=-262144",
        "busy_timeout=5000",
        "wal_autocheckpoint=32000",  # Each waits for the disk, and writes common pages once more.
        "journal_size_limit=16777216",
        "temp_store=MEMORY",
    ):
        db.execute(f"PRAGMA {pragma}").fetchall()
    db.execute("BEGIN IMMEDIATE")
    if db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
        make(db)
    db.execute("COMMIT")
    return db


def open_for_folding_in(path: Path) -> sqlite3.Connection:
    """A connection that folds in what `open_writer`'s has written."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in ("synchronous=NORMAL", "cache_size=-2048"):
        db.execute(f"PRAGMA {pragma}").fetchall()
    return db


def make(db: sqlite3.Connection) -> None:
    """Begin with empty tables, within a transaction: who reads has the old rows or none."""
    for name in NAMES:
        db.execute(f"DROP TABLE IF EXISTS {name}")
    for statement in TABLES.split(";"):
        db.execute(statement)
    db.execute(f"PRAGMA user_version={VERSION}")
    db.execute("INSERT INTO meta VALUES('database', hex(randomblob(8))), ('version', 0)")


def open_reader(path: Path, *, closed_elsewhere: bool = False) -> sqlite3.Connection:
    """A connection that can only read; one for a loop or thread, never shared.

    ``closed_elsewhere``: another thread than the one that reads may close it.
    """
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        isolation_level=None,
        check_same_thread=not closed_elsewhere,
    )
    for pragma in ("query_only=1", "cache_size=-16384", "busy_timeout=5000"):
        db.execute(f"PRAGMA {pragma}").fetchall()
    return db
