"""The rows of a dump's XML files, streamed: each is one element whose attributes are the columns.

A document type declaration is refused, so nothing expands; a row is at most `ROW_MAX` long. What
breaks the XML costs the line it stands on, since dumps have a line a row.

lxml reads what is in order, in two thirds of expat's time. Where it stumbles, expat goes over the
file from its start and takes over at that row: it says where the error lies, and goes on behind.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from stream.archive.stack_exchange_xml import CHUNK, Unusual, in_order
from stream.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from stream.archive.base import Options, Report
    from stream.archive.opening import File

ROW_MAX: Final = 8 * 1024 * 1024  # A post has at most 30,000 characters.
DEPTH_MAX: Final = 100  # Rows stand right within the root; what is open takes memory.
WHOLE_MAX: Final = 1 << 62

Row = dict[str, str]

_TAG: Final = re.compile(r"[^<>|\s]+")


def rows(file: File, options: Options, report: Report) -> Iterator[tuple[int, Row]]:
    """Its rows, numbered from 1; a row that is no XML is told, and skipped where that is wanted."""
    number = 0
    try:
        with file.open() as source:
            for number, row in enumerate(in_order(_chunks(source)), 1):
                yield number, row
    except Unusual:
        for again, row in _with_faults(file, options, report):
            if again > number:
                yield again, row


def _with_faults(file: File, options: Options, report: Report) -> Iterator[tuple[int, Row]]:
    reading = _Reading(file, options, report)
    with file.open() as source:
        for chunk in _chunks(source):
            yield from reading.feed(chunk)
        yield from reading.close()


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    while chunk := source.read(CHUNK):
        yield chunk


def whole(row: Row, column: str) -> int | None:
    """The number in a column; None where there is none."""
    return known(row, column) if column in row else None


def known(row: Row, column: str) -> int:
    """The number in a column that every row has."""
    text = row.get(column)
    if text is None:
        msg = f"it has no {column}"
        raise ValueError(msg)
    try:
        number = int(text)
    except ValueError:
        number = WHOLE_MAX
    if -WHOLE_MAX < number < WHOLE_MAX and str(number) == text:
        return number
    msg = f"{column} {shown(text)} is no whole number"
    raise ValueError(msg)


def tags(text: str | None) -> tuple[str, ...]:
    """The tags in ``<one><two>``, or in ``|one|two|`` as of 2024."""
    return tuple(_TAG.findall(text)) if text else ()


def words(text: str | None) -> str:
    """A text, its lines ended by a line feed alone."""
    if not text:
        return ""
    return text.replace("\r\n", "\n") if "\r" in text else text


def shown(text: str) -> str:
    """What stands in a column, for a message."""
    return repr(text if len(text) <= 40 else text[:39] + "…")  # noqa: PLR2004  (fits a line)


class _Doctype(Exception):  # noqa: N818  (never leaves this module)
    """There is a document type declaration."""


class _TooDeep(Exception):  # noqa: N818  (never leaves this module)
    """Elements stand within elements, and so on."""


class _Reading:
    """One file; after an error a new parser goes on at the next line, within the same root."""

    def __init__(self, file: File, options: Options, report: Report) -> None:
        self._file = file
        self._options = options
        self._report = report
        self._found: list[Row] = []
        self._number = 0
        self._root: str | None = None
        self._seeking = self._stopped = False
        self._pending = 0
        self._begin()

    def feed(self, chunk: bytes) -> Iterator[tuple[int, Row]]:
        """The rows that end in ``chunk``."""
        while chunk and not self._stopped:
            if self._seeking:
                _, line_end, chunk = chunk.partition(b"\n")
                self._seeking = not line_end
                continue
            problem, rest = self._parse(chunk)
            yield from self._taken()
            if problem is None:
                problem = self._too_long(len(chunk))
            if problem is not None:
                self._fault(problem)
            chunk = rest

    def close(self) -> Iterator[tuple[int, Row]]:
        """The file has ended, which its root element should have, too."""
        if self._stopped or self._seeking:
            return
        try:
            self._parser.Parse(b"", True)  # noqa: FBT003  (takes no keyword)
        except expat.ExpatError:
            yield from self._taken()
            self._fault("the file ends here, amid its XML: was it cut off?")
        else:
            yield from self._taken()

    def _parse(self, chunk: bytes) -> tuple[str | None, bytes]:
        before = self._fed
        self._fed += len(chunk)
        try:
            self._parser.Parse(chunk, False)  # noqa: FBT003  (takes no keyword)
        except expat.ExpatError as error:
            at = max(0, self._parser.ErrorByteIndex - before)
            return f"no XML: {expat.ErrorString(error.code)}", chunk[at:]
        except (LookupError, ValueError) as error:
            msg = f"{self._file.where} is in an encoding that cannot be read: {error}"
            raise ArchiveError(msg) from error
        except _TooDeep:
            at = max(0, self._parser.CurrentByteIndex - before)
            return f"elements stand more than {DEPTH_MAX} deep in one another", chunk[at:]
        except _Doctype:
            msg = "it has a document type declaration, which no dump has, and which may expand"
            self._report.refuse(self._file.where, msg, self._options)
            self._stopped = True
            return None, b""
        return None, b""

    def _too_long(self, size: int) -> str | None:
        self._pending += size
        return f"longer than {ROW_MAX >> 20} MiB" if self._pending > ROW_MAX else None

    def _taken(self) -> Iterator[tuple[int, Row]]:
        found, self._found = self._found, []
        if found:
            self._pending = 0
        first, self._number = self._number + 1, self._number + len(found)
        return enumerate(found, first)

    def _fault(self, problem: str) -> None:
        if self._root is None:
            msg = f"{self._file.where} is no XML file of a dump: {problem}"
            raise ArchiveError(msg)
        self._number += 1
        self._report.fault(self._file.where, self._number, problem, self._options)
        self._seeking = True
        self._begin()

    def _begin(self) -> None:
        self._parser = expat.ParserCreate()
        # Since 2.6 expat keeps long rows for later, and would place an error before this chunk.
        if hasattr(self._parser, "SetReparseDeferralEnabled"):
            self._parser.SetReparseDeferralEnabled(False)  # noqa: FBT003  (takes no keyword)
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._depth = 0
        self._parser.StartDoctypeDeclHandler = _refuse
        self._fed = self._pending = 0
        if self._root is not None:
            opening = f"<{self._root}>".encode()
            self._fed = len(opening)
            self._parser.Parse(opening, False)  # noqa: FBT003  (takes no keyword)

    def _start(self, name: str, attributes: Row) -> None:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise _TooDeep
        if name == "row":
            self._found.append(attributes)
        elif self._root is None:
            self._root = name

    def _end(self, _name: str) -> None:
        self._depth -= 1


def _refuse(*_declared: object) -> None:
    raise _Doctype
