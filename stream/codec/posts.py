"""How a post began and how it was edited, from what an archive's rows have to an event's bytes.

As `stream.codec.comments`, for the events that a dump has the most of besides: ``data`` as
`stream.codec.events.encode` has it, of a `PostCreated` and a `PostEdited`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
import orjson

from stream.codec.comments import stated
from stream.codec.framing import Frame, frame
from stream.core.events import PostCreated, PostEdited

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream.core.events import Person


@lru_cache(maxsize=1_000)  # Of some 600 bytes each
def begun(source: str, subject: str) -> Frame:
    """What the events have in common that say how the posts of a thread began."""
    return frame(PostCreated, source, subject)


@lru_cache(maxsize=1_000)  # As above
def changed(source: str, subject: str) -> Frame:
    """The same of edits."""
    return frame(PostEdited, source, subject)


def person(somebody: Person | None, as_what: bytes) -> bytes:
    """Who it was, ``author`` or ``by``; nothing where nobody is known."""
    if somebody is None:
        return b""
    return b'"%b":%b,' % (as_what, msgspec.json.encode(somebody, order="sorted"))


def listed(tags: Iterable[str]) -> bytes:
    """Tags, as they are said."""
    return orjson.dumps(tuple(tags))


def question(  # noqa: PLR0913, PLR0917  (by name, they would take a tenth longer)
    author: bytes,
    item: bytes,
    silent_on: bytes,
    tags: bytes,
    text: bytes,
    title: bytes,
    time: bytes,
) -> bytes:
    """All but ``author`` and ``time`` are JSON; ``tags`` [] are none, no more is a title "" one."""
    return b"".join(
        (
            b"{",
            author,
            b'"format":"markdown","item":',
            item,
            b',"kind":"question","silent_on":',
            silent_on,
            b',"tags":' + tags if tags != b"[]" else b"",
            b',"text":',
            text,
            b',"title":' + title if title != b'""' else b"",
            b',"when":{"at":"',
            time,
            b'"}}',
        )
    )


def answer(author: bytes, item: bytes, on: bytes, text: bytes, time: bytes) -> bytes:
    """The same of an answer to the question ``on``."""
    # What it is stands where a comment says whom it calls; all else is as of a comment.
    return stated(author, item, b',"kind":"answer"', on, text, time)


def edit(  # noqa: PLR0913, PLR0917  (as above)
    by: bytes,
    item: bytes,
    note: bytes | None,
    revision: bytes,
    tags: bytes | None,
    text: bytes | None,
    title: bytes | None,
    time: bytes,
    *,
    rollback: bool,
) -> bytes:
    """All but ``by`` and ``time`` are JSON; what is None was not changed, or not said."""
    said = ((b"tags", tags), (b"text", text), (b"title", title))
    changes = [b'"%b":%b' % (what, to) for what, to in said if to is not None]
    return b"".join(
        (
            b"{",
            by,
            b'"changes":{',
            b",".join(changes),
            b'},"item":',
            item,
            b"" if note is None else b',"note":' + note,
            b',"revision":',
            revision,
            b',"rollback":true,"when":{"at":"' if rollback else b',"when":{"at":"',
            time,
            b'"}}',
        )
    )
