"""Our own JSON lines: one event a line, what ``threadline inspect --events`` prints."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Final

from stream.archive.expanding import open_file
from stream.archive.opening import lines
from stream.codec.events import decode, encode
from stream.core.events import PersonFlagged
from stream.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stream.archive.base import Options, Report
    from stream.archive.opening import Line
    from stream.codec.events import Encoded
    from stream.core.events import Event

LINE_MAX: Final = 16 * 1024 * 1024
NEARLY: Final = 4_096  # A file written by hand need not be sorted, a large one is odd if it is not.

_OURS: Final = re.compile(rb'"type"\s*:\s*"org\.threadline\.')


class EventLines:
    """CloudEvents of ours; an ``id`` that is left out is computed."""

    name = "event-lines"
    ordered = False

    def recognises(self, path: Path, head: bytes) -> bool:  # noqa: ARG002  (a Reader's parameters)
        return _OURS.search(head) is not None and not head.lstrip().startswith(b"<")

    def read(self, path: Path, options: Options, report: Report) -> Iterator[Event]:
        for event in self.read_encoded(path, options, report):
            yield decode(event.value, where=str(path))

    def read_encoded(self, path: Path, options: Options, report: Report) -> Iterator[Encoded]:
        """The same, as they are published."""
        latest: deque[int] = deque(maxlen=NEARLY)
        for event in _events(path, options, report):
            if len(latest) == NEARLY and event.at < latest[0]:
                report.odd("out-of-order", f"{path}: {event.id} is earlier than what precedes it")
            latest.append(max(event.at, latest[-1]) if latest else event.at)
            yield event


def _events(path: Path, options: Options, report: Report) -> Iterator[Encoded]:
    with open_file(path, options, broken=report.breaks(str(path), options)) as file:
        for line in lines(file, LINE_MAX):
            if not line.data:
                continue
            where = f"{path}, row {line.row}"
            try:
                event = _event(line, where)
            except DecodeError as error:
                report.fault(path, line.row, error.problem, options)
                continue
            known = encode(event)
            if event.id not in {"", known.id}:
                report.odd("wrong-id", f"{where}: {event.id} should be {known.id}")
            yield known


def _event(line: Line, where: str) -> Event:
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
    if event.subject and isinstance(event, PersonFlagged):
        return "who is a robot is so in the whole community: leave its `subject` out"
    return None
