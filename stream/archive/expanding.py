"""Compressed files, expanded as they are read: by what they begin with, never without end."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

from typing_extensions import override

from stream.errors import ArchiveError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Buffer

    from stream.archive.base import Options

GZIP: Final = b"\x1f\x8b"
ZSTD: Final = b"\x28\xb5\x2f\xfd"
SKIPPABLE: Final = b"\x2a\x4d\x18"  # The last three bytes of a zstd frame that holds no data.
SEVEN_ZIP: Final = b"7z\xbc\xaf\x27\x1c"
WINDOW_LOG_MAX: Final = 31  # Pushshift's files are made with --long=31.
BUFFER_BYTES: Final = 1 << 18


class _Source(Protocol):
    def read(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


def is_compressed(start: bytes) -> bool:
    """Whether a file that begins with ``start`` is a .gz or a .zst, whatever its name."""
    return start.startswith((GZIP, ZSTD)) or start[1:4] == SKIPPABLE


def open_file(path: Path, options: Options, where: str | None = None) -> BinaryIO:
    """The bytes of the file at ``path``, expanded; ``where`` names it in errors.

    ``ArchiveError``, also while it is read, where it is damaged, cut off or expands without end.
    """
    where = where or str(path)
    try:
        file = io.BufferedReader(io.FileIO(path), BUFFER_BYTES)
    except (OSError, ValueError) as error:
        raise unopened(where, error) from error
    start = file.peek(4)[:4]
    if not is_compressed(start):
        return file
    size = path.stat().st_size
    most = max(options.expanded_free, size * options.expanded_ratio_max)
    source: _Source = gzip.GzipFile(fileobj=file) if start.startswith(GZIP) else _zstd(file)
    return io.BufferedReader(_Expanded(source, file, where, most), BUFFER_BYTES)


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


class _Expanded(io.RawIOBase):
    """What ``source`` expands to, up to ``most`` bytes."""

    def __init__(self, source: _Source, file: BinaryIO, where: str, most: int) -> None:
        self._source, self._file, self._where, self._most = source, file, where, most
        self._read = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int:
        into = memoryview(buffer).cast("B")
        try:
            data = self._source.read(len(into))
        except EOFError as error:
            msg = f"{self._where} is cut off after {self._read:,} bytes of content; fetch it again"
            raise ArchiveError(msg) from error
        except (OSError, zlib.error, zstd.ZstdError) as error:
            msg = f"{self._where} is damaged after {self._read:,} bytes of content: {error}"
            raise ArchiveError(msg) from error
        self._read += len(data)
        if self._read > self._most:
            raise too_much(self._where, self._most)
        into[: len(data)] = data
        return len(data)

    @override
    def close(self) -> None:
        if not self.closed:
            self._source.close()
            self._file.close()
        super().close()


def _zstd(file: BinaryIO) -> _Source:
    options = {int(zstd.DecompressionParameter.window_log_max): WINDOW_LOG_MAX}
    return zstd.ZstdFile(file, options=options)
