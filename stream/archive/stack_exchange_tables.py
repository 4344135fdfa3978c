"""The tables in which the reader of dumps remembers what it must, and a row of its posts."""

from __future__ import annotations

from typing import Final, NamedTuple

QUESTION, ANSWER = 1, 2  # As PostTypeId says; the others are no part of a thread.

SCHEMA: Final = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE duplicates (post INTEGER, of INTEGER, at INTEGER);
CREATE TABLE posts (
    id INTEGER PRIMARY KEY, kind INTEGER, thread INTEGER, at INTEGER,
    owner INTEGER, owner_name TEXT, title TEXT, tags TEXT,
    score INTEGER, views INTEGER, accepted INTEGER, closed INTEGER,
    edited INTEGER, editor INTEGER, editor_name TEXT, told INTEGER DEFAULT 0
);
CREATE TABLE comments (id INTEGER PRIMARY KEY, thread INTEGER, score INTEGER);
CREATE TABLE marks (post INTEGER, what TEXT, at INTEGER);
CREATE TABLE accepted (answer INTEGER, day INTEGER);
"""


class PostRow(NamedTuple):
    """A post as Posts has it, without its body; moments in milliseconds."""

    id: int
    kind: int
    thread: int
    at: int
    owner: int | None = None
    owner_name: str | None = None
    title: str | None = None
    tags: str | None = None
    score: int | None = None
    views: int | None = None
    accepted: int | None = None
    closed: int | None = None
    edited: int | None = None
    editor: int | None = None
    editor_name: str | None = None
    told: int = 0
