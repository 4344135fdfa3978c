# ruff: noqa: RUF001, RUF002  (the dash of this format is U+2013)
"""The text of a Kiwix mirror's page: blank lines, dashes and two key words are all its structure.

A post ends with ``Posted TIME`` and ``Reputation: N``, a comment with ``– name – TIME``. What
stands between belongs to the next of these, whichever it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from stream.archive.base import Options, Report, community_of
from stream.archive.files import page_text
from stream.archive.kiwix_page import (
    NAME_MAX,
    TIME,
    Comment,
    Page,
    Post,
    events,
    person,
    read_time,
    slug,
)
from stream.archive.mentions import mentions
from stream.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stream.core.events import Event

_POSTED: Final = re.compile(rf"Posted ({TIME})\s*")
_REPUTATION: Final = re.compile(r"Reputation:[\d\s]*")
_HEAD: Final = re.compile(rf"^Posted {TIME}\s+Reputation:".encode(), re.MULTILINE)
_TAIL: Final = re.compile(rf"\s*–\s*({TIME})\s*$")
_GLUED: Final = re.compile(r"([1-9]\d{0,4})(?=[^\d\s])")
# Digits at the start that read as part of the text: "2017 was", "3rd", "10 %", "1.5", "2. ", "24h".
_PROSE: Final = re.compile(
    r"\d+(?:\s|[.,:/\-]\d|[.:]\s|[%°)]|(?:st|nd|rd|th|am|pm|x|k|km|kg|mm|cm|m|h|s)\b)"
)
_CUT: Final = "the page ends in the middle of this: no '– name – time' and no 'Posted' follows"


class KiwixText:
    """The page as a browser's "save as text" gives it."""

    name = "kiwix-text"
    ordered = False

    def recognises(self, path: Path, head: bytes) -> bool:  # noqa: ARG002  (a Reader's parameters)
        return _HEAD.search(head.replace(b"\r\n", b"\n")) is not None

    def read(self, path: Path, options: Options, report: Report) -> Iterator[Event]:
        lines = page_text(path, options, report).split("\n")
        return events(_Scan(path, lines, options, report).page(), report)


class _Attribution(NamedTuple):
    text: str
    name: str
    time: str


class _Scan:
    """One pass down the lines; rows count from 1, indexes from 0."""

    def __init__(self, path: Path, lines: list[str], options: Options, report: Report) -> None:
        self._path = path
        self._lines = lines
        self._options = options
        self._report = report
        self._posts: list[Post] = []

    def page(self) -> Page:
        top = self._filled(0)
        posted = next((n for n, line in enumerate(self._lines) if _POSTED.fullmatch(line)), None)
        asked = None if posted is None else read_time(_time(self._lines[posted]))
        if posted is None or asked is None or top >= posted:
            msg = (
                f"{self._path}: no question with its 'Posted' date; "
                "give the whole text of a question's page of a Kiwix mirror"
            )
            raise ArchiveError(msg)
        title = self._lines[top].strip()
        self._body(top + 1, posted)
        self._below(self._reputation(posted))
        return Page(
            community=community_of(self._path, self._options),
            thread=slug(title),
            title=title,
            asked=asked,
            posts=self._posts,
            silent_on=("accepted", "closed", "deleted", "edited"),
            scored=("comment",),
        )

    def _below(self, start: int) -> None:
        """Comments and answers, from under the question's reputation to the end."""
        index = first = self._filled(start)
        while index < len(self._lines):
            line = self._lines[index]
            after = index + 1
            if _POSTED.fullmatch(line):
                self._body(first, index)
                after = self._reputation(index)
            elif attribution := _attribution(line):
                self._comment(first, index, attribution)
            else:
                index += 1
                continue
            index = first = self._filled(after)
        if first < len(self._lines):
            self._report.fault(self._path, first + 1, _CUT, self._options)

    def _body(self, first: int, posted: int) -> None:
        """A post: one blank line above ``Posted`` means that the line above it is the name."""
        number = len(self._posts)
        last = posted - 1
        while last >= first and not self._lines[last].strip():
            last -= 1
        name, end = "", last + 1
        if posted - last <= 2 and last >= first and len(self._lines[last]) <= NAME_MAX:  # noqa: PLR2004  (one blank line)
            name, end = self._lines[last].strip(), last
        self._posts.append(
            Post(
                author=person(name, f"a{number}" if number else "q", self._report),
                text=_joined(self._lines[first:end]),
                format="text",
                printed=_time(self._lines[posted]),
            )
        )

    def _reputation(self, posted: int) -> int:
        """The index below a post's last line."""
        index = self._filled(posted + 1)
        if index < len(self._lines) and _REPUTATION.fullmatch(self._lines[index]):
            return index + 1
        problem = "no 'Reputation' follows: the page was cut off, or changed, here"
        self._report.fault(self._path, posted + 1, problem, self._options)
        return posted + 1

    def _comment(self, first: int, last: int, end: _Attribution) -> None:
        post = self._posts[-1]
        on = f"a{len(self._posts) - 1}" if len(self._posts) > 1 else "q"
        item = f"{on}.c{len(post.comments) + 1}"
        at = read_time(end.time)
        if at is None:
            problem = f"{end.time} is no time"
            self._report.fault(self._path, last + 1, problem, self._options)
            return
        if first < last and not end.text:
            self._report.odd("detached-attribution", f"{item}, row {last + 1}")
        text = _joined([*self._lines[first:last], end.text])
        score, text = self._score(text, item)
        author = person(end.name, item, self._report)
        post.comments.append(
            Comment(text=text, mentions=mentions(text), author=author, at=at, score=score)
        )

    def _score(self, text: str, item: str) -> tuple[int, str]:
        """The score glued to the front; digits that read as the text's own are left there."""
        if _PROSE.match(text):
            self._report.odd("ambiguous-score", f"{item}: {text}")
            return 0, text
        glued = _GLUED.match(text)
        return (int(glued[1]), text[glued.end() :]) if glued else (0, text)

    def _filled(self, index: int) -> int:
        """The first line from ``index`` on that is not blank."""
        while index < len(self._lines) and not self._lines[index].strip():
            index += 1
        return index


def _time(line: str) -> str:
    found = _POSTED.fullmatch(line)
    return found[1] if found else ""


def _joined(lines: list[str]) -> str:
    return "\n".join(lines).strip("\n").rstrip()


def _attribution(line: str) -> _Attribution | None:
    """``text – name – time``, read from the right; a name too long to be one is text."""
    tail = _TAIL.search(line)
    if tail is None:
        return None
    head = line[: tail.start()]
    text, dash, name = head.rpartition("–")
    attached = not text or text[-1].isspace()
    if dash and attached and len(name.strip()) <= NAME_MAX:
        return _Attribution(text.rstrip(), name.strip(), tail[1])
    return _Attribution(head.rstrip(), "", tail[1])
