"""The rows of a made-up dump: which attributes each file has, in the order of real dumps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA: Final = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, created TEXT);
CREATE TABLE places (
    thread TEXT, item TEXT, post INTEGER, comment INTEGER, PRIMARY KEY (thread, item)
) WITHOUT ROWID;
CREATE TABLE posts (
    id INTEGER PRIMARY KEY, type INTEGER, parent INTEGER, created TEXT, user INTEGER, body TEXT,
    title TEXT, tags TEXT, editor INTEGER, edited TEXT, active TEXT, accepted INTEGER,
    accepted_day TEXT, closed TEXT, original INTEGER, answers INTEGER DEFAULT 0,
    comments INTEGER DEFAULT 0, deleted INTEGER DEFAULT 0
);
CREATE TABLE comments (
    id INTEGER PRIMARY KEY, post INTEGER, text TEXT, created TEXT, user INTEGER,
    deleted INTEGER DEFAULT 0
);
CREATE TABLE history (
    id INTEGER PRIMARY KEY, type INTEGER, post INTEGER, guid TEXT, created TEXT, user INTEGER,
    note TEXT, text TEXT
);
"""
# Each column is an attribute; one that is null is left out.
FILES: Final[dict[str, str]] = {
    "Posts": """
        SELECT id AS Id, type AS PostTypeId, accepted AS AcceptedAnswerId, parent AS ParentId,
            created AS CreationDate, posts.id * 7 % 5 AS Score,
            CASE type WHEN 1 THEN id * 31 % 997 END AS ViewCount, body AS Body,
            user AS OwnerUserId, editor AS LastEditorUserId, edited AS LastEditDate,
            active AS LastActivityDate, title AS Title, tags AS Tags,
            CASE type WHEN 1 THEN answers END AS AnswerCount, comments AS CommentCount,
            closed AS ClosedDate, 'CC BY-SA 3.0' AS ContentLicense
        FROM posts WHERE NOT deleted ORDER BY id
        """,
    "Comments": """
        SELECT comments.id AS Id, post AS PostId, comments.id % 3 AS Score, text AS Text,
            comments.created AS CreationDate, comments.user AS UserId,
            'CC BY-SA 3.0' AS ContentLicense
        FROM comments JOIN posts ON posts.id = post
        WHERE NOT comments.deleted AND NOT posts.deleted ORDER BY comments.id
        """,
    "PostHistory": """
        SELECT history.id AS Id, history.type AS PostHistoryTypeId, post AS PostId,
            guid AS RevisionGUID, history.created AS CreationDate, history.user AS UserId,
            note AS Comment, text AS Text, 'CC BY-SA 3.0' AS ContentLicense
        FROM history JOIN posts ON posts.id = post WHERE NOT posts.deleted ORDER BY history.id
        """,
    "Users": """
        SELECT id AS Id, 1 + id * 17 % 999 AS Reputation, created AS CreationDate,
            name AS DisplayName, created AS LastAccessDate, id AS AccountId
        FROM users ORDER BY id
        """,
    "Votes": """
        WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 4),
        votes AS (
            SELECT accepted * 5 AS id, accepted AS post, 1 AS type, accepted_day AS day
            FROM posts WHERE accepted IS NOT NULL AND NOT deleted
            UNION ALL
            SELECT posts.id * 5 + n, posts.id, 2, substr(created, 1, 10)
            FROM posts JOIN up ON n <= posts.id * 7 % 5 WHERE NOT deleted
        )
        SELECT id AS Id, post AS PostId, type AS VoteTypeId,
            day || 'T00:00:00.000' AS CreationDate
        FROM votes ORDER BY id
        """,
    "PostLinks": """
        SELECT posts.id AS Id, closed AS CreationDate, posts.id AS PostId,
            original AS RelatedPostId, 3 AS LinkTypeId
        FROM posts WHERE original IS NOT NULL AND closed IS NOT NULL AND NOT deleted ORDER BY id
        """,
}
_ESCAPED: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#xA;", "\r": "&#xD;"}
)


def attributes(row: Mapping[str, object]) -> str:
    """The attributes of one row, each with a blank before it."""
    return "".join(
        f' {name}="{escaped(str(value))}"' for name, value in row.items() if value is not None
    )


def escaped(text: str) -> str:
    """``text`` as it stands in XML."""
    return text.translate(_ESCAPED)
