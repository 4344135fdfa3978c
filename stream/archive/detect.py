"""From paths to events: which reader an archive is for, and all archives as one sorted stream."""

from __future__ import annotations

import heapq
from dataclasses import replace
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stream.archive.base import Options, Reader
from stream.archive.convokit import ConvoKit
from stream.archive.discourse import Discourse
from stream.archive.event_lines import EventLines
from stream.archive.hacker_news import HackerNews
from stream.archive.kiwix_text import KiwixText
from stream.archive.mbox import Mbox
from stream.archive.opening import head, is_packed, is_seven_zip
from stream.archive.reddit import Reddit
from stream.archive.robots import named
from stream.archive.sorting import sorted_on_disk
from stream.archive.sorting_beside import Second, sorted_beside
from stream.archive.stack_exchange import StackExchangeDump
from stream.archive.stack_exchange_api import StackExchangeApi
from stream.codec.events import decode, encode
from stream.codec.packing import packed, unpacked
from stream.errors import ArchiveError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stream.archive.base import Report
    from stream.codec.events import Encoded
    from stream.core.events import Event

ENTRY_POINTS: Final = "threadline.archives"
OF_ONE_FILE: Final = frozenset(("event-lines", "kiwix-html", "kiwix-text"))


def readers() -> dict[str, Reader]:
    """Every known reader by its name: ours, then those that other packages bring."""
    from stream.archive.kiwix_html import KiwixHtml  # noqa: PLC0415  (lxml takes a while to load)

    ours: tuple[Reader, ...] = (
        EventLines(),
        StackExchangeDump(),
        StackExchangeApi(),
        Reddit(),
        HackerNews(),
        Discourse(),
        ConvoKit(),
        Mbox(),
        KiwixHtml(),
        KiwixText(),
    )
    return {reader.name: reader for reader in (*ours, *_theirs())}


def reader_for(path: Path, format: str | None = None) -> Reader:  # noqa: A002  (as --format says)
    """The reader for what lies at ``path``: the one named, else the one that recognises it."""
    start = head(path, Options())
    known = readers()
    if format is not None:
        if format not in known:
            msg = f"no format {format!r}; known are {', '.join(sorted(known))}"
            raise UsageError(msg)
        return known[format]
    many = path.is_dir() or is_seven_zip(path)
    for name, reader in known.items():
        if not (many and name in OF_ONE_FILE) and reader.recognises(path, start):
            return reader
    raise _unknown(path, start, known, many=many)


def _unknown(path: Path, start: bytes, known: dict[str, Reader], *, many: bool) -> ArchiveError:
    """Why nothing reads it, and what to do."""
    if is_packed(start):
        return ArchiveError(f"{path} is packed more than once; expand it and name what is in it")
    alone = [name for name in OF_ONE_FILE if many and known[name].recognises(path, start)]
    if alone:
        what = f"holds {alone[0]}, of which each file is an archive; name its files one by one"
        return ArchiveError(f"{path} {what}")
    what = "is binary" if b"\0" in start else "is no archive that Threadline knows"
    msg = f"{path} {what}; known formats are {', '.join(sorted(known))} (name one with --format)"
    return ArchiveError(msg)


def read(paths: Sequence[Path], options: Options, report: Report) -> Iterator[Event]:
    """All events of all archives with their ids, in order of `stream.core.events.order`.

    Every archive is looked at before the first event comes, so that a wrong path is said at once.
    """
    events = read_encoded(paths, options, report)
    return (decode(event.value, where="an archive") for event in events)


def read_encoded(paths: Sequence[Path], options: Options, report: Report) -> Iterator[Encoded]:
    """The same events as they are published."""
    return map(unpacked, read_packed(paths, options, report))


def read_packed(paths: Sequence[Path], options: Options, report: Report) -> Iterator[bytes]:
    """The same as `stream.codec.packing` packs them."""
    chosen = [(path, reader_for(path, options.format)) for path in paths]
    report.formats.extend(reader.name for _, reader in chosen)
    streams = [_packed(path, reader, options, report) for path, reader in chosen]
    events = streams[0] if len(streams) == 1 else heapq.merge(*streams)
    return named(events, options.bots)


def sample() -> Path:
    """The page that ships to try things with; `sample_people` belongs to it."""
    return _sample("workshop.example.txt")


def sample_people() -> Path:
    """Who is who on the sample page, as an operator states it."""
    return _sample("who-is-who.jsonl")


def _sample(name: str) -> Path:
    return Path(str(files("stream.archive") / "sample" / name))


def _packed(path: Path, reader: Reader, options: Options, report: Report) -> Iterator[bytes]:
    if isinstance(reader, EventLines):  # To have their order, they are encoded already.
        return sorted_on_disk(report.read(reader.read_encoded(path, options, report), options))
    if reader.ordered:
        events = reader.read(path, options, report)
        encoded = report.read(map(encode, events), options)
        return _checked(map(packed, encoded), path, reader)
    second = Second(report, options)
    events = reader.read(path, replace(options, beside=second), report)
    return sorted_beside(iter(events), report, options, second)


def _checked(events: Iterator[bytes], path: Path, reader: Reader) -> Iterator[bytes]:
    """What is replayed in a wrong order would be said to be there before it is."""
    last = b""
    for event in events:
        if event < last:
            msg = (
                f"{path}: the reader {reader.name} says it keeps the order of events, and does not"
            )
            raise ArchiveError(msg)
        last = event
        yield event


def _theirs() -> Iterator[Reader]:
    for entry in entry_points(group=ENTRY_POINTS):
        try:
            reader = entry.load()()
        except Exception as error:
            msg = f"the archive reader {entry.name} ({entry.value}) does not load: {error}"
            raise ArchiveError(msg) from error
        if not isinstance(reader, Reader):
            what = "lacks name, ordered, recognises or read"
            msg = f"the archive reader {entry.name} ({entry.value}) {what}"
            raise ArchiveError(msg)
        yield reader
