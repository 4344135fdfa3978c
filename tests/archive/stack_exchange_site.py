"""The words in which tests write a tiny site's dump by hand: a row each, and the files of rows.

``question(1)``, ``answer(2)`` and the others give a row's columns; times are whole milliseconds
after `NOON`, ids are numbers, and a column given as None is left out.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from stream.archive.base import Options, Report
from stream.archive.detect import read

if TYPE_CHECKING:
    from pathlib import Path

NOON: Final = datetime(2017, 4, 24, 12, tzinfo=UTC)
SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

Row = dict[str, object]
_REFERENCES: Final = {'"': "&quot;", "\r": "&#xD;", "\n": "&#xA;", "\t": "&#x9;"}
FILES: Final = ("Posts", "Comments", "PostHistory", "Votes", "PostLinks")
PEOPLE: Final = {-1: "Community", 1: "Ann", 2: "Bob", 3: "Cem Öz"}


def after(ms: int) -> datetime:
    return NOON + timedelta(milliseconds=ms)


def stamp(ms: int) -> str:
    """As dumps print it: without a zone."""
    return after(ms).replace(tzinfo=None).isoformat(timespec="milliseconds")


def question(id_: int = 1, at: int = 0, **columns: object) -> Row:
    return {
        "Id": id_,
        "PostTypeId": 1,
        "CreationDate": stamp(at),
        "Score": 0,
        "ViewCount": 7,
        "Body": "<p>How?</p>",
        "OwnerUserId": 1,
        "Title": "How do I?",
        "Tags": "<steel><rust>",
    } | columns


def answer(id_: int = 2, at: int = HOUR, on: int = 1, **columns: object) -> Row:
    return {
        "Id": id_,
        "PostTypeId": 2,
        "ParentId": on,
        "CreationDate": stamp(at),
        "Score": 0,
        "Body": "<p>So.</p>",
        "OwnerUserId": 2,
    } | columns


def comment(id_: int, on: int = 1, at: int = MINUTE, text: str = "Why?", **columns: object) -> Row:
    return {
        "Id": id_,
        "PostId": on,
        "Score": 0,
        "Text": text,
        "CreationDate": stamp(at),
        "UserId": 3,
    } | columns


def history(type_: int, on: int = 1, at: int = 0, guid: str = "r1", **columns: object) -> Row:
    return {
        "Id": 1,
        "PostHistoryTypeId": type_,
        "PostId": on,
        "RevisionGUID": guid,
        "CreationDate": stamp(at),
        "UserId": 1,
    } | columns


def first(
    on: int = 1, at: int = 0, title: str = "How?", text: str = "*How?*", tags: str = "<steel>"
) -> list[Row]:
    """The rows of a question's first revision."""
    guid = f"first-{on}"
    texts = {2: text, 1: title, 3: tags}
    return [history(type_, on, at, guid, Text=said) for type_, said in texts.items()]


def vote(on: int, type_: int = 1, at: int = 0) -> Row:
    day = after(at).date().isoformat()
    return {"Id": 1, "PostId": on, "VoteTypeId": type_, "CreationDate": f"{day}T00:00:00.000"}


def link(of: int, on: int = 1, at: int = 0, type_: int = 3) -> Row:
    return {
        "Id": 1,
        "CreationDate": stamp(at),
        "PostId": on,
        "RelatedPostId": of,
        "LinkTypeId": type_,
    }


def users(people: dict[int, str] = PEOPLE) -> list[Row]:
    return [{"Id": id_, "Reputation": 1, "DisplayName": name} for id_, name in people.items()]


def xml(root: str, rows: list[Row], eol: str = "\r\n") -> str:
    """One file, as dumps have it, with its byte order mark."""
    lines = ['\ufeff<?xml version="1.0" encoding="utf-8"?>', f"<{root}>"]
    for row in rows:
        columns = [f"{name}={_quoted(value)}" for name, value in row.items() if value is not None]
        lines.append(f"  <row {' '.join(columns)} />")
    return eol.join([*lines, f"</{root}>"])


def write(folder: Path, *, eol: str = "\r\n", **tables: list[Row] | None) -> Path:
    """A dump of ``Posts=[...]`` and so on; Users and the files not given are there as well.

    A file given as None is not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    usual: dict[str, list[Row]] = {name: [] for name in FILES} | {"Users": users()}
    for name, rows in (usual | tables).items():
        if rows is not None:
            path = folder / f"{name}.xml"
            path.write_bytes(xml(name.lower(), rows, eol).encode())
    return folder


def told(path: Path, report: Report | None = None, **options: bool | str) -> list[Any]:
    """All events of a dump, in their order."""
    found = Options(**options)  # type: ignore[arg-type]
    return list(read([path], found, Report() if report is None else report))


def odd(report: Report) -> dict[str, int]:
    """How often each oddity came up."""
    return {code: oddity.count for code, oddity in report.oddities.items()}


def _quoted(value: object) -> str:
    """A value as dumps write it: what ends a line is a character reference."""
    return f'"{escape(str(value), _REFERENCES)}"'
