"""Any number of records into their order, in bounded memory: sorted runs on disk, then merged.

A record is bytes that sort as what it stands for: an event, as `stream.codec.packing` packs it.
"""

from __future__ import annotations

import struct
import tempfile
from array import array
from bisect import bisect_right
from contextlib import ExitStack, contextmanager
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stream.archive.temporary import temporary_folder
from stream.codec.packing import packed
from stream.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from io import FileIO

    from typing_extensions import Generator

    from stream.codec.events import Encoded

MEMORY_BYTES: Final = 64 * 1024 * 1024
RUNS_MAX: Final = 48  # Merged at a time: so many files are open, each with a block in memory.
BLOCK_BYTES: Final = 192 * 1024
OVERHEAD_BYTES: Final = 48  # Of a record in a list.

_BLOCK: Final = struct.Struct(">IQ")  # Records and their bytes; each one's length follows.


def sorted_on_disk(
    events: Iterable[Encoded], *, memory_bytes: int = MEMORY_BYTES, folder: Path | None = None
) -> Generator[bytes]:
    """All of ``events``, packed and in order, once the last has been taken.

    What does not fit into about ``memory_bytes`` is kept in ``folder`` (the system's for temporary
    files), and gone from there when the last event has been given, or on any error.
    """
    with sorting_folder(folder) as made:
        yield from merged(runs(events, made, memory_bytes), made)


@contextmanager
def sorting_folder(folder: Path | None = None) -> Iterator[Path]:
    """A folder for runs, within ``folder`` or the system's for temporary files."""
    within = folder or Path(tempfile.gettempdir())
    with ExitStack() as stack:
        try:
            made = stack.enter_context(temporary_folder(within))
        except OSError as error:
            raise _no_room(within, error) from error
        yield made


def runs(
    events: Iterable[Encoded], folder: Path, memory_bytes: int = MEMORY_BYTES
) -> list[Path | list[bytes]]:
    """``events`` as sorted runs: files in ``folder``, and the last one still in memory."""
    made = Runs(folder, "run", memory_bytes)
    made.add(events)
    return made.all()


class Runs:
    """Records as sorted runs, made as they come: files in ``folder``, called ``name`` and a number.

    About ``memory_bytes`` of them wait in memory.
    """

    def __init__(self, folder: Path, name: str, memory_bytes: int = MEMORY_BYTES) -> None:
        self._folder, self._name, self._most = folder, name, memory_bytes
        self._written: list[Path] = []
        self._held: list[bytes] = []
        self._size = 0

    def add(self, events: Iterable[Encoded]) -> None:
        held, size, most = self._held, self._size, self._most
        for record in map(packed, events):
            held.append(record)
            size += len(record) + OVERHEAD_BYTES
            if size >= most:
                self._write()
                size = 0
        self._size = size

    def add_packed(self, records: Sequence[bytes]) -> None:
        """The same of some records that are packed already."""
        self._held += records
        self._size += sum(map(len, records)) + OVERHEAD_BYTES * len(records)
        if self._size >= self._most:
            self._write()
            self._size = 0

    def all(self) -> list[Path | list[bytes]]:
        """All runs; the last one is still in memory."""
        self._held.sort()
        return [*self._written, self._held]

    def on_disk(self) -> list[str]:
        """The names of all, each a file."""
        if self._held:
            self._write()
        return [path.name for path in self._written]

    def _write(self) -> None:
        self._held.sort()
        path = self._folder / f"{self._name}-{len(self._written)}"
        self._written.append(_write([self._held], path))
        self._held.clear()


def merged(sorted_runs: Sequence[Path | list[bytes]], folder: Path) -> Iterator[bytes]:
    """The records of all runs in order; many runs are first made into fewer, in ``folder``."""
    waiting = list(sorted_runs)
    made = 0
    while len(waiting) > RUNS_MAX:
        some, waiting = waiting[:RUNS_MAX], waiting[RUNS_MAX:]
        waiting.append(_write(_merged(some), folder / f"merged-{made}"))
        made += 1
        for run in some:
            if isinstance(run, Path):
                run.unlink()
    return chain.from_iterable(_merged(waiting))


def _merged(some: Sequence[Path | list[bytes]]) -> Iterator[list[bytes]]:
    """What all runs hold, in order, in lists of about a block of each.

    A step takes all that is no later than the run that ends first has in its block: whatever is
    still on disk is later. To sort these is to merge sorted stretches, which `list.sort` does.
    """
    with ExitStack() as opened:
        sources = [
            _blocks(opened.enter_context(run.open("rb", buffering=0)))
            if isinstance(run, Path)
            else iter((run,))
            for run in some
        ]
        at_hand = [_AtHand(source) for source in sources]
        while at_hand := [one for one in at_hand if one.more()]:
            upto = min([one.block[-1] for one in at_hand])
            taken = [record for one in at_hand for record in one.take(upto)]
            taken.sort()
            yield taken


class _AtHand:
    """The block of a run that is being merged, and how much of it has been taken."""

    def __init__(self, blocks: Iterator[list[bytes]]) -> None:
        self.block: list[bytes] = []
        self._blocks = blocks
        self._taken = 0

    def more(self) -> bool:
        """Whether the run has more; then it is in ``block``."""
        while self._taken == len(self.block):
            self.block = next(self._blocks, [])
            self._taken = 0
            if not self.block:
                return False
        return True

    def take(self, upto: bytes) -> list[bytes]:
        """What is no later than ``upto``."""
        start = self._taken
        self._taken = bisect_right(self.block, upto, start)
        return self.block[start : self._taken]


def _write(stretches: Iterable[list[bytes]], path: Path) -> Path:
    """Sorted stretches of records that follow one another, in blocks of about `BLOCK_BYTES`."""
    try:
        with path.open("xb") as file:
            for records in stretches:
                for block in _cut(records):
                    lengths = array("I", map(len, block))
                    head = _BLOCK.pack(len(block), sum(lengths))
                    file.write(b"".join((head, lengths.tobytes(), *block)))
    except OSError as error:
        raise _no_room(path.parent, error) from error
    return path


def _cut(records: list[bytes]) -> Iterator[list[bytes]]:
    start = size = 0
    for end, record in enumerate(records, 1):
        size += len(record) + OVERHEAD_BYTES
        if size >= BLOCK_BYTES or end == len(records):
            yield records[start:end]
            start, size = end, 0


def _blocks(file: FileIO) -> Iterator[list[bytes]]:
    while head := file.read(_BLOCK.size):
        count, size = _BLOCK.unpack(head)
        lengths = array("I")
        lengths.frombytes(_whole(file, count * lengths.itemsize))
        data, ends = _whole(file, size), list(accumulate(lengths, initial=0))
        yield [data[start:end] for start, end in pairwise(ends)]


def _whole(file: FileIO, size: int) -> bytes:
    """A read of a file may give less than was asked for; what is missing then comes next."""
    data = file.read(size)
    while len(data) < size and (more := file.read(size - len(data))):
        data += more
    return data


def _no_room(folder: Path, error: OSError) -> ArchiveError:
    reason = f"{folder} cannot be sorted in: {error.strerror}"
    return ArchiveError(f"{reason}; name a folder with room in TMPDIR")
