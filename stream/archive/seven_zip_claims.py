"""What a .7z claims of itself before anything is expanded, and how much of that is believed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from py7zr import archiveinfo

from stream.errors import ArchiveError

if TYPE_CHECKING:
    from pathlib import Path

    from py7zr import SevenZipFile

DICTIONARY_MAX: Final = 256 * 1024 * 1024  # Held in memory, as far as something is expanded into it
FILES_MAX: Final = 100_000  # py7zr holds a kilobyte for each, and a kilobyte can claim millions.
HEADER_MAX: Final = 32 * 1024 * 1024
# Those of which py7zr expands no more at a time than it is asked for (not so Deflate and zstd), and
# that no damage makes crash (not so PPMd).
METHODS: Final = frozenset(
    (
        "LZMA2",
        "LZMA",
        "BZip2",
        "COPY",
        "delta",
        "BCJ",
        "ARM",
        "ARMT",
        "PPC",
        "SPARC",
        "IA64",
    )
)
_LZMA2, _LZMA = b"\x21", b"\x03\x01\x01"

# py7zr's own limits, which it looks up here, are far higher.
archiveinfo.MAX_NUMFILES = FILES_MAX
archiveinfo.MAX_HEADER_SIZE = HEADER_MAX


def check(archive: SevenZipFile, path: Path) -> None:
    """Raise `ArchiveError` where it is compressed in a way whose memory cannot be bounded."""
    methods = {name.rstrip("*") for name in archive.archiveinfo().method_names}
    if not methods <= METHODS:
        others = ", ".join(sorted(methods - METHODS))
        msg = f"{path} is compressed by {others}; expand it yourself and name the folder"
        raise ArchiveError(msg)
    streams = archive.header.main_streams
    folders = streams.unpackinfo.folders if streams is not None else ()
    needed = max((_dictionary(coder) for one in folders for coder in one.coders), default=0)
    if needed > DICTIONARY_MAX:
        msg = (
            f"{path} takes {needed >> 20:,} MiB of memory to expand, more than the"
            f" {DICTIONARY_MAX >> 20} that are allowed; expand it yourself and name the folder"
        )
        raise ArchiveError(msg)


def _dictionary(coder: dict[str, Any]) -> int:
    """How many bytes back a coder may refer."""
    method, properties = coder["method"], coder["properties"] or b""
    if method == _LZMA2 and properties:
        bits = properties[0] & 0x3F
        return (2 | bits & 1) << (bits // 2 + 11)
    if method == _LZMA:
        return int.from_bytes(properties[1:5], "little")
    return 0
