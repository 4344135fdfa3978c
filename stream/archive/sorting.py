"""Any number of events into their order, in bounded memory: sorted runs on disk, then merged.

A packed event begins with its place in the order, so that comparing bytes compares events.
"""

from __future__ import annotations

import heapq
import struct
import tempfile
from contextlib import ExitStack, contextmanager
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stream.codec.events import Encoded
from stream.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import BinaryIO

    from typing_extensions import Generator

MEMORY_BYTES: Final = 64 * 1024 * 1024
RUNS_MAX: Final = 48  # Merged at a time: so many files are open, each with its buffer.
BUFFER_BYTES: Final = 256 * 1024
OVERHEAD_BYTES: Final = 48  # Of a packed event in a list.

_HEAD: Final = struct.Struct(">QB16sI")
_LENGTH: Final = struct.Struct(">I")
_SIGN: Final = 1 << 63  # Moments before 1970 sort before those after.
_NO_KEY: Final = 0xFFFFFFFF

in_order: Final = attrgetter("at", "rank", "id")
"""The key by which encoded events sort, as `stream.core.events.order` sorts events."""


def sorted_on_disk(
    events: Iterable[Encoded], *, memory_bytes: int = MEMORY_BYTES, folder: Path | None = None
) -> Generator[Encoded]:
    """All of ``events`` in order, once the last has been taken.

    What does not fit into about ``memory_bytes`` is kept in ``folder`` (the system's for temporary
    files), and gone from there when the last event has been given, or on any error.
    """
    with sorting_folder(folder) as made:
        yield from map(unpacked, merged(runs(events, made, memory_bytes), made))


@contextmanager
def sorting_folder(folder: Path | None = None) -> Iterator[Path]:
    """A folder for runs, within ``folder`` or the system's for temporary files."""
    within = folder or Path(tempfile.gettempdir())
    try:
        made = tempfile.TemporaryDirectory(prefix="threadline-", dir=within)
    except OSError as error:
        raise _no_room(within, error) from error
    with made:
        yield Path(made.name)


def runs(
    events: Iterable[Encoded], folder: Path, memory_bytes: int = MEMORY_BYTES
) -> list[Path | list[bytes]]:
    """``events`` as sorted runs: files in ``folder``, and the last one still in memory."""
    written: list[Path | list[bytes]] = []
    held: list[bytes] = []
    size = 0
    for event in events:
        record = packed(event)
        held.append(record)
        size += len(record) + OVERHEAD_BYTES
        if size >= memory_bytes:
            held.sort()
            written.append(_write(held, folder / f"run-{len(written)}"))
            held.clear()
            size = 0
    held.sort()
    return [*written, held]


def on_disk(run: Path | list[bytes], folder: Path) -> Path:
    """The run as a file."""
    return run if isinstance(run, Path) else _write(run, folder / "run-last")


def merged(sorted_runs: Sequence[Path | list[bytes]], folder: Path) -> Iterator[bytes]:
    """The packed events of all runs in order; many runs are first made into fewer."""
    waiting = list(sorted_runs)
    made = 0
    while len(waiting) > RUNS_MAX:
        some, waiting = waiting[:RUNS_MAX], waiting[RUNS_MAX:]
        waiting.append(_write(_merged(some), folder / f"merged-{made}"))
        made += 1
        for run in some:
            if isinstance(run, Path):
                run.unlink()
    return _merged(waiting)


def packed(event: Encoded) -> bytes:
    """Its place in the order, then its key and value."""
    key = event.key
    place = _HEAD.pack(
        event.at + _SIGN,
        event.rank,
        bytes.fromhex(event.id),
        _NO_KEY if key is None else len(key),
    )
    return place + event.value if key is None else place + key + event.value


def unpacked(record: bytes) -> Encoded:
    """The event that `packed` was given."""
    at, rank, id_, length = _HEAD.unpack_from(record)
    if length == _NO_KEY:
        return Encoded(None, record[_HEAD.size :], at - _SIGN, id_.hex(), rank)
    value = _HEAD.size + length
    return Encoded(record[_HEAD.size : value], record[value:], at - _SIGN, id_.hex(), rank)


def _merged(some: Sequence[Path | list[bytes]]) -> Iterator[bytes]:
    with ExitStack() as opened:
        yield from heapq.merge(
            *(
                _read(opened.enter_context(run.open("rb", buffering=BUFFER_BYTES)))
                if isinstance(run, Path)
                else run
                for run in some
            )
        )


def _write(records: Iterable[bytes], path: Path) -> Path:
    pack = _LENGTH.pack
    try:
        with path.open("xb", buffering=BUFFER_BYTES) as file:
            for record in records:
                file.write(pack(len(record)))
                file.write(record)
    except OSError as error:
        raise _no_room(path.parent, error) from error
    return path


def _read(file: BinaryIO) -> Iterator[bytes]:
    unpack, read = _LENGTH.unpack, file.read
    while length := read(_LENGTH.size):
        yield read(*unpack(length))


def _no_room(folder: Path, error: OSError) -> ArchiveError:
    reason = f"{folder} cannot be sorted in: {error.strerror}"
    return ArchiveError(f"{reason}; name a folder with room in TMPDIR")
