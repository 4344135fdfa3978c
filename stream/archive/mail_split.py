"""From a mailbox's bytes to its mails: where one ends and the next begins, line by line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from stream.archive.opening import LINE_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from stream.archive.base import Options, Report
    from stream.archive.opening import File

MAIL_MAX: Final = LINE_MAX
HEADER_MAX: Final = 1024 * 1024
BODY_MAX: Final = 4 * 1024 * 1024  # What comes later is attached, and takes 10 times its size.
LINES_MAX: Final = 200_000

# "From somebody Mon Apr  3 10:01:34 2017", with a zone before or after the year, or none.
ENVELOPE: Final = re.compile(
    rb"From\s+(?P<who>.*?)\s*(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\s+(?P<date>\w{3}\s+\d{1,2}\s+"
    rb"\d{1,2}:\d\d(?::\d\d)?(?:\s+[-+\w]+)?\s+\d{4}(?:\s+[-+]\d{4})?)\s*$"
)
FIELD: Final = re.compile(rb"[!-9;-~]+:(?:\s|$)|[!-9;-~]+:\S")
_ESCAPED: Final = re.compile(rb">+From ")
_ITS_OWN: Final = re.compile(rb"(?:from|date|subject|message-id):", re.IGNORECASE)
TWO: Final = 2


class Raw(NamedTuple):
    """A mail as it lies there. ``envelope``: its "From " line, b"" where it has none."""

    where: str
    row: int
    envelope: bytes
    data: bytes


def looks_like_mails(head: bytes) -> bool:
    """Whether this is how a mailbox begins; or one mail, with its header, by itself."""
    lines = head.lstrip(b"\r\n").split(b"\n", 80)
    if ENVELOPE.match(lines[0].rstrip(b"\r")):
        return len(lines) > 1 and FIELD.match(lines[1]) is not None
    own = set()
    for line in lines:
        if not line.strip():
            break
        if not FIELD.match(line) and not line[:1].isspace():
            return False
        if _ITS_OWN.match(line):
            own.add(line.partition(b":")[0].lower())
    return len(own) > TWO


def mails(file: File, options: Options, report: Report) -> Iterator[Raw]:
    """The mails of one file, none of them larger than `MAIL_MAX`."""
    with file.open() as stream:
        mail = _Mail(file.where)
        for line in _lines(stream):
            if line.opens:
                yield from mail.ended(options, report)
                if line.glued:
                    report.odd("no-blank-line-before", f"{file.where}, row {line.row}")
                mail = _Mail(file.where, line.row, line.data)
            else:
                mail.add(line)
        yield from mail.ended(options, report)


class _Line(NamedTuple):
    row: int
    data: bytes
    opens: bool  # It is the envelope of another mail.
    glued: bool  # No blank line stands before it, as one should.


class _Mail:
    """The mail that is being read."""

    def __init__(self, where: str, row: int = 1, envelope: bytes = b"") -> None:
        self._where = where
        self._row = row
        self._envelope = envelope
        self._lines: list[bytes] = []
        self._size = self._header = 0
        self._body = self._cut = False

    def add(self, line: _Line) -> None:
        self._size += len(line.data) + 1
        if not self._body:
            self._header = self._size
        self._cut |= self._body and (
            self._size - self._header > BODY_MAX or len(self._lines) > LINES_MAX
        )
        if self._cut or self._header > HEADER_MAX:
            return
        data = line.data
        if self._body and _ESCAPED.match(data):
            data = data[1:]
        self._body = self._body or not data.strip()
        self._lines.append(data)

    def ended(self, options: Options, report: Report) -> Iterator[Raw]:
        if self._size > MAIL_MAX:
            problem = f"a mail longer than {MAIL_MAX >> 20} MiB"
            report.fault(self._where, self._row, problem, options)
            return
        if self._header > HEADER_MAX:
            problem = f"a mail whose header is longer than {HEADER_MAX >> 20} MiB"
            report.fault(self._where, self._row, problem, options)
            return
        if self._cut:
            what = f"only {len(self._lines):,} lines of it are read"
            report.odd("long-mail", f"{self._where}, row {self._row}: {what}")
        data = b"\n".join(self._lines).strip(b"\n")
        if not data.strip():
            if self._envelope:
                report.odd("empty-mail", f"{self._where}, row {self._row}")
            return
        if not self._envelope:
            report.odd("no-separator", f"{self._where}, row {self._row}: no line says From")
        yield Raw(self._where, self._row, self._envelope, data)


def _lines(stream: BinaryIO) -> Iterator[_Line]:
    """Lines without their ends; of one that is too long a part at a time, which adds up."""
    before, line = b"", stream.readline(BODY_MAX).removeprefix(b"\xef\xbb\xbf")
    row = 0
    while line:
        row += line.endswith(b"\n")
        after = stream.readline(BODY_MAX)
        bare = line.rstrip(b"\r\n")
        opens = line.startswith(b"From ") and bool(FIELD.match(after) and ENVELOPE.match(bare))
        yield _Line(row, bare, opens, opens and bool(before.strip()))
        before, line = line, after
