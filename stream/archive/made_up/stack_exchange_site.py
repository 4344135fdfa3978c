"""What a made-up site knows of its posts, kept in a database on disk until the dump is written."""

from __future__ import annotations

import sqlite3
import uuid
from typing import TYPE_CHECKING, Final

import orjson

from stream.archive.made_up.stack_exchange_rows import SCHEMA, escaped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from stream.core.events import Changes, CommentData, Person, PostData

CLOSE_REASONS: Final = (("duplicate", "101"), ("outside", "102"), ("needs", "103"))
OTHER_REASON: Final = "105"
OUT_OF_ORDER: Final = 16  # Of so many numbers, two change places.
SWAPPED: Final = (2, 3)


class Site:
    """Posts, comments and users by their numbers; `rows` gives them in the order of a dump."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + SCHEMA)
        self._db.execute("BEGIN")
        self._posts = self._comments = self._revisions = 0

    def close(self) -> None:
        self._db.close()

    def rows(self, query: str) -> Iterator[dict[str, object]]:
        """Each row of ``query`` by the names of its columns."""
        cursor = self._db.execute(query)
        names = [column[0] for column in cursor.description]
        for row in cursor:
            yield dict(zip(names, row, strict=True))

    def user(self, person: Person | None, at: str) -> int | None:
        """Their number; None for whoever is deleted."""
        if person is None or person.id is None:
            return None
        self._db.execute(
            "INSERT OR IGNORE INTO users VALUES (?, ?, ?)", (int(person.id), person.name, at)
        )
        return int(person.id)

    def place(self, thread: str, item: str) -> tuple[int, int | None]:
        """The number of a post, and of a comment where ``item`` is one."""
        found = self._db.execute(
            "SELECT post, comment FROM places WHERE thread = ? AND item = ?", (thread, item)
        )
        post, comment = found.fetchone()
        return post, comment

    def post(self, thread: str, data: PostData, user: int | None, at: str) -> int:
        self._posts += 1
        post = _number(self._posts)
        parent = None if data.on is None else self.place(thread, data.on)[0]
        tags = "".join(f"<{tag}>" for tag in data.tags) or None
        self._db.execute(
            "INSERT INTO posts (id, type, parent, created, user, body, title, tags, active)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                post,
                1 if parent is None else 2,
                parent,
                at,
                user,
                _html(data.text),
                data.title,
                tags,
                at,
            ),
        )
        self._db.execute("INSERT INTO places VALUES (?, ?, ?, NULL)", (thread, data.item, post))
        if parent is not None:
            self._db.execute(
                "UPDATE posts SET answers = answers + 1, active = ? WHERE id = ?", (at, parent)
            )
        return post

    def comment(self, thread: str, data: CommentData, user: int | None, at: str) -> None:
        self._comments += 1
        comment = _number(self._comments)
        post, _ = self.place(thread, data.on or "q")
        self._db.execute(
            "INSERT INTO comments (id, post, text, created, user) VALUES (?, ?, ?, ?, ?)",
            (comment, post, data.text, at, user),
        )
        self._db.execute(
            "INSERT INTO places VALUES (?, ?, ?, ?)", (thread, data.item, post, comment)
        )
        self._db.execute("UPDATE posts SET comments = comments + 1 WHERE id = ?", (post,))

    def revised(
        self,
        post: int,
        kinds: Mapping[int, str | None],
        user: int | None,
        at: str,
        *,
        note: str | None = None,
    ) -> None:
        """One revision: a row for each of ``kinds`` that it has, all with one GUID."""
        guid = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{post} {self._revisions}"))
        for kind, text in kinds.items():
            if text is not None:
                self._revisions += 1
                self._db.execute(
                    "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (self._revisions, kind, post, guid, at, user, note, text),
                )

    def edited(self, post: int, changes: Changes, user: int | None, at: str) -> None:
        body = None if changes.text is None else _html(changes.text)
        tags = None if changes.tags is None else "".join(f"<{tag}>" for tag in changes.tags)
        self._db.execute(
            "UPDATE posts SET body = ifnull(?, body), title = ifnull(?, title),"
            " tags = ifnull(?, tags), editor = ?, edited = ?, active = ? WHERE id = ?",
            (body, changes.title, tags, user, at, at, post),
        )

    def said_instead(self, comment: int | None, text: str | None) -> None:
        self._db.execute("UPDATE comments SET text = ? WHERE id = ?", (text, comment))

    def deleted(self, post: int, comment: int | None, *, gone: bool) -> None:
        by = -1 if gone else 1
        if comment is not None:
            self._db.execute("UPDATE comments SET deleted = ? WHERE id = ?", (gone, comment))
            self._db.execute("UPDATE posts SET comments = comments + ? WHERE id = ?", (by, post))
            return
        self._db.execute("UPDATE posts SET deleted = ? WHERE id = ?", (gone, post))
        self._db.execute(
            "UPDATE posts SET answers = answers + ?"
            " WHERE id = (SELECT parent FROM posts WHERE id = ?)",
            (by, post),
        )

    def accepted(self, thread: str, answer: int | None, at: str) -> None:
        day = None if answer is None else at[:10]
        self._db.execute(
            "UPDATE posts SET accepted = ?, accepted_day = ? WHERE id = ?",
            (answer, day, self.place(thread, "q")[0]),
        )

    def closed(self, post: int, why: str | None, at: str) -> str:
        """Its reason's number, as the history has it."""
        reasons = (number for word, number in CLOSE_REASONS if why is not None and word in why)
        reason = next(reasons, OTHER_REASON)
        original = 1 if reason == "101" and post != 1 else None
        self._db.execute(
            "UPDATE posts SET closed = ?, original = ? WHERE id = ?", (at, original, post)
        )
        return reason

    def reopened(self, post: int) -> None:
        self._db.execute("UPDATE posts SET closed = NULL WHERE id = ?", (post,))

    @staticmethod
    def voters(by: Person | None) -> str:
        """Who voted so, as the history has it."""
        voters = [] if by is None or by.id is None else [{"Id": int(by.id), "DisplayName": by.name}]
        return orjson.dumps({"Voters": voters}).decode()


def _number(place: int) -> int:
    return place ^ 1 if place % OUT_OF_ORDER in SWAPPED else place


def _html(text: str | None) -> str:
    return f"<p>{escaped(text or '')}</p>\n"
