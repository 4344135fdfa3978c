"""Pages: files that are held whole, as text."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Final

from stream.archive.expanding import open_file, unopened
from stream.errors import ArchiveError

if TYPE_CHECKING:
    from pathlib import Path

    from stream.archive.base import Options, Report

PAGE_MAX: Final = 64 * 1024 * 1024


def page_text(path: Path, options: Options, report: Report) -> str:
    """The whole of a page; lines end with a line feed alone."""
    data = _whole(path, options)
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


def _whole(path: Path, options: Options) -> bytes:
    try:
        with open_file(path, options) as file:
            data = file.read(PAGE_MAX + 1)
    except OSError as error:
        raise unopened(str(path), error) from error
    if len(data) > PAGE_MAX:
        msg = f"{path} has more than {PAGE_MAX:,} bytes, too many for one page; is it one?"
        raise ArchiveError(msg)
    return data.removeprefix(codecs.BOM_UTF8)
