"""From the bytes of a view's record to the columns that queries need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import defstruct
from msgspec.structs import astuple

from stream.core.latency import WaitValue
from stream.core.people import call
from stream.core.waits import METRICS
from stream.core.when import Time, When, ms
from stream.serve.schema import COUNTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STATUSES: Final = ("observed", "between", "waiting", "unknown")


class _Person(msgspec.Struct, gc=False):
    id: str | None = None
    name: str | None = None


class _Wait(msgspec.Struct, gc=False):
    status: str
    ms: int | None = None
    after_ms: int | None = None
    by_ms: int | None = None
    since: Time | None = None


class _Thread(msgspec.Struct, gc=False):
    state: str
    first_at: Time | None = None
    waits: dict[str, _Wait | None] = {}


class _Item(msgspec.Struct, gc=False):
    when: When | None = None
    author: _Person | None = None
    placed: Time | None = None


_thread: Final = msgspec.json.Decoder(_Thread).decode
_item: Final = msgspec.json.Decoder(_Item).decode
_counts: Final = msgspec.json.Decoder(
    defstruct("Counts", [(count, int) for count in COUNTS], gc=False)
).decode


def thread(value: bytes) -> tuple[str, int, list[int | None]]:
    """State, beginning, and the columns of ``waits``."""
    read = _thread(value)
    columns: list[int | None] = []
    for metric in METRICS:
        columns += _wait(read.waits.get(metric))
    return read.state, 0 if read.first_at is None else ms(read.first_at), columns


def _wait(wait: _Wait | None) -> tuple[int | None, int | None, int | None]:
    if wait is None:
        return None, None, None
    status = STATUSES.index(wait.status)
    if wait.since is not None:
        return status, ms(wait.since), None
    if wait.ms is not None:
        return status, wait.ms, wait.ms
    return status, wait.after_ms, wait.by_ms


def wait_values(rows: Iterable[tuple[int | None, int | None, int | None]]) -> Iterator[WaitValue]:
    """What `_wait` made columns of, for the core; a wait that has not begun is left out."""
    for status, after, by in rows:
        if status is None:
            continue
        name = STATUSES[status]
        if name == "waiting":
            yield WaitValue(name, None, None, after)
        else:
            yield WaitValue(name, after, by, None)


def item(value: bytes) -> tuple[int, str | None, str | None]:
    """Its place in time, and who made it: one text a person, and the name as people are called."""
    read = _item(value)
    return _place(read), *_identity(read.author)


def _place(read: _Item) -> int:
    when = read.when or When()
    known = when.at or when.by or read.placed or when.after
    return 0 if known is None else ms(known)


def _identity(person: _Person | None) -> tuple[str | None, str | None]:
    if person is None:
        return None, None
    called = None if person.name is None else call(person.name)
    if person.id is not None:
        return f"#{person.id}", called
    return None if called is None else f"@{called}", called


def activity(value: bytes) -> tuple[int, ...]:
    """The counts of a quarter hour."""
    counts: tuple[int, ...] = astuple(_counts(value))
    return counts
