"""From paths to events: which reader an archive is for, and all archives as one sorted stream."""

from __future__ import annotations

import heapq
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stream.archive.base import Reader
from stream.archive.event_lines import EventLines
from stream.archive.files import head
from stream.archive.kiwix_text import KiwixText
from stream.codec.events import identified
from stream.core.events import order
from stream.errors import ArchiveError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stream.archive.base import Options, Report
    from stream.core.events import Event

ENTRY_POINTS: Final = "threadline.archives"


def readers() -> dict[str, Reader]:
    """Every known reader by its name: ours, then those that other packages bring."""
    from stream.archive.kiwix_html import KiwixHtml  # noqa: PLC0415  (lxml takes a while to load)

    ours: tuple[Reader, ...] = (EventLines(), KiwixHtml(), KiwixText())
    return {reader.name: reader for reader in (*ours, *_theirs())}


def reader_for(path: Path, format: str | None = None) -> Reader:  # noqa: A002  (as --format says)
    """The reader for the file at ``path``: the one named, else the one that recognises it."""
    start = head(path)
    known = readers()
    if format is not None:
        if format not in known:
            msg = f"no format {format!r}; known are {', '.join(sorted(known))}"
            raise UsageError(msg)
        return known[format]
    for reader in known.values():
        if reader.recognises(path, start):
            return reader
    what = "is binary" if b"\0" in start else "is no archive that Threadline knows"
    msg = f"{path} {what}; known formats are {', '.join(sorted(known))} (name one with --format)"
    raise ArchiveError(msg)


def read(paths: Sequence[Path], options: Options, report: Report) -> Iterator[Event]:
    """All events of all archives with their ids, in order of `stream.core.events.order`.

    Every archive is looked at before the first event comes, so that a wrong path is said at once.
    """
    chosen = [(path, reader_for(path, options.format)) for path in paths]
    report.formats.extend(reader.name for _, reader in chosen)
    streams = [_identified(path, reader, options, report) for path, reader in chosen]
    return heapq.merge(*streams, key=order)


def sample() -> Path:
    """The page that ships to try things with; `sample_people` belongs to it."""
    return _sample("workshop.example.txt")


def sample_people() -> Path:
    """Who is who on the sample page, as an operator states it."""
    return _sample("who-is-who.jsonl")


def _sample(name: str) -> Path:
    return Path(str(files("stream.archive") / "sample" / name))


def _identified(path: Path, reader: Reader, options: Options, report: Report) -> Iterator[Event]:
    events = reader.read(path, options, report)
    if isinstance(reader, EventLines):
        return events  # They have their ids, and come nearly sorted without holding them all.
    return iter(sorted(map(identified, events), key=order))


def _theirs() -> Iterator[Reader]:
    for entry in entry_points(group=ENTRY_POINTS):
        try:
            reader = entry.load()()
        except Exception as error:
            msg = f"the archive reader {entry.name} ({entry.value}) does not load: {error}"
            raise ArchiveError(msg) from error
        if not isinstance(reader, Reader):
            msg = f"the archive reader {entry.name} ({entry.value}) has no name, recognises or read"
            raise ArchiveError(msg)
        yield reader
