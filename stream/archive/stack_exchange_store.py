"""What the reader of dumps must remember of all rows, in a temporary SQLite file, not in memory.

SQLite makes the file itself, writes to it what `CACHE_KIB` does not hold, and removes it.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from stream.archive.stack_exchange_tables import SCHEMA, PostRow
from stream.sqlite import take_as_they_are

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CACHE_KIB: Final = 16 * 1024
ROWS: Final = 1_000  # Put or fetched at once
AHEAD: Final = 100  # Posts, each with its title

_KNOWN: Final = (
    "CREATE TABLE other.users (id INTEGER PRIMARY KEY, name TEXT)",
    "CREATE TABLE other.posts (id INTEGER PRIMARY KEY, kind INTEGER, thread INTEGER)",
    "INSERT INTO other.users SELECT id, name FROM users",
    "INSERT INTO other.posts SELECT id, kind, thread FROM posts",
)
# Where the rows of a dump's tables are put in
_INTO: Final = {"posts": "posts", "votes": "accepted"}

_NONE: Final = -(1 << 63)
_MARK: Final = "INSERT INTO marks VALUES (?, ?, ?)"
_PUT_COMMENT: Final = "INSERT OR IGNORE INTO comments VALUES (?, ?, ?)"
_PUT_POST: Final = (
    "INSERT OR IGNORE INTO posts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SOON: Final = (_PUT_COMMENT, _PUT_POST, _MARK)


class Store:
    """Posts, names and what refers to them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._do = connection.cursor().execute
        self._waiting: dict[str, list[tuple[Any, ...]]] = {sql: [] for sql in _SOON}
        self._newest = {_PUT_COMMENT: _NONE, _PUT_POST: _NONE}
        self._told: set[int] = set()  # And not yet in the table
        self._ahead: dict[int, tuple[Any, ...]] = {}  # Nobody has asked for these yet: none is told
        self._fetched = _NONE

    def put_user(self, id_: int, name: str) -> bool:
        """False where that id is there already."""
        return self._put("INSERT OR IGNORE INTO users VALUES (?, ?)", (id_, name))

    def name(self, user: int) -> str | None:
        """The name of a user; None where Users does not say."""
        found = self._do("SELECT name FROM users WHERE id = ?", (user,)).fetchone()
        return None if found is None else found[0]

    def put_duplicate(self, post: int, of: int, at: int) -> None:
        self._do("INSERT INTO duplicates VALUES (?, ?, ?)", (post, of, at))

    def duplicates(self, post: int, since: int, until: int) -> list[int]:
        """The questions that a post was linked to as a duplicate, within that time."""
        sql = "SELECT DISTINCT of FROM duplicates WHERE post = ? AND at BETWEEN ? AND ? ORDER BY of"
        return [of for (of,) in self._do(sql, (post, since, until))]

    def put_post(self, post: PostRow) -> bool:
        """False where that id is there already."""
        return self._put_soon(_PUT_POST, post)

    def place(self, post: int) -> tuple[int, int] | None:
        """Its kind and thread, once all posts are in."""
        self._flush(_PUT_POST)
        sql = "SELECT kind, thread FROM posts WHERE id = ?"
        found: tuple[int, int] | None = self._do(sql, (post,)).fetchone()
        return found

    def post(self, id_: int) -> PostRow | None:
        """All that is kept of a post."""
        self._flush(_PUT_POST)
        found = self._do("SELECT * FROM posts WHERE id = ?", (id_,)).fetchone()
        return None if found is None else self._post(found)

    def next_post(self, id_: int) -> PostRow | None:
        """The same for who asks in about the order of ids: those behind it are fetched, too."""
        found = self._ahead.pop(id_, None)
        if found is not None:
            return self._post(found)
        if id_ <= self._fetched:
            return self.post(id_)
        self._flush(_PUT_POST)
        sql = "SELECT * FROM posts WHERE id >= ? ORDER BY id LIMIT ?"
        ahead = self._do(sql, (id_, AHEAD)).fetchall()
        self._ahead = {row[0]: row for row in ahead}
        self._fetched = ahead[-1][0] if ahead else id_
        return self.next_post(id_)

    def tell(self, post: int) -> None:
        """Its creation has been told."""
        self._told.add(post)
        if len(self._told) >= ROWS:
            self._tell_all()

    def untold(self) -> bool:
        """Whether any post's creation has not been told."""
        self._flush(_PUT_POST)
        self._tell_all()
        sql = "SELECT 1 FROM posts WHERE NOT told AND kind IN (1, 2) LIMIT 1"
        return self._do(sql).fetchone() is not None

    def put_comment(self, id_: int, thread: int, score: int) -> bool:
        """False where that id is there already."""
        return self._put_soon(_PUT_COMMENT, (id_, thread, score))

    def tell_posts(self, path: Path) -> None:
        """Write to a file, for `stack_exchange_facts`, where posts belong, and names."""
        self._flush(_PUT_POST)
        with self._attached(path):
            for sql in _KNOWN:
                self._do(sql)

    def take(self, table: str, path: Path) -> bool:
        """Put in the rows that the second reader left; False where one was there already."""
        for sql in self._waiting:
            self._flush(sql)
        with self._attached(path):
            (left,) = self._do("SELECT count(*) FROM other.facts").fetchone()
            sql = f"INSERT OR IGNORE INTO {_INTO[table]} SELECT * FROM other.facts"  # noqa: S608
            return bool(self._do(sql).rowcount == left)

    def drop(self, table: str) -> None:
        """As if nothing had been put in of it."""
        if table == "posts":
            self._waiting[_PUT_POST].clear()
            self._newest[_PUT_POST] = _NONE
        self._do(f"DELETE FROM {_INTO[table]}")  # noqa: S608

    def mark(self, post: int, what: str, at: int) -> None:
        """History says that this happened to the post."""
        waiting = self._waiting[_MARK]
        waiting.append((post, what, at))
        if len(waiting) >= ROWS:
            self._flush(_MARK)

    def put_accepted(self, answer: int, day: int) -> None:
        self._do("INSERT INTO accepted VALUES (?, ?)", (answer, day))

    def index(self) -> None:
        """Nothing more is put in: make ready for `asked`."""
        for sql in self._waiting:
            self._flush(sql)
        self._tell_all()
        self._do("CREATE INDEX marked ON marks (post, what, at)")
        self._do("CREATE INDEX voted ON accepted (answer, day)")

    def asked(self, sql: str, **values: int) -> Iterator[Any]:
        """The rows that answer a question over all that was put in."""
        cursor = self._db.cursor()
        cursor.arraysize = ROWS
        return iter(cursor.execute(sql, values))

    def _post(self, row: tuple[Any, ...]) -> PostRow:
        post = PostRow._make(row)
        return post._replace(told=1) if post.id in self._told else post

    def _put_soon(self, sql: str, row: tuple[Any, ...]) -> bool:
        """The same, many at a time: dumps are in order of their ids, so most are surely new."""
        if row[0] > self._newest[sql]:
            self._newest[sql] = row[0]
            self._waiting[sql].append(tuple(row))  # Of a named one, sqlite3 asks for each part.
            if len(self._waiting[sql]) >= ROWS:
                self._flush(sql)
            return True
        self._flush(sql)
        return self._put(sql, row)

    def _flush(self, sql: str) -> None:
        waiting = self._waiting[sql]
        if waiting:
            self._db.executemany(sql, waiting)
            waiting.clear()

    def _tell_all(self) -> None:
        self._db.executemany("UPDATE posts SET told = 1 WHERE id = ?", [(n,) for n in self._told])
        self._told.clear()

    @contextmanager
    def _attached(self, path: Path) -> Iterator[None]:
        """A database, as ``other``, for which no transaction may be open."""
        self._do("COMMIT")
        self._do("ATTACH ? AS other", (str(path),))
        self._do("PRAGMA other.journal_mode=OFF")
        self._do("PRAGMA other.synchronous=OFF")
        self._do("BEGIN")
        yield
        self._do("COMMIT")
        self._do("DETACH other")
        self._do("BEGIN")

    def _put(self, sql: str, values: tuple[object, ...]) -> bool:
        return bool(self._do(sql, values).rowcount)


@contextmanager
def opened_store() -> Iterator[Store]:
    """A store that is gone afterwards."""
    with opened("") as connection:
        connection.executescript(SCHEMA)
        connection.execute("BEGIN")
        yield Store(connection)


@contextmanager
def opened(database: str) -> Iterator[sqlite3.Connection]:
    """Fast, and of no worth after a crash; "" is a file without a name."""
    take_as_they_are()
    connection = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
    try:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{CACHE_KIB}"):
            connection.execute(f"PRAGMA {pragma}")
        yield connection
    finally:
        connection.close()
