"""Archives of JSON as rows: a document a line, or a file that is one document or a list of them."""

from __future__ import annotations

import codecs
import math
import re
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import msgspec

from stream.archive.opening import ASIDE, HEAD, LINE_MAX, lines, opened
from stream.core.when import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from stream.archive.base import Options, Report
    from stream.archive.opening import File

LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)  # A date beyond it is a slip, not a date.
OTHERS: Final = (".md", ".txt", ".html", ".xml", ".csv", ".tsv", ".rst", ".pdf", ".py", ".sh")
LOOKED_AT: Final = 20  # So many files of a folder are looked at to recognise it.
AT_ONCE_MAX: Final = 200_000  # So many commas: a list of more parts may be millions of small ones.
UNREADABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError)

Number = int | float | str | None
"""What changed its JSON type over the years."""

T = TypeVar("T")

# An escaped backslash, both halves of a character, or one of them.
_ESCAPES: Final = re.compile(rb"\\\\|\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|\\u[dD][89a-fA-F]\w\w")
_HALF_BYTES: Final = len(b"\\ud83d")
_MARKS: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{},]', re.DOTALL)


class Row(NamedTuple):
    """One JSON document: the ``row``-th line of a file, or element of its list."""

    where: str
    row: int
    data: bytes

    @property
    def place(self) -> str:
        return f"{self.where}, row {self.row}"


def rows(files: Iterable[File], options: Options, report: Report) -> Iterator[Row]:
    """The documents of all files, each valid as JSON; lists are taken apart."""
    for file in files:
        found = _by_line(file, options, report) if _in_lines(file) else _whole(file)
        for row in found:
            yield from _apart(row, options, report)


def of_json(files: list[File], report: Report) -> list[File]:
    """Without the licences, notes and tables that lie beside the data, which are counted."""
    told = [file for file in files if _named_as_json(file.name)] if len(files) > 1 else files
    names = {file.name for file in told}
    for file in files:
        if file.name not in names:
            report.odd("file-not-read", f"{file.where} is beside the data")
    return told


def decoded(row: Row, decoder: msgspec.json.Decoder[T], options: Options, report: Report) -> T:
    """The row as that type; raises `Unfit` where it was counted as unreadable."""
    try:
        return decoder.decode(row.data)
    except UNREADABLE as error:
        mended = _ESCAPES.sub(_whole_character, row.data)
        if mended != row.data:
            report.odd("half-character", f"{row.place} has half of one")
            return decoded(row._replace(data=mended), decoder, options, report)
        report.fault(row.where, row.row, f"it is not what was expected: {error}", options)
        raise Unfit from error


class Unfit(Exception):  # noqa: N818  (no error: a row that has been counted)
    """A row that is to be passed over."""


def starts(path: Path, head: bytes, options: Options) -> Iterator[bytes]:
    """How the archive's first files begin."""
    if not path.is_dir():
        yield head
        return
    from stream.archive.base import Report  # noqa: PLC0415  (it imports what we do)

    with opened(path, options, Report()) as files:
        for file in islice((f for f in files if _named_as_json(f.name)), LOOKED_AT):
            with file.open() as content:
                yield content.read(HEAD).removeprefix(codecs.BOM_UTF8)


def seconds(value: Number) -> datetime | None:
    """Seconds since 1970, as a number or as text; None for none. `ValueError` where it is no time.

    Finer than a millisecond is cut off.
    """
    if value is None or value == "":
        return None
    try:
        number = float(value) if isinstance(value, str) else value
    except ValueError:
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number) or not 0 <= number < _LATEST_S:
        msg = f"{value!r} is no time in seconds since 1970 that an archive can have"
        raise ValueError(msg)
    return EPOCH + timedelta(milliseconds=int(number * 1000))


def printed(value: str | None) -> datetime | None:
    """A time as ISO 8601; None for none. `ValueError` where it is no time; no zone means UTC."""
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = LATEST
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not EPOCH <= moment < LATEST:
        msg = f"{value!r} is no time that an archive can have"
        raise ValueError(msg)
    return moment.astimezone(UTC)


def _whole_character(escape: re.Match[bytes]) -> bytes:
    """Half of a character, as some archives have it where they cut a text, is none."""
    return b"\\ufffd" if len(escape[0]) == _HALF_BYTES else escape[0]


_LATEST_S: Final = (LATEST - EPOCH).total_seconds()


def _named_as_json(name: str) -> bool:
    """Whether a file's name does not say that it is something else."""
    bare = name.lower().rpartition("/")[2]
    return not bare.startswith(ASIDE) and not bare.endswith(OTHERS)


def _in_lines(file: File) -> bool:
    """Whether one of the first two lines is a document by itself."""
    with file.open() as content:
        first = [line.data for line in islice(lines(content), 2)]
    return first[:1] not in ([b"["], [b"{"]) and any(map(_is_document, first))


def _is_document(data: bytes) -> bool:
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except UNREADABLE:
        return False
    return data[:1] in b"{[" or data == b"null"


def _by_line(file: File, options: Options, report: Report) -> Iterator[Row]:
    with file.open() as content:
        for line in lines(content):
            if line.too_long:
                report.fault(file.where, line.row, f"longer than {LINE_MAX >> 20} MiB", options)
            elif line.data:
                yield Row(file.where, line.row, line.data)


def _whole(file: File) -> Iterator[Row]:
    """The file as one document; `_apart` says what is wrong where it is none."""
    with file.open() as content:
        data = content.read(LINE_MAX + 1).removeprefix(codecs.BOM_UTF8).strip()
    if data:
        yield Row(file.where, 1, data)


def _apart(row: Row, options: Options, report: Report) -> Iterator[Row]:
    if len(row.data) > LINE_MAX:
        report.fault(row.where, row.row, f"longer than {LINE_MAX >> 20} MiB", options)
        return
    if not row.data.startswith(b"["):
        yield row
        return
    if row.data.count(b",") > AT_ONCE_MAX:
        for number, part in enumerate(elements(row.data), row.row):
            yield Row(row.where, number, part)
        return
    try:
        parts = msgspec.json.decode(row.data, type=list[msgspec.Raw])
    except UNREADABLE as error:
        report.fault(row.where, row.row, f"it is no JSON: {error}", options)
        return
    for number, part in enumerate(parts, row.row):
        yield Row(row.where, number, bytes(part))


def elements(data: bytes) -> Iterator[bytes]:
    """The elements of a list, one after the other; whether they are JSON is not looked at."""
    depth, start = 0, 1
    for mark in _MARKS.finditer(data):
        sign = mark[0]
        if sign in b"[{":
            depth += 1
        elif sign in b"]}":
            depth -= 1
        if depth == 0 or (depth == 1 and sign == b","):
            yield data[start : mark.start()].strip()
            start = mark.end()
        if depth == 0:
            break
    if rest := data[start:].strip():
        yield rest  # What was cut off, or should not be there
    if depth:
        yield b""  # No JSON, which says so
