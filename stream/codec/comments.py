"""A comment from what an archive's row has of it to the bytes of its event, without the event.

Of the events of a large dump four in five are comments, and much of each has been said before: who
wrote it, what it belongs to. `stream.codec.events.encode` gives the same bytes for `event`.
"""

from __future__ import annotations

from typing import Final

import msgspec
import orjson

from stream.codec.framing import Encoded, Frame, frame, framed
from stream.core.events import CommentCreated, CommentData, Person
from stream.core.when import When, to_datetime

_json: Final = msgspec.json.Encoder(order="sorted").encode


class Thread(msgspec.Struct, frozen=True, gc=False):
    """What all comments of a thread have in common."""

    source: str
    subject: str
    frame: Frame


class Author(msgspec.Struct, frozen=True, gc=False):
    """Who wrote some of them, and how that is said; ``person`` None where nobody is known."""

    person: Person | None
    said: bytes


class Comment(msgspec.Struct, gc=False):
    """What there is to say of one, in markdown; ``time``: ``at`` as we write it."""

    thread: Thread
    author: Author
    item: str
    on: str
    text: str
    mentions: tuple[str, ...]
    at: int
    time: bytes


def thread(source: str, subject: str) -> Thread:
    """That of a community and a thread."""
    return Thread(source, subject, frame(CommentCreated, source, subject))


def author(person: Person | None) -> Author:
    """``person`` as who wrote something."""
    return Author(person, b"" if person is None else b'"author":%b,' % _json(person))


def encode(comment: Comment) -> Encoded:
    """Its event as it is published. No text of it may have lone surrogates: XML has none."""
    text = orjson.dumps  # Strings are as msgspec has them, but sooner.
    said = comment.author.said, text(comment.item), called(comment.mentions), text(comment.on)
    data = stated(*said, text(comment.text), comment.time)
    return framed(comment.thread.frame, comment.at, comment.time, data)


def called(mentions: tuple[str, ...]) -> bytes:
    """How those that a comment mentions are said."""
    return b',"mentions":' + orjson.dumps(mentions) if mentions else b""


def stated(  # noqa: PLR0913, PLR0917  (by name, they would take a tenth longer)
    author: bytes, item: bytes, called: bytes, on: bytes, text: bytes, time: bytes
) -> bytes:
    """The ``data`` of a comment: ``item``, ``on`` and ``text`` are JSON, ``time`` is not."""
    return b"".join(
        (
            b"{",
            author,
            b'"format":"markdown","item":',
            item,
            called,
            b',"on":',
            on,
            b',"text":',
            text,
            b',"when":{"at":"',
            time,
            b'"}}',
        )
    )


def event(comment: Comment) -> CommentCreated:
    """The event itself."""
    at, about = to_datetime(comment.at), comment.thread
    data = CommentData(
        item=comment.item,
        on=comment.on,
        author=comment.author.person,
        text=comment.text,
        format="markdown",
        mentions=comment.mentions,
        when=When(at=at),
    )
    return CommentCreated(source=about.source, subject=about.subject, time=at, data=data)
