"""Rows by lxml, as long as all is as it is in dumps: of a whole file, or of a stretch of one.

A file is cut where a line ends and a row begins. There it is between two rows, since no attribute
may hold a ``<``: but for a comment or CDATA, which then lacks its end in one of the two stretches.
So stretches that are XML, each as a small document of its own, have the rows of the whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from stream.archive.stack_exchange_rows import Row

CHUNK: Final = 256 * 1024
AHEAD: Final = 8 * 1024  # Looked at first for the next row
PENDING_MAX: Final = 4 * 1024 * 1024  # Of a row: lxml would hold it whole, and several times.

_UTF_8: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml(?:(?!encoding)[^>\0])*(?:encoding=[\"']utf-8[\"'][^>\0]*)?>|<\w)",
    re.IGNORECASE,
)
_BETWEEN_ROWS: Final = re.compile(rb"\n[ \t\r\n]*(?=<row[ \t\r\n])")


class Unusual(Exception):  # noqa: N818  (says how to read, not that something is wrong)
    """What is no XML, or what lxml takes in its own way: document types, namespaces, encodings."""


@dataclass(frozen=True, slots=True)
class Stretches:
    """A file as stretches of about ``step`` bytes, numbered from 0; it has a ``root`` of rows."""

    path: Path
    root: str
    size: int
    step: int

    @property
    def count(self) -> int:
        return -(-self.size // self.step)

    def rows(self, number: int) -> Iterator[Row]:
        """Those of one of them, which may be none."""
        yield from in_order(self.document(number))

    def document(self, number: int, chunk: int = CHUNK) -> Iterator[bytes]:
        """One of them as a file of its own, which may have no rows, a ``chunk`` at a time."""
        with self.path.open("rb", buffering=0) as file:
            start, end = self._cut(file, number), self._cut(file, number + 1)
            root, at = self.root.encode(), start
            # What the file does not have in this stretch is put around it.
            if start > 0 or start == end:
                yield b'<?xml version="1.0" encoding="utf-8"?><%b>' % root
            file.seek(start)
            while at < end and (data := file.read(min(chunk, end - at))):
                at += len(data)
                yield data
            if end < self.size or start == end:
                yield b"</%b>" % root

    def _cut(self, file: BinaryIO, number: int) -> int:
        """The first place between rows at or behind the beginning of a step."""
        at = number * self.step
        if number == 0 or at >= self.size:
            return min(at, self.size)
        file.seek(at)
        data, ahead = b"", AHEAD
        while more := file.read(ahead):
            data += more
            if found := _BETWEEN_ROWS.search(data):
                return at + found.end()
            if len(data) > PENDING_MAX:
                raise Unusual
            ahead *= 2
        return self.size


def in_order(chunks: Iterable[bytes]) -> Iterator[Row]:
    """The rows up to the first thing that is not as it is in dumps, which raises `Unusual`."""
    from lxml import etree  # type: ignore[import-untyped]  # noqa: PLC0415  (loads slowly)

    try:
        yield from _parsed(chunks, etree.XMLParser)
    except etree.XMLSyntaxError as error:
        raise Unusual from error


def _parsed(chunks: Iterable[bytes], parser: Callable[..., _XMLParser]) -> Iterator[Row]:
    target = _Target()
    reading = parser(target=target, no_network=True)
    pending, source = 0, iter(chunks)
    start = next(source, b"")
    if not _UTF_8.match(start):
        raise Unusual
    for chunk in chain((start,), source):
        reading.feed(chunk)
        found, target.found = target.found, []
        pending = 0 if found else pending + len(chunk)
        if pending > PENDING_MAX:
            raise Unusual
        yield from found
    reading.close()


class _XMLParser(Protocol):
    def feed(self, data: bytes) -> None: ...
    def close(self) -> None: ...


class _Target:
    """What lxml tells of a file."""

    def __init__(self) -> None:
        self.found: list[Row] = []

    def start(self, tag: str, attributes: Row) -> None:
        if tag == "row":
            self.found.append(attributes)
        elif tag.startswith("{"):
            raise Unusual

    def doctype(self, *_declared: object) -> None:
        """Comes before anything in it is read."""
        raise Unusual

    def close(self) -> None:
        """The file has ended, as it should."""
