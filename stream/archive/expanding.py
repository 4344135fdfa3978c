"""Compressed files, expanded as they are read: by what they begin with, never without end."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple, Protocol

from typing_extensions import override

from stream.errors import ArchiveError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from typing_extensions import Buffer

    from stream.archive.base import Options

GZIP: Final = b"\x1f\x8b"
ZSTD: Final = b"\x28\xb5\x2f\xfd"
SKIPPABLE: Final = b"\x2a\x4d\x18"  # The last three bytes of a zstd frame that holds no data.
SEVEN_ZIP: Final = b"7z\xbc\xaf\x27\x1c"
WINDOW_LOG: Final = 27  # What zstd itself takes without being asked: 128 MiB of memory.
WINDOW_LOG_MAX: Final = 31  # Pushshift's files are made with --long=31.
BUFFER_BYTES: Final = 1 << 18
HEADER_BYTES: Final = 18  # The longest header of a frame
SINGLE_SEGMENT: Final = 0x20  # The flag of a frame that is held as a whole


class _Source(Protocol):
    def read(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


def is_compressed(start: bytes) -> bool:
    """Whether a file that begins with ``start`` is a .gz or a .zst, whatever its name."""
    return start.startswith((GZIP, ZSTD)) or start[1:4] == SKIPPABLE


def open_file(
    path: Path,
    options: Options,
    where: str | None = None,
    broken: Callable[[str], None] | None = None,
) -> BinaryIO:
    """The bytes of the file at ``path``, expanded; ``where`` names it in errors.

    ``ArchiveError``, also while it is read, where it is damaged, cut off or expands without end;
    ``broken`` is told of that instead, and the file ends there.
    """
    where = where or str(path)
    try:
        file = io.BufferedReader(io.FileIO(path), BUFFER_BYTES)
    except (OSError, ValueError) as error:
        raise unopened(where, error) from error
    start = file.peek(4)[:4]
    if not is_compressed(start):
        return file
    size, ratio = path.stat().st_size, options.expanded_ratio_max
    limit = _Limit(max(options.expanded_free, size * ratio))
    if start.startswith(GZIP):
        source: _Source = gzip.GzipFile(fileobj=file)
    elif _window(file.peek(HEADER_BYTES)) <= 1 << WINDOW_LOG:
        source = _zstd(file, WINDOW_LOG)
    else:
        # As much as it expands to may be held, so it must not expand far from what has been read.
        limit = _Limit(min(options.expanded_free, 1 << WINDOW_LOG), ratio)
        source = _zstd(file, WINDOW_LOG_MAX)
    return io.BufferedReader(_Expanded(source, file, where, limit, broken), BUFFER_BYTES)


def _window(start: bytes) -> int:
    """How far the first frame of a .zst refers back, which is what it takes in memory (RFC 8878).

    The most there can be, where it does not begin with a frame of data.
    """
    if not start.startswith(ZSTD) or len(start) < HEADER_BYTES:
        return 1 << WINDOW_LOG_MAX
    descriptor = start[4]
    if not descriptor & SINGLE_SEGMENT:
        base = 1 << ((start[5] >> 3) + 10)
        return base + (base >> 3) * (start[5] & 7)
    at, length = 5 + (0, 1, 2, 4)[descriptor & 3], (1, 2, 4, 8)[descriptor >> 6]
    return int.from_bytes(start[at : at + length], "little")


def too_much(where: str, most: int) -> ArchiveError:
    """The error for what expands to more than ``most`` bytes."""
    return ArchiveError(
        f"{where} expands to more than {most:,} bytes, far more than any archive does; if you trust"
        " it, expand it yourself and name the result"
    )


def unopened(where: str, error: Exception) -> ArchiveError:
    """Why a file cannot be opened, and what to do."""
    if isinstance(error, FileNotFoundError):
        return ArchiveError(f"{where} is not there; check the path")
    if isinstance(error, PermissionError):
        return ArchiveError(f"{where} may not be read; check its permissions")
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return ArchiveError(f"{where} cannot be read: {reason}")


class _Limit(NamedTuple):
    """``free`` bytes, or ``ratio`` times those that they were expanded from, whichever is more."""

    free: int
    ratio: int = 0

    def most(self, file: BinaryIO) -> int:
        return max(self.free, self.ratio * file.tell()) if self.ratio else self.free


class _Expanded(io.RawIOBase):
    """What ``source`` expands to, up to a limit, or to where it breaks."""

    def __init__(
        self,
        source: _Source,
        file: BinaryIO,
        where: str,
        limit: _Limit,
        broken: Callable[[str], None] | None,
    ) -> None:
        self._source, self._file, self._where, self._limit = source, file, where, limit
        self._broken = broken
        self._read = 0
        self._ended = False

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int:
        into = memoryview(buffer).cast("B")
        try:
            data = b"" if self._ended else self._expanded(len(into))
        except ArchiveError as error:
            if self._broken is None:
                raise
            self._broken(str(error))
            self._ended, data = True, b""
        into[: len(data)] = data
        return len(data)

    def _expanded(self, size: int) -> bytes:
        try:
            data = self._source.read(size)
        except EOFError as error:
            msg = f"{self._where} is cut off after {self._read:,} bytes of content; fetch it again"
            raise ArchiveError(msg) from error
        except (OSError, zlib.error, zstd.ZstdError) as error:
            msg = f"{self._where} is damaged after {self._read:,} bytes of content: {error}"
            raise ArchiveError(msg) from error
        self._read += len(data)
        if self._read > (most := self._limit.most(self._file)):
            raise too_much(self._where, most)
        return data

    @override
    def close(self) -> None:
        if not self.closed:
            self._source.close()
            self._file.close()
        super().close()


def _zstd(file: BinaryIO, window: int) -> _Source:
    options = {int(zstd.DecompressionParameter.window_log_max): window}
    return zstd.ZstdFile(file, options=options)
