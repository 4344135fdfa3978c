"""Our own JSON lines: one event a line, what ``threadline inspect --events`` prints."""

from __future__ import annotations

import heapq
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from stream.codec.events import decode, identified
from stream.core.events import order
from stream.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from stream.archive.base import Options, Report
    from stream.core.events import Event

LINE_MAX: Final = 16 * 1024 * 1024
SORTED_WITHIN: Final = 4_096  # A file written by hand need not be sorted, a large one nearly.
BOM: Final = b"\xef\xbb\xbf"

_OURS: Final = re.compile(rb'"type"\s*:\s*"org\.threadline\.')


class EventLines:
    """CloudEvents of ours; an ``id`` that is left out is computed."""

    name = "event-lines"

    def recognises(self, path: Path, head: bytes) -> bool:  # noqa: ARG002  (a Reader's parameters)
        return _OURS.search(head) is not None and not head.lstrip().startswith(b"<")

    def read(self, path: Path, options: Options, report: Report) -> Iterator[Event]:
        last = None
        for event in _nearly_sorted(_events(path, options, report)):
            if last is not None and event.time < last:
                report.odd("out-of-order", f"{path}: {event.id} is earlier than what precedes it")
            else:
                last = event.time
            yield event


class _Line(NamedTuple):
    row: int
    data: bytes
    too_long: bool


def _events(path: Path, options: Options, report: Report) -> Iterator[Event]:
    with path.open("rb") as file:
        for line in _lines(file):
            if not line.data:
                continue
            where = f"{path}, row {line.row}"
            try:
                event = _event(line, where)
            except DecodeError as error:
                report.fault(path, line.row, error.problem, options)
                continue
            known = identified(event)
            if event.id not in {"", known.id}:
                report.odd("wrong-id", f"{where}: {event.id} should be {known.id}")
            yield known


def _event(line: _Line, where: str) -> Event:
    if line.too_long:
        raise DecodeError(where=where, problem=f"longer than {LINE_MAX >> 20} MiB")
    if not line.data.startswith(b"{"):
        raise DecodeError(where=where, problem="no JSON object, as an event is")
    event = decode(line.data, where=where)
    problem = _problem(event)
    if problem:
        raise DecodeError(where=where, problem=problem)
    return event


def _problem(event: Event) -> str | None:
    """What is wrong with an event whose fields all have the right type."""
    if event.specversion != "1.0":
        return f"specversion {event.specversion!r}; only 1.0 is known"
    if not event.source:
        return "no source (the community)"
    return None


def _lines(file: BinaryIO) -> Iterator[_Line]:
    """Lines without the blanks around them; of one that is too long only its beginning."""
    row = 0
    while data := file.readline(LINE_MAX + 1):
        row += 1
        if row == 1:
            data = data.removeprefix(BOM)
        too_long = len(data) > LINE_MAX
        rest = data
        while too_long and not rest.endswith(b"\n") and rest:
            rest = file.readline(LINE_MAX)
        yield _Line(row, data.strip(), too_long)


def _nearly_sorted(events: Iterator[Event]) -> Iterator[Event]:
    """In order, as long as none comes `SORTED_WITHIN` events too late."""
    waiting: list[tuple[object, int, str, int, Event]] = []
    for number, event in enumerate(events):
        entry = (*order(event), number, event)
        if len(waiting) < SORTED_WITHIN:
            heapq.heappush(waiting, entry)
        else:
            yield heapq.heappushpop(waiting, entry)[-1]
    while waiting:
        yield heapq.heappop(waiting)[-1]
