"""The bytes around what an event says: its id, its place, its type."""

from __future__ import annotations

from binascii import hexlify
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import msgspec

from stream.codec.keys import quoted, thread_key
from stream.core.events import RANK

if TYPE_CHECKING:
    from stream.core.events import Event

ID_BYTES: Final = 16
NOWHERE: Final = b"\xff"
"""No key begins like that: it is no UTF-8."""

_json: Final = msgspec.json.Encoder().encode
TAGS: Final = {
    kind: str(msgspec.inspect.type_info(kind).tag).encode()  # type: ignore[attr-defined]
    for kind in RANK
}


class Encoded(msgspec.Struct, frozen=True, gc=False):
    """An event as it is published: ``key`` None concerns a community, so goes everywhere."""

    key: bytes | None
    value: bytes
    at: int  # its time, milliseconds
    id: str
    rank: int = 0  # of its type, among those of one time


class Frame(msgspec.Struct, frozen=True, gc=False):
    """What the bytes of all events of one type and one thread have in common."""

    key: bytes | None
    rank: int
    stated: bytes  # How that begins of which the id is a hash
    placed: bytes  # From behind the id up to the time
    typed: bytes  # From behind the time to the end


def frame(kind: type[Event], source: str, subject: str) -> Frame:
    """That of a type's events about a thread; about a community where ``subject`` is ""."""
    tag, named = TAGS[kind], _json(subject)
    community, place = _community_parts(source)
    about = b'"subject":%b,' % named if subject else b""
    return Frame(
        place + quoted(subject).encode() if subject else None,
        RANK[kind],
        b'["%b",%b,%b,"' % (tag, community, named),
        b'","source":%b,"specversion":"1.0",%b"time":"' % (community, about),
        b'","type":"%b"}' % tag,
    )


def framed(around: Frame, at: int, time: bytes, data: bytes) -> Encoded:
    """The event whose ``data`` this is, its keys sorted; ``time``: ``at`` as we write it."""
    id_, value = identified(around, time, data)
    return Encoded(around.key, value, at, id_.hex(), around.rank)


def identified(around: Frame, time: bytes, data: bytes) -> tuple[bytes, bytes]:
    """The id of that event, as `ID_BYTES` bytes, and its value."""
    hashed = b"".join((around.stated, time, b'",', data, b"]"))
    id_ = blake2b(hashed, digest_size=ID_BYTES).digest()
    head = (b'{"data":', data, b',"id":"', hexlify(id_))
    return id_, b"".join((*head, around.placed, time, around.typed))


@lru_cache(maxsize=1024)
def _community_parts(source: str) -> tuple[bytes, bytes]:
    """A community's name as JSON, and how the keys of its threads begin."""
    return _json(source), thread_key(source, "")
