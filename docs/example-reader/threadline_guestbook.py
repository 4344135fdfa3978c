# ruff: noqa: INP001  (a module by itself, as small packages are)
"""Guest books saved as CSV: ``entry,answers,name,written,text``, one entry a row.

Told: every entry, under the one it answers. Not told: nothing; the format has no more.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from stream.archive.base import community_of
from stream.archive.opening import lines, opened
from stream.core.events import CommentCreated, CommentData, Event, Person, PostCreated, PostData
from stream.core.when import When

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stream.archive.base import Options, Report

HEADER = b"entry,answers,name,written,text"

# What a guest book cannot tell, so that its absence is not read as "no".
SILENT = ("accepted", "closed", "deleted", "edited", "score")


class Guestbook:
    """One row at a time: memory does not grow with the file."""

    name = "guestbook"
    ordered = False  # Threadline sorts the events, on disk.

    def recognises(self, path: Path, head: bytes) -> bool:  # noqa: ARG002  (a Reader's parameters)
        """By content; ``head`` is expanded already, whether the file is .gz, .zst or plain."""
        return head.startswith(HEADER)

    def read(self, path: Path, options: Options, report: Report) -> Iterator[Event]:
        """What cannot be read is told by file and row, and skipped where that was asked for."""
        community = community_of(path, options)
        with opened(path, options, report) as (file,), file.open() as content:
            for line in lines(content):
                if line.row == 1 or not line.data:
                    continue
                try:
                    yield entry(line.data, community)
                except ValueError as error:
                    report.fault(file.where, line.row, str(error), options)


def entry(row: bytes, community: str) -> Event:
    """What one row states; ids need not be set, Threadline computes them."""
    fields = next(csv.reader(io.StringIO(row.decode())), [])
    if len(fields) != HEADER.count(b",") + 1:
        msg = f"{len(fields)} fields instead of five"
        raise ValueError(msg)
    item, answers, name, written, text = fields
    at = datetime.fromisoformat(written).replace(tzinfo=UTC)
    author = Person(name=name) if name else None
    if answers:
        return CommentCreated(
            source=community,
            subject=answers.partition(".")[0],
            time=at,
            data=CommentData(item=item, on=answers, author=author, text=text, when=When(at=at)),
        )
    return PostCreated(
        source=community,
        subject=item,
        time=at,
        data=PostData(
            item=item, kind="post", author=author, text=text, when=When(at=at), silent_on=SILENT
        ),
    )
