"""The second process of `stream.archive.sorting_beside`: sorts what it is sent, reads beside that.

Events that are sent come first, so that who sends them need not wait; what is left of its time
goes into its share of the part that it was given to read. Runs of that are kept apart.
"""

from __future__ import annotations

import select
import signal
import sys
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from stream.archive.base import Options, Report, Unreadable
from stream.archive.beside import ANSWER, EVENTS, PART, Found
from stream.archive.sorting import Runs
from stream.codec.events import encode
from stream.codec.packing import time_of
from stream.core.events import Event
from stream.errors import ArchiveError
from stream.pipes import receive, send

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stream.archive.beside import Share
    from stream.codec.events import Encoded

TOGETHER: Final = 500
SENT_BYTES: Final = 48 * 1024 * 1024
PART_BYTES: Final = 32 * 1024 * 1024  # Of the events of a part, in each of the processes
SKIPPING: Final = Options(skip_unreadable=True)  # Whoever skips any of a part must not keep it.


class Answer(msgspec.Struct):
    """Sorted runs and what is in them, of all that was sent or of a share; or why there is none."""

    runs: list[str] = []
    events: int = 0
    ends: dict[str, int] = {}
    skipped: int = 0
    unreadable: list[Unreadable] = []
    found: list[Found] = []
    refused: bool = False
    problem: str | None = None


class Sorted:
    """Events, encoded and put into sorted runs, up to now."""

    def __init__(self, folder: Path, name: str, memory_bytes: int, options: Options) -> None:
        self._runs = Runs(folder, name, memory_bytes)
        self._report, self._options = Report(), options

    def add(self, events: Iterable[Encoded]) -> None:
        self._runs.add(self._report.read(events, self._options))

    def add_packed(self, records: list[bytes], community: str) -> None:
        """The same of events of one community that have been checked and packed."""
        if records:
            ends, newest = self._report.ends, time_of(max(records))
            ends[community] = max(newest, ends.get(community, newest))
            self._report.events += len(records)
            self._runs.add_packed(records)

    def answer(self, share: Share | None = None) -> Answer:
        """All of them, which are what was told of ``share``."""
        report = self._report
        answer = Answer(self._runs.on_disk(), report.events, report.ends)
        answer.skipped, answer.unreadable = report.skipped, report.unreadable
        if share is not None:
            answer.found, answer.refused = share.found, share.refused
        return answer


class _Second:
    """What it does with messages, and while there is none."""

    def __init__(self, folder: Path, source: FileIO, to: FileIO, options: Options) -> None:
        self._folder, self._source, self._to = folder, source, to
        self._sent = Sorted(folder, "sent", SENT_BYTES, options)
        self._decode = msgspec.msgpack.Decoder(list[Event]).decode
        self._share: Share | None = None
        self._parts = 0
        self._of_share = self._sorted_part()
        self._left: Iterator[list[bytes]] = iter(())

    def run(self) -> None:
        try:
            while (message := self._next()) is not None:
                self._heed(*message)
            self._say(self._sent.answer())
        except ArchiveError as error:
            self._say(Answer(problem=str(error)))

    def _next(self) -> tuple[int, bytearray] | None:
        """The next message; until it comes, the share is read."""
        while not select.select([self._source], [], [], 0)[0] and self._read_on():
            pass
        return receive(self._source)

    def _heed(self, kind: int, data: bytearray) -> None:
        if kind == EVENTS:
            self._sent.add(map(encode, self._decode(data)))
        elif kind == PART:
            from stream.archive.stack_exchange_shared import Rows  # noqa: PLC0415  (as needed)

            part = msgspec.msgpack.decode(data, type=Rows)
            self._share = part.share(self._folder)
            self._left = self._share.records()
            self._parts += 1
            self._of_share = self._sorted_part()
        else:
            while self._read_on():
                pass
            self._say(self._of_share.answer(self._share))

    def _sorted_part(self) -> Sorted:
        return Sorted(self._folder, f"second-{self._parts}", PART_BYTES, SKIPPING)

    def _read_on(self) -> bool:
        """Read some more of the share; whether there was any."""
        together = next(self._left, None)
        if together is None or self._share is None:
            return False
        self._of_share.add_packed(together, self._share.community)
        return True

    def _say(self, answer: Answer) -> None:
        send(self._to, ANSWER, msgspec.msgpack.encode(answer))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # It ends with the process that writes to it.
    source, to = FileIO(0, closefd=False), FileIO(1, "w", closefd=False)
    _Second(Path(sys.argv[1]), source, to, Options(skip_unreadable="skip" in sys.argv[2:])).run()
