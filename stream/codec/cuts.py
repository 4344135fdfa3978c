"""Cuts as ``progress`` holds them: the views up to here hold the log up to there."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import msgspec

from stream.codec.times import read_time, stamp
from stream.errors import DecodeError

FINGERPRINT_BYTES: Final = 8


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """The views of one partition up to ``views`` hold its log up to ``offset``, both exclusive.

    ``views`` by name, 0 where nothing was ever written; ``watermark``: the greatest moment that
    a replay or an event of the partition has stated, in milliseconds; ``last``: the `fingerprint`
    of the record before ``offset``, by which the log is known again.
    """

    partition: int
    offset: int
    views: dict[str, int]
    watermark: int | None = None
    last: str | None = None


class _Wire(msgspec.Struct):
    partition: int
    offset: int
    views: dict[str, int]
    watermark: str | None
    last: str | None = None


_decoder = msgspec.json.Decoder(_Wire)


def cut_key(partition: int) -> bytes:
    """The key under which a partition's cuts follow one another."""
    return b"%d" % partition


def encode_cut(cut: Cut) -> bytes:
    """The cut as one JSON object."""
    watermark = None if cut.watermark is None else stamp(cut.watermark)
    return msgspec.json.encode(_Wire(cut.partition, cut.offset, cut.views, watermark, cut.last))


def fingerprint(record: bytes | None) -> str:
    """By which a record is known again: that of its value."""
    return blake2b(record or b"", digest_size=FINGERPRINT_BYTES).hexdigest()


def decode_cut(record: bytes, *, where: str) -> Cut:
    """The cut in ``record``; ``where`` names its place, for the error."""
    try:
        wire = _decoder.decode(record)
        watermark = None if wire.watermark is None else read_time(wire.watermark)
    except ValueError as error:  # msgspec's errors are some of these.
        raise DecodeError(where=where, problem=str(error)) from error
    return Cut(
        partition=wire.partition,
        offset=wire.offset,
        views=wire.views,
        watermark=watermark,
        last=wire.last,
    )
