"""Rows as dumps have them: a line each, with the same columns as the line before.

Checked and split at its quotes, such a line takes two thirds of the time that lxml needs for it,
and its values stay the bytes that they are. Whatever is not surely what an XML parser would find
raises `Unusual`: then it is one that has to be asked.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from stream.archive.stack_exchange_xml import Unusual

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from stream.archive.stack_exchange_rows import Row

LINE_MAX: Final = 1 << 20  # A longer one is looked at by lxml, which need not hold it.
DIGITS_MAX: Final = 17  # Any number of so many can be told.

_HEAD: Final = (
    rb"(?:\xef\xbb\xbf)?<\?xml version=[\"']1\.0[\"'] encoding=[\"'](?i:utf-8)[\"'] ?\?>\s*<%b>"
)
# What is looked for in bytes is a number: they take eight times as long to find `b"&"`.
_NOT_USUAL: Final = tuple(set(range(32)) - {0x09, 0x0A})  # No XML; nor are returns in a row.
_TAB, _RETURN, _AMPERSAND = b"\t\r&"
_NO_CHARACTERS: Final = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")
# What "&" may begin, and what it stands for; "&amp;" last, or what it leaves would be looked at.
_REFERENCES: Final = {
    b"&lt;": b"<",
    b"&gt;": b">",
    b"&quot;": b'"',
    b"&apos;": b"'",
    b"&#xA;": b"\n",
    b"&#xD;": b"\r",
    b"&#x9;": b"\t",
    b"&amp;": b"&",
}
_REFERENCE: Final = re.compile(b"|".join(_REFERENCES))
_BEFORE: Final = re.compile(rb" *<row ([A-Z][A-Za-z]*)=")
_BETWEEN: Final = re.compile(rb" ([A-Z][A-Za-z]*)=")
_BEHIND: Final = re.compile(rb" ?/> *")

Values = tuple[bytes, ...]


def rows(chunks: Iterable[bytes], root: str, columns: tuple[str, ...]) -> Iterator[Values]:
    """Of each row its line, then what it has in ``columns``, b"" where it does not have one.

    It is as it is written: `plain` gives what is meant.
    """
    begins = re.compile(_HEAD % root.encode())
    ends, ended = f"</{root}>".encode(), False
    names: list[bytes] = []
    opens = 0  # Where a row's one "<" is
    values: Callable[[list[bytes]], Values] = itemgetter(-1)
    for lines in _lines(chunks, begins):
        for line in lines:
            parts = line.split(b'"')
            if parts[::2] != names or line.rfind(b"<") != opens:
                if ended:
                    raise Unusual
                if line.strip(b" ") == ends:
                    ended, names = True, []  # No other line is like that.
                    continue
                names, opens = parts[::2], line.find(b"<")
                if line.rfind(b"<") != opens:
                    raise Unusual
                values = _getter(tuple(names), columns)
            parts[-1] = b""
            parts.append(line)
            yield values(parts)
    if not ended:
        raise Unusual


def row(line: bytes) -> Row:
    """All columns of a line that `rows` gave."""
    parts = line.split(b'"')
    return dict(zip(_columns(tuple(parts[::2])), map(plain, parts[1::2]), strict=True))


def plain(value: bytes) -> str:
    """What a column says."""
    if _AMPERSAND in value:
        for written, meant in _REFERENCES.items():
            value = value.replace(written, meant)
    return value.decode()


@lru_cache(maxsize=256)
def _getter(names: tuple[bytes, ...], wanted: tuple[str, ...]) -> Callable[[list[bytes]], Values]:
    """Takes what is wanted from the parts of a line, of which the last two are b"" and the line."""
    columns = _columns(names)
    places = (2 * columns.index(name) + 1 if name in columns else -2 for name in wanted)
    return itemgetter(-1, *places)


@lru_cache(maxsize=256)
def _columns(names: tuple[bytes, ...]) -> tuple[str, ...]:
    """The columns of a row, by what stands before each value, and behind the last."""
    first, *others, last = names if len(names) > 1 else (b"", b"")
    found = [_BEFORE.fullmatch(first), *map(_BETWEEN.fullmatch, others)]
    columns = [match[1].decode() for match in found if match is not None]
    as_usual = len(columns) == len(found) == len(set(columns)) and _BEHIND.fullmatch(last)
    if not as_usual:
        raise Unusual
    return tuple(columns)


def _lines(chunks: Iterable[bytes], begins: re.Pattern[bytes]) -> Iterator[list[bytes]]:
    """Whole lines of rows, many at a time, none of them blank."""
    rest, source = b"", iter(chunks)
    start = next(source, b"")
    head = begins.match(start)
    if head is None:
        raise Unusual
    for chunk in chain((start[head.end() :],), source):
        data = rest + chunk
        end = data.rfind(b"\n") + 1
        rest = data[end:]
        if len(rest) > LINE_MAX:
            raise Unusual
        yield _split(data[:end])
    yield _split(rest)


def _split(data: bytes) -> list[bytes]:
    """The lines that are not blank."""
    if _RETURN in data:
        data = data.replace(b"\r\n", b"\n")
    if _TAB in data:
        data = data.replace(b"\t", b" ")  # Which is what it stands for, anywhere in a row.
    # Memory is gone over once for each, and yet sooner than once with a look at each byte.
    if any(map(data.__contains__, _NOT_USUAL)):
        raise Unusual
    lines = data.split(b"\n")
    if not all(lines):
        lines = [line for line in lines if line.strip(b" ")]
    if not data.isascii():
        _check_utf_8(lines)
    if _AMPERSAND in data:
        _check_references(lines)
    return lines


def _check_utf_8(lines: list[bytes]) -> None:
    for line in lines:
        if line.isascii():
            continue
        try:
            line.decode()
        except UnicodeDecodeError as error:
            raise Unusual from error
        if b"\xef" in line and any(sequence in line for sequence in _NO_CHARACTERS):
            raise Unusual


def _check_references(lines: list[bytes]) -> None:
    for line in lines:
        if _AMPERSAND in line and len(_REFERENCE.findall(line)) < line.count(b"&"):
            raise Unusual
