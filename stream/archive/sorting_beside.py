"""Events sorted by a second process, which encodes them too, while this one goes on reading.

The two take about as long as each other, so an archive is sorted in half the time. Events go to
the other process as MessagePack, through its standard input; its sorted runs come back as files.
"""

from __future__ import annotations

import signal
import struct
import subprocess
import sys
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import msgspec

from stream.archive.base import Options, Report, Unreadable
from stream.archive.sorting import (
    merged,
    on_disk,
    runs,
    sorted_on_disk,
    sorting_folder,
    unpacked,
)
from stream.codec.events import encode
from stream.core.events import Event
from stream.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from typing_extensions import Generator

    from stream.codec.events import Encoded

FEW: Final = 20_000  # So many are sorted sooner than a process is started.
TOGETHER: Final = 500

_LENGTH: Final = struct.Struct(">I")


class _Done(msgspec.Struct):
    """What the other process says at its end: its runs, or why there are none."""

    runs: list[str] = []
    ends: dict[str, int] = {}
    skipped: int = 0
    unreadable: list[Unreadable] = []
    problem: str | None = None


def sorted_beside(events: Iterator[Event], report: Report, options: Options) -> Generator[Encoded]:
    """All of ``events`` encoded and in order; ``report`` counts them."""
    first = list(islice(events, FEW))
    if len(first) < FEW:
        yield from sorted_on_disk(report.read(map(encode, first), options))
        return
    with sorting_folder() as folder:
        found = _sorted_runs(chain(_emptied(first), events), folder, report, options)
        yield from map(unpacked, merged(found, folder))


def _emptied(held: list[Event]) -> Iterator[Event]:
    """What is held, and then no longer is."""
    yield from held
    held.clear()


def _sorted_runs(
    events: Iterator[Event], folder: Path, report: Report, options: Options
) -> list[Path]:
    skips = ["skip"] if options.skip_unreadable else []
    with subprocess.Popen(  # noqa: S603  (ourselves)
        [sys.executable, "-m", "stream.archive.sorting_beside", str(folder), *skips],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            done = _told(events, process, report)
        except BaseException:
            process.kill()
            raise
    if done.problem is not None:
        raise ArchiveError(done.problem)
    report.events -= done.skipped
    report.skipped += done.skipped
    report.unreadable += done.unreadable
    for community, at in done.ends.items():
        report.ends[community] = max(at, report.ends.get(community, at))
    return [folder / name for name in done.runs]


def _told(events: Iterator[Event], process: subprocess.Popen[bytes], report: Report) -> _Done:
    assert process.stdin is not None  # noqa: S101  (tells the type checker)
    assert process.stdout is not None  # noqa: S101
    pack = msgspec.msgpack.Encoder().encode
    try:
        while together := list(islice(events, TOGETHER)):
            data = pack(together)
            process.stdin.write(_LENGTH.pack(len(data)) + data)
            report.events += len(together)
        process.stdin.close()
    except BrokenPipeError:
        pass  # It has ended, and says why.
    said = process.stdout.read()
    if not said:
        msg = f"the process that sorts ended with status {process.wait()}; try again"
        raise ArchiveError(msg)
    return msgspec.json.decode(said, type=_Done)


def _sort(folder: Path, source: BinaryIO, options: Options) -> _Done:
    report = Report()
    try:
        found = runs(report.read(map(encode, _events(source)), options), folder)
        written = [on_disk(run, folder).name for run in found]
        return _Done(written, report.ends, report.skipped, report.unreadable)
    except ArchiveError as error:
        return _Done(problem=str(error))


def _events(source: BinaryIO) -> Iterable[Event]:
    decode = msgspec.msgpack.Decoder(list[Event]).decode
    while head := source.read(_LENGTH.size):
        yield from decode(source.read(*_LENGTH.unpack(head)))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # It ends with the process that writes to it.
    told = _sort(
        Path(sys.argv[1]), sys.stdin.buffer, Options(skip_unreadable="skip" in sys.argv[2:])
    )
    sys.stdout.buffer.write(msgspec.json.encode(told))
