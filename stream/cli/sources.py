"""What the demo replays: the archives that were named, or a sample and a made-up community."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from heapq import merge
from typing import TYPE_CHECKING, Final

from stream.archive.base import Report
from stream.archive.detect import read, reader_for, sample, sample_people
from stream.archive.robots import named
from stream.codec.events import decode, encode
from stream.codec.packing import packed, parts
from stream.core.events import order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from stream.archive.base import Options
    from stream.core.events import Event

THREADS: Final = 300
SEED: Final = 2017
SINCE: Final = datetime(2017, 4, 1, tzinfo=UTC)
UNTIL: Final = datetime(2017, 6, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Source:
    """Events to replay, of how many archives; ``report`` fills as they are taken."""

    events: Iterator[Event]
    archives: int
    report: Report


def source(archives: Sequence[Path], reading: Options) -> Source:
    """The events of ``archives``; of what ships with us where there are none."""
    report = Report()
    if archives:
        for archive in archives:
            reader_for(archive, reading.format)  # Refuse now what is no archive.
        return Source(read(archives, reading, report), len(archives), report)
    from stream.archive.generate import generate

    pages = [sample(), sample_people()]
    made_up = generate(threads=THREADS, seed=SEED, since=SINCE, until=UNTIL)
    events = merge(read(pages, replace(reading, bots=()), report), made_up, key=order)
    told = named(map(packed, map(encode, events)), reading.bots)
    return Source((decode(parts(record)[1], where="the sample") for record in told), 3, report)
