"""Events as they are sorted and published: one string of bytes each, its place in the order first.

So that comparing bytes compares events, as `stream.core.events.order` does, and whoever passes
them on need not take them apart. This is no format to be kept: it lives as long as a replay.
"""

from __future__ import annotations

import struct
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from stream.codec.framing import ID_BYTES, NOWHERE, Encoded

if TYPE_CHECKING:
    from collections.abc import Callable

_HEAD: Final = struct.Struct(f">QB{ID_BYTES}sI")
_PLACE: Final = struct.Struct(f">Q{1 + ID_BYTES}xI")  # The same without rank and id
_SIGN: Final = 1 << 63  # Moments before 1970 sort before those after.
_NO_KEY: Final = 0xFFFFFFFF

KEY_AT: Final = _HEAD.size
"""Where the key begins; what has none has `NOWHERE` there."""

_UNKEYED_AT: Final = KEY_AT + len(NOWHERE)

id_of: Final[Callable[[bytes], bytes]] = itemgetter(slice(9, 9 + ID_BYTES))
"""An event's id, as `ID_BYTES` bytes."""


def packed(event: Encoded) -> bytes:
    """Its place in the order, then its key and value."""
    return record(event.at, event.rank, bytes.fromhex(event.id), event.key, event.value)


def record(at: int, rank: int, id_: bytes, key: bytes | None, value: bytes) -> bytes:
    """The same of what an event consists of."""
    if key is None:
        return _HEAD.pack(at + _SIGN, rank, id_, _NO_KEY) + NOWHERE + value
    return _HEAD.pack(at + _SIGN, rank, id_, len(key)) + key + value


def unpacked(record: bytes) -> Encoded:
    """The event that `packed` was given."""
    at, rank, id_, length = _HEAD.unpack_from(record)
    if length == _NO_KEY:
        return Encoded(None, record[_UNKEYED_AT:], at - _SIGN, id_.hex(), rank)
    value = KEY_AT + length
    return Encoded(record[KEY_AT:value], record[value:], at - _SIGN, id_.hex(), rank)


def parts(record: bytes) -> tuple[bytes | None, bytes, int]:
    """Key, value and time of the event: what is published of it."""
    at, length = _PLACE.unpack_from(record)
    if length == _NO_KEY:
        return None, record[_UNKEYED_AT:], at - _SIGN
    value = KEY_AT + length
    return record[KEY_AT:value], record[value:], at - _SIGN


def time_of(record: bytes) -> int:
    """That of the event, in milliseconds."""
    return int.from_bytes(record[:8]) - _SIGN
