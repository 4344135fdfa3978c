"""The files of a .7z, put into a folder of ours: under names of ours, and never without end."""

from __future__ import annotations

import lzma
import shutil
import struct
import zlib
from contextlib import ExitStack, closing, contextmanager
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Final

from py7zr import SevenZipFile
from py7zr.exceptions import ArchiveError as SevenZipError
from py7zr.exceptions import PasswordRequired
from py7zr.io import Py7zIO, WriterFactory
from py7zr.py7zr import Worker
from typing_extensions import override

from stream.archive import seven_zip_claims as claims
from stream.archive.expanding import too_much, unopened
from stream.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from py7zr import FileInfo

    from stream.archive.base import Options, Report

AT_A_TIME: Final = 4 * 1024 * 1024
# What py7zr meets with in what is damaged, or made to be.
_BROKEN: Final = (
    SevenZipError,
    lzma.LZMAError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    TypeError,
    ValueError,
    struct.error,
)


def sizes(path: Path) -> dict[str, int]:
    """How many bytes its files have, by name."""
    with _opened(path) as archive:
        infos = [info for info in archive.list() if not info.is_directory]
        return {info.filename: info.uncompressed or 0 for info in infos}


def beginning(path: Path, name: str, size: int, options: Options) -> bytes:
    """How its file ``name`` begins; no more than that is expanded, and what lies before it."""
    taken = _Head(size)
    try:
        with _opened(path) as archive:
            _check_size(archive.list(), path, options)
            archive.extract(targets=[name], factory=_Factory(taken))
    except _Enough:
        pass
    return bytes(taken.data)


def extract(path: Path, into: Path, options: Options, report: Report) -> dict[str, Path]:
    """Its files by name, written into the folder ``into``; other things are refused."""
    with _opened(path) as archive:
        infos = [info for info in archive.list() if not info.is_directory]
        wanted = [info for info in infos if _accepted(info, path, options, report)]
        declared = _check_size(infos, path, options)
        if declared > shutil.disk_usage(into).free:
            msg = f"{path} expands to {declared:,} bytes, more than are free at {into}; make room"
            raise ArchiveError(msg)
        factory = _Folder(into, _Budget(str(path), declared))
        with factory.opened:
            archive.extract(targets=[info.filename for info in wanted], factory=factory)
        return dict(zip((info.filename for info in wanted), factory.written, strict=True))


def _accepted(info: FileInfo, path: Path, options: Options, report: Report) -> bool:
    name = PurePosixPath(info.filename)
    problem = None
    if not name.parts:
        problem = "it has no name"
    elif name.is_absolute() or ".." in name.parts or ":" in name.parts[0]:
        problem = "its name leads out of the archive"
    elif info.is_symlink:
        problem = "it is a link, not a file"
    if problem is not None:
        report.refuse(f"{path}/{info.filename}", problem, options)
    return problem is None


def _check_size(infos: list[FileInfo], path: Path, options: Options) -> int:
    """How many bytes its files have, as the archive says: what is more than that is never read."""
    most = max(options.expanded_free, path.stat().st_size * options.expanded_ratio_max)
    declared = sum(info.uncompressed or 0 for info in infos)
    if declared > most:
        raise too_much(str(path), most)
    return declared


@contextmanager
def _opened(path: Path) -> Iterator[SevenZipFile]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise unopened(str(path), error) from error
    with file:
        try:  # Given a file instead of a path, it starts no thread for each of its parts.
            with SevenZipFile(file) as archive:
                if archive.needs_password():
                    raise PasswordRequired  # noqa: TRY301  (one place says it)
                claims.check(archive, path)
                archive.worker = _Worker(archive.files, archive.afterheader, archive.header)
                yield archive
        except PasswordRequired as error:
            msg = f"{path} needs a password; expand it yourself and name the folder"
            raise ArchiveError(msg) from error
        except _BROKEN as error:
            msg = f"{path} is damaged or cut off: {str(error) or type(error).__name__}"
            raise ArchiveError(msg) from error


class _Worker(Worker):
    """Expands `AT_A_TIME` bytes at a time; py7zr's own takes 128 MB, and holds them three times."""

    @override
    def decompress(
        self,
        fp: IO[bytes],
        folder: Any,
        fq: IO[Any],
        size: int,
        compressed_size: int | None,
        src_end: int,
        q: Any = None,
    ) -> int:
        expanding = folder.get_decompressor(compressed_size)
        checksum, left = 0, size
        while left > 0:
            before = fp.tell()
            data = expanding.decompress(fp, min(left, AT_A_TIME))
            if not data and fp.tell() == before:
                raise EOFError
            fq.write(data)
            checksum = zlib.crc32(data, checksum)
            left -= len(data)
        if fp.tell() >= src_end and expanding.crc is not None and not expanding.check_crc():
            raise EOFError
        return checksum


class _Enough(Exception):  # noqa: N818  (no error)
    """As much has been expanded as was asked for."""


class _Budget:
    """How many bytes may still be written."""

    def __init__(self, where: str, most: int) -> None:
        self._where, self._most, self._left = where, most, most

    def take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise too_much(self._where, self._most)


class _Sink(Py7zIO):
    """Takes bytes and gives none back."""

    @override
    def read(self, size: int | None = None) -> bytes:
        return b""

    @override
    def seek(self, offset: int, whence: int = 0) -> int:
        return 0

    @override
    def flush(self) -> None:
        pass

    @override
    def size(self) -> int:
        return 0


class _Head(_Sink):
    def __init__(self, size: int) -> None:
        self._size, self.data = size, bytearray()

    @override
    def write(self, s: bytes | bytearray) -> int:
        self.data += s[: self._size - len(self.data)]
        if len(self.data) >= self._size:
            raise _Enough
        return len(s)


class _Written(_Sink):
    def __init__(self, path: Path, budget: _Budget) -> None:
        self._file, self._budget = path.open("xb"), budget

    @override
    def write(self, s: bytes | bytearray) -> int:
        self._budget.take(len(s))
        return self._file.write(s)

    @override
    def close(self) -> None:
        self._file.close()


class _Factory(WriterFactory):
    def __init__(self, sink: Py7zIO) -> None:
        self._sink = sink

    @override
    def create(self, filename: str) -> Py7zIO:
        return self._sink


class _Folder(WriterFactory):
    """A file of ours for each of the archive's, numbered in its order."""

    def __init__(self, into: Path, budget: _Budget) -> None:
        self.written: list[Path] = []
        self.opened = ExitStack()
        self._into, self._budget = into, budget

    @override
    def create(self, filename: str) -> Py7zIO:
        path = self._into / f"{len(self.written):06}"
        self.written.append(path)
        return self.opened.enter_context(closing(_Written(path, self._budget)))
