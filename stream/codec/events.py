"""Events as CloudEvents in JSON: equal statements are equal bytes, with equal ids."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import msgspec
import orjson

from stream.codec.keys import split_key, thread_key
from stream.codec.times import stamp, stamp_of
from stream.core.events import OF_A_COMMUNITY, RANK, Event
from stream.core.when import ms
from stream.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

CONTENT_TYPE: Final = b"application/cloudevents+json"
HEADERS: Final = (("content-type", CONTENT_TYPE),)
ID_BYTES: Final = 16

_decode: Final[Callable[[bytes], Event]] = msgspec.json.Decoder(Event).decode
_KEYS_SORTED: Final = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME


class Encoded(msgspec.Struct, frozen=True, gc=False):
    """An event as it is published: ``key`` None concerns a community, so goes everywhere."""

    key: bytes | None
    value: bytes
    at: int  # its time, milliseconds
    id: str
    rank: int = 0  # of its type, among those of one time


def encode(event: Event) -> Encoded:
    """The event as one JSON object with sorted keys, its id computed from what it states."""
    data = orjson.dumps(
        msgspec.to_builtins(event.data, builtin_types=(datetime,)), _default, _KEYS_SORTED
    )
    kind = event.__struct_config__.tag
    source, subject = orjson.dumps(event.source), orjson.dumps(event.subject)
    time = stamp_of(event.time)
    said = b'["%b",%b,%b,"%b",%b]' % (str(kind).encode(), source, subject, time.encode(), data)
    digest = blake2b(said, digest_size=ID_BYTES).hexdigest()
    about = b'"subject":%b,' % subject if event.subject else b""
    value = b'{"data":%b,"id":"%b","source":%b,"specversion":"1.0",%b"time":"%b","type":"%b"}' % (
        data,
        digest.encode(),
        source,
        about,
        time.encode(),
        str(kind).encode(),
    )
    key = thread_key(event.source, event.subject) if event.subject else None
    return Encoded(key, value, ms(event.time), digest, RANK[type(event)])


def decode(record: bytes, *, where: str) -> Event:
    """The event in ``record``; ``where`` names its place in the log or file, for the error."""
    try:
        event = _decode(record)
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError) as error:
        raise DecodeError(where=where, problem=str(error)) from error
    if not event.subject and not isinstance(event, OF_A_COMMUNITY):
        raise DecodeError(where=where, problem="it names no thread: its `subject` is missing")
    return event


def identified(event: Event) -> Event:
    """The event with the id that its statement has, whatever id it came with."""
    return msgspec.structs.replace(event, id=encode(event).id)


def community_of(event: Encoded) -> str:
    """The community that an event as it is published is of."""
    if event.key is None:
        return str(orjson.loads(event.value)["source"])
    return _community(event.key[: event.key.index(b"/")])


@lru_cache(maxsize=1024)
def _community(part: bytes) -> str:
    return split_key(part)[0]


def _default(value: object) -> str:
    if isinstance(value, datetime):
        return stamp_of(value)
    raise TypeError


__all__ = [
    "CONTENT_TYPE",
    "HEADERS",
    "Encoded",
    "community_of",
    "decode",
    "encode",
    "identified",
    "stamp",
]
