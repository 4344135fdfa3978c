"""Events as CloudEvents in JSON: equal statements are equal bytes, with equal ids."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import msgspec
import orjson

from stream.codec.fitting import BESIDE_TEXT_MAX, too_much
from stream.codec.framing import NOWHERE, TAGS, Encoded, frame, framed
from stream.codec.keys import split_key
from stream.codec.times import stamp, stamp_of
from stream.core.events import OF_A_COMMUNITY, Event, ProgressData
from stream.core.when import ms
from stream.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from stream.core.events import Data

CONTENT_TYPE: Final = b"application/cloudevents+json"
HEADERS: Final = (("content-type", CONTENT_TYPE),)

_decode: Final[Callable[[bytes], Event]] = msgspec.json.Decoder(Event).decode
_json: Final = msgspec.json.Encoder(order="sorted").encode
_WHEN: Final = b'"when":{'

# What we write ends with its type, and who knows the type beforehand does not look for it first:
# a fifth of decoding's time. What ends otherwise, or is wrong, is decoded as anything else.
_ENDING: Final = 24
_by_ending: Final[dict[bytes, Callable[[bytes], Event]]] = {
    (tag + b'"}')[-_ENDING:]: msgspec.json.Decoder(kind).decode for kind, tag in TAGS.items()
}


def encode(event: Event) -> Encoded:
    """The event as one JSON object with sorted keys, its id computed from what it states."""
    at = ms(event.time)
    time = stamp(at).encode()
    around = frame(type(event), event.source, event.subject)
    return framed(around, at, time, _stated(event.data, event.time, time))


def _stated(data: Data, time: datetime, stamped: bytes) -> bytes:
    """``data`` as JSON, its times as we write them: they are all in ``when``, or ``until``."""
    raw = _json(data)
    when = getattr(data, "when", None)
    if when is None:
        if isinstance(data, ProgressData):
            return b'{"until":"%b"}' % stamp_of(data.until).encode()
        return raw
    start = raw.rindex(_WHEN)  # In no text: there, quotes are escaped.
    if when.at is None:
        bounds = (("after", when.after), ("by", when.by))
        said = [f'"{name}":"{stamp_of(bound)}"' for name, bound in bounds if bound is not None]
        about = ",".join(said).encode()
    elif when.at == time:
        about = b'"at":"%b"' % stamped
    else:
        about = b'"at":"%b"' % stamp_of(when.at).encode()
    return b'%b"when":{%b%b' % (raw[:start], about, raw[raw.index(b"}", start) :])


def decode(record: bytes, *, where: str) -> Event:
    """The event in ``record``; ``where`` names its place in the log or file, for the error."""
    try:
        event = _by_ending.get(record[-_ENDING:], _decode)(record)
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError):
        event = _decoded(record, where)
    if not event.subject and not isinstance(event, OF_A_COMMUNITY):
        raise DecodeError(where=where, problem="it names no thread: its `subject` is missing")
    if len(record) > BESIDE_TEXT_MAX and (wrong := too_much(event)):
        raise DecodeError(where=where, problem=wrong)
    return event


def _decoded(record: bytes, where: str) -> Event:
    try:
        return _decode(record)
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError) as error:
        raise DecodeError(where=where, problem=str(error)) from error


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


__all__ = [
    "CONTENT_TYPE",
    "HEADERS",
    "NOWHERE",
    "Encoded",
    "community_of",
    "decode",
    "encode",
    "identified",
    "stamp",
]
