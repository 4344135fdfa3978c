"""Events sorted by a second process, which encodes them too, while this one goes on reading.

Events go to the other process as MessagePack, through its standard input; its sorted runs come
back as files. Where a reader has a part that the other process can read as well, both do.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack, contextmanager
from io import FileIO
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, Self

import msgspec

from stream.archive.beside import EVENTS, FINISH, PART
from stream.archive.sorting import merged, sorted_on_disk, sorting_folder
from stream.archive.sorting_second import (
    PART_BYTES,
    SENT_BYTES,
    SKIPPING,
    TOGETHER,
    Answer,
    Sorted,
)
from stream.codec.events import encode
from stream.errors import ArchiveError
from stream.pipes import receive, send, widen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from typing_extensions import Generator

    from stream.archive.base import Options, Report
    from stream.archive.beside import Found, Part, Share
    from stream.core.events import Event

FEW: Final = 20_000  # So many are sorted sooner than a process is started.


def sorted_beside(
    events: Iterator[Event], report: Report, options: Options, second: Second | None = None
) -> Generator[bytes]:
    """All of ``events`` encoded, packed and in order; ``report`` counts them.

    ``second``: what the reader of ``events`` was given to share its work with.
    """
    with second or Second(report, options) as process:
        first = list(islice(events, FEW))
        if len(first) == FEW or process.started:
            runs = process.sort(chain(_emptied(first), events))
            yield from merged(runs, process.start())
            return
    yield from sorted_on_disk(report.read(map(encode, first), options))


def _emptied(held: list[Event]) -> Iterator[Event]:
    """What is held, and then no longer is."""
    yield from held
    held.clear()


class Second:
    """The second process, from its start, which is when it is needed, to the end of the ``with``.

    It is a `stream.archive.beside.Beside`.
    """

    def __init__(self, report: Report, options: Options) -> None:
        self._report, self._options = report, options
        self._opened = ExitStack()
        self._folder: Path | None = None
        self._pack = msgspec.msgpack.Encoder().encode
        self._parts = 0
        self._reads = False  # The other process, its share of a part: work enough.
        self._kept: list[Answer] = []
        self._own: Sorted | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._opened.__exit__(*error)  # type: ignore[arg-type]

    @property
    def started(self) -> bool:
        return self._folder is not None

    def start(self) -> Path:
        if self._folder is None:
            self._folder = self._opened.enter_context(sorting_folder())
            self._process = self._opened.enter_context(_process(self._folder, self._options))
            assert isinstance(self._process.stdin, FileIO)  # noqa: S101  (tells the type checker)
            assert isinstance(self._process.stdout, FileIO)  # noqa: S101
            self._to, self._from = self._process.stdin, self._process.stdout
            widen(self._to)
        return self._folder

    def keep(self, records: list[bytes], community: str) -> None:
        self._at_hand().add_packed(records, community)
        self._report.events += len(records)

    def begin(self, part: Part) -> None:
        self.start()
        self._parts += 1
        self._reads = True
        self._send(PART, self._pack(part))

    def finish(self, share: Share, take: Callable[[list[Found]], bool]) -> bool:
        own = Sorted(self.start(), f"first-{self._parts}", PART_BYTES, SKIPPING)
        before = self._report.events
        for together in share.records():
            own.add_packed(together, share.community)
            self._report.events += len(together)  # For who looks on
        self._report.events = before
        self._send(FINISH)
        both = [own.answer(share), self._answer()]
        self._reads = False
        refused = any(answer.refused or answer.skipped for answer in both)
        if refused or not take([found for answer in both for found in answer.found]):
            for name in chain.from_iterable(answer.runs for answer in both):
                (self.start() / name).unlink()
            return False
        self._kept += both
        self._report.events += sum(answer.events for answer in both)
        return True

    def sort(self, events: Iterator[Event]) -> list[Path | list[bytes]]:
        """All of them, and what was kept of a part, as sorted runs."""
        folder, report = self.start(), self._report
        own = self._at_hand()
        while together := list(islice(events, TOGETHER)):
            if self._reads:
                own.add(map(encode, together))
            else:
                self._send(EVENTS, self._pack(together))
            report.events += len(together)
        self._to.close()
        answers = [own.answer(), self._answer()]
        self._process.wait()  # Its memory is free for what comes now.
        for answer in answers:
            report.events -= answer.skipped
            report.skipped += answer.skipped
            report.unreadable += answer.unreadable
        answers += self._kept
        for answer in answers:
            for community, at in answer.ends.items():
                report.ends[community] = max(at, report.ends.get(community, at))
        return [folder / name for answer in answers for name in answer.runs]

    def _at_hand(self) -> Sorted:
        """What this process sorts itself."""
        if self._own is None:
            self._own = Sorted(self.start(), "own", SENT_BYTES, self._options)
        return self._own

    def _send(self, kind: int, data: bytes = b"") -> None:
        try:
            send(self._to, kind, data)
        except BrokenPipeError:
            self._answer()  # It has ended, and says why.
            raise

    def _answer(self) -> Answer:
        said = receive(self._from)
        if said is None:
            msg = f"the process that sorts ended with status {self._process.wait()}; try again"
            raise ArchiveError(msg)
        answer = msgspec.msgpack.decode(said[1], type=Answer)
        if answer.problem is not None:
            raise ArchiveError(answer.problem)
        return answer


@contextmanager
def _process(folder: Path, options: Options) -> Iterator[subprocess.Popen[bytes]]:
    skips = ["skip"] if options.skip_unreadable else []
    with subprocess.Popen(  # noqa: S603  (ourselves)
        [sys.executable, "-m", "stream.archive.sorting_second", str(folder), *skips],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    ) as process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise
