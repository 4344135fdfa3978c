"""Packed archives that claim what no memory holds, given to the command itself."""

from __future__ import annotations

import gzip
import lzma
import struct
import sys
import zlib

import py7zr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.archive.base import Options, Report
from stream.archive.opening import opened
from stream.archive.seven_zip_claims import FILES_MAX
from stream.codec.events import encode
from stream.errors import ArchiveError
from tests.archive.command import inspected, refused
from tests.story import asked

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

EVENT = encode(asked()).value + b"\n"
MIB = 1 << 20
LZMA2 = b"\x21\x21\x01"  # A coder's id and the length of its properties
LZMA = b"\x23\x03\x01\x01\x05\x5d"


def _zst(path, log, parts):
    """One frame that claims a window of 2 to the ``log`` bytes."""
    options = {
        int(zstd.CompressionParameter.window_log): 27,
        int(zstd.CompressionParameter.enable_long_distance_matching): 1,
        int(zstd.CompressionParameter.content_size_flag): 0,
    }
    packing = zstd.ZstdCompressor(options=options)
    data = bytearray(b"".join([*map(packing.compress, parts), packing.flush()]))
    data[5] = log - 10 << 3
    path.write_bytes(data)
    return path


def test_a_zst_with_a_window_of_two_gigabytes_is_read_as_far_as_it_holds_something(tmp_path):
    many = (encode(asked(thread=f"t{n}")).value + b"\n" for n in range(2_000))
    assert inspected(_zst(tmp_path / "window.zst", 31, many))["threads"] == 2_000


def test_a_zst_that_fills_such_a_window_from_nothing_is_refused(tmp_path):
    blanks = (b" " * (MIB - 1) + b"\n" for _ in range(1_000))
    path = _zst(tmp_path / "bomb.zst", 31, [EVENT, *blanks])
    refused(path, "bomb.zst expands to more than 134,217,728 bytes", "expand it yourself")


def test_a_zst_whose_window_nobody_has_is_refused(tmp_path):
    refused(_zst(tmp_path / "far.zst", 41, [EVENT]), "far.zst is damaged", "too much memory")


def _seven_zip(path, data, header):
    """A .7z as its bytes have it: what is packed, then the header."""
    start = struct.pack("<QQI", len(data), len(header), zlib.crc32(header))
    checked = struct.pack("<I", zlib.crc32(start)) + start
    path.write_bytes(b"7z\xbc\xaf\x27\x1c\x00\x04" + checked + data + header)
    return path


def _number(value):
    return b"\xff" + struct.pack("<Q", value)


def _streams(packed, size, coder):
    folder = b"\x07\x0b\x01\x00\x01" + coder + b"\x0c" + _number(size) + b"\x00"
    return b"\x06\x00\x01\x09" + _number(packed) + b"\x00" + folder + b"\x08\x00\x00"


@pytest.mark.parametrize(
    ("coder", "memory"),
    [
        pytest.param(LZMA2 + bytes([40]), "4,096 MiB", id="LZMA2"),
        pytest.param(LZMA2 + bytes([33]), "384 MiB", id="LZMA2 of 384 MiB"),
        pytest.param(LZMA + struct.pack("<I", (1 << 32) - 1), "4,095 MiB", id="LZMA"),
    ],
)
def test_a_seven_zip_with_a_vast_dictionary_is_refused(tmp_path, coder, memory):
    names = "\0Posts.xml\0".encode("utf-16-le")[1:]
    files = b"\x05\x01\x11" + _number(len(names)) + names + b"\x00"
    header = b"\x01\x04" + _streams(1, 99, coder) + files + b"\x00"
    path = _seven_zip(tmp_path / "vast.7z", b"\0", header)
    refused(path, f"vast.7z takes {memory} of memory", "expand it yourself")


def test_a_seven_zip_whose_method_damage_makes_crash_is_refused(tmp_path):
    path = tmp_path / "fragile.7z"
    with py7zr.SevenZipFile(path, "w", filters=[{"id": py7zr.FILTER_PPMD}]) as archive:
        archive.writestr(EVENT, "events.jsonl")
    refused(path, "fragile.7z is compressed by PPMd", "expand it yourself")


def test_a_seven_zip_that_claims_millions_of_files_is_refused(tmp_path):
    """In a kilobyte and a half, as its header is packed, too."""
    many = 2_000_000
    bits, names = b"\xff" * (many // 8), b"\0" + b"a\0\0\0" * many
    parts = ((b"\x0e", bits), (b"\x0f", bits), (b"\x11", names))
    told = b"".join(kind + _number(len(data)) + data for kind, data in parts)
    body = b"\x01\x05" + _number(many) + told + b"\x00\x00"
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": MIB}]
    packed = lzma.compress(body, format=lzma.FORMAT_RAW, filters=filters)
    header = b"\x17" + _streams(len(packed), len(body), LZMA2 + b"\x10")
    path = _seven_zip(tmp_path / "many.7z", packed, header)
    assert path.stat().st_size < 2_000
    refused(path, "many.7z is damaged", f"exceeds limit {FILES_MAX}")


@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4))
def test_a_seven_zip_is_read_or_refused_whatever_became_of_its_header(tmp_path_factory, changes):
    path = tmp_path_factory.mktemp("damaged") / "damaged.7z"
    with py7zr.SevenZipFile(path, "w", filters=[{"id": py7zr.FILTER_BZIP2}]) as archive:
        archive.set_encoded_header_mode(False)
        archive.writestr(b"<posts></posts>", "Posts.xml")
        archive.writestr(b"", "site/Users.xml")
    whole = path.read_bytes()
    at, size = struct.unpack("<QQ", whole[12:28])
    header = bytearray(whole[32 + at : 32 + at + size])
    for place, byte in changes:
        header[int(place * size)] = byte
    _seven_zip(path, whole[32 : 32 + at], bytes(header))
    try:
        with opened(path, Options(), Report()) as files:
            assert len(files) <= 2
    except ArchiveError as error:
        assert str(path) in str(error)  # noqa: PT017  (it may be read as well)


def test_what_is_packed_twice_is_refused(tmp_path):
    twice = tmp_path / "twice.gz"
    twice.write_bytes(gzip.compress(gzip.compress(EVENT)))
    refused(twice, "twice.gz is packed more than once", "expand it")
    inner, outer = tmp_path / "inner.7z", tmp_path / "outer.7z"
    with py7zr.SevenZipFile(inner, "w") as archive:
        archive.writestr(EVENT, "events.jsonl")
    with py7zr.SevenZipFile(outer, "w") as archive:
        archive.write(inner, "inner.7z")
    refused(outer, "outer.7z is packed more than once", "expand it")
