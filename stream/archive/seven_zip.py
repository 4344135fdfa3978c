"""The files of a .7z, put into a folder of ours: under names of ours, and never without end."""

from __future__ import annotations

import lzma
import shutil
import struct
import zlib
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Final

from py7zr import SevenZipFile
from py7zr.exceptions import ArchiveError as SevenZipError
from py7zr.exceptions import PasswordRequired
from py7zr.py7zr import Worker
from typing_extensions import override

from stream.archive import seven_zip_claims as claims
from stream.archive.expanding import too_much, unopened
from stream.archive.seven_zip_sinks import Budget, Enough, Factory, Folder, Head
from stream.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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
    taken = Head(size)
    try:
        with _opened(path) as archive:
            _check_size(archive.list(), path, options)
            archive.extract(targets=[name], factory=Factory(taken))
    except Enough:
        pass
    return bytes(taken.data)


def extract(path: Path, into: Path, options: Options, report: Report) -> dict[str, Path]:
    """Its files by name, written into the folder ``into``; other things are refused.

    One that is damaged ends there, where that is skipped; those behind it are not there.
    """
    with _opened(path) as archive:
        infos = [info for info in archive.list() if not info.is_directory]
        wanted = [info for info in infos if _accepted(info, path, options, report)]
        declared = _check_size(infos, path, options)
        if declared > shutil.disk_usage(into).free:
            msg = f"{path} expands to {declared:,} bytes, more than are free at {into}; make room"
            raise ArchiveError(msg)
        factory = Folder(into, Budget(str(path), declared))
        with factory.opened, _as_far_as_it_goes(report.breaks(str(path), options), path):
            archive.extract(targets=[info.filename for info in wanted], factory=factory)
        return dict(zip((info.filename for info in wanted), factory.written, strict=False))


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
            raise ArchiveError(_problem(path, error)) from error


@contextmanager
def _as_far_as_it_goes(broken: Callable[[str], None] | None, path: Path) -> Iterator[None]:
    """What was written before it broke is there, and whoever skips such things goes on with it."""
    try:
        yield
    except _BROKEN as error:
        no_room = isinstance(error, OSError) and error.errno is not None
        if broken is None or no_room:
            raise
        broken(_problem(path, error))


def _problem(path: Path, error: BaseException) -> str:
    return f"{path} is damaged or cut off: {str(error) or type(error).__name__}"


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
