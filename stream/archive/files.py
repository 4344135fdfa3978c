"""Files as archives are given: what cannot be one is said before anything is read."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Final

from stream.errors import ArchiveError

if TYPE_CHECKING:
    from pathlib import Path

    from stream.archive.base import Options, Report

HEAD: Final = 256 * 1024  # The longest question there can be is shorter.
PAGE_MAX: Final = 64 * 1024 * 1024


def head(path: Path) -> bytes:
    """How the file begins, without a byte order mark."""
    try:
        if path.is_dir():
            msg = f"{path} is a folder; name a file in it"
            raise ArchiveError(msg)
        if path.exists() and not path.is_file():
            msg = f"{path} is no regular file; save what comes from it to a file first"
            raise ArchiveError(msg)
        with path.open("rb") as file:
            start = file.read(HEAD)
    except (OSError, ValueError) as error:
        raise _unopened(path, error) from error
    if not start.strip():
        msg = f"{path} is empty; an archive has at least one event"
        raise ArchiveError(msg)
    return start.removeprefix(codecs.BOM_UTF8)


def page_text(path: Path, options: Options, report: Report) -> str:
    """The whole of a page; lines end with a line feed alone."""
    data = _whole(path)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        report.fault(path, row, f"byte 0x{data[error.start]:02x} is not UTF-8", options)
        text = data.decode(errors="replace")
    if "\0" in text:
        row = text.count("\n", 0, text.index("\0")) + 1
        report.fault(path, row, "a NUL byte, which no text has", options)
        text = text.replace("\0", "\ufffd")
    return text.replace("\r\n", "\n")


def _whole(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > PAGE_MAX:
            msg = f"{path} has {size:,} bytes, too many for one page; is it one?"
            raise ArchiveError(msg)
        return path.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise _unopened(path, error) from error


def _unopened(path: Path, error: Exception) -> ArchiveError:
    if isinstance(error, FileNotFoundError):
        return ArchiveError(f"{path} is not there; check the path")
    if isinstance(error, PermissionError):
        return ArchiveError(f"{path} may not be read; check its permissions")
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return ArchiveError(f"{path} cannot be read: {reason}")
