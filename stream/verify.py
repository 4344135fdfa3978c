"""The audit: an archive folded here, compared with the live views row by row.

Rows of threads that the archive does not hold are left alone. An activity row adds up all threads
of its community in its partition, so it is compared where the log holds no others of that
community. What another archive states about the same threads shows as a difference.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias
from urllib.parse import quote

from stream.codec import compare
from stream.codec.cuts import decode_cut
from stream.codec.keys import quoted, split_key, thread_key
from stream.codec.views import tell
from stream.core.fold import Partition
from stream.errors import BrokerError, UsageError
from stream.kafka.connect import reachable
from stream.kafka.follow import open_reader
from stream.kafka.records import partition_of
from stream.kafka.topics import VIEWS, Topics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

    from stream.config import Settings
    from stream.core.events import Event
    from stream.kafka.follow import LogReader

Place: TypeAlias = tuple[str, int, bytes]  # View, partition, key.
Rows: TypeAlias = dict[Place, bytes]

BATCH: Final = 5_000
POLL_MS: Final = 200
BEHIND_S: Final = 30.0
OF_THREADS: Final = frozenset({"items", "threads", "replies"})
MISSING: Final = ("(row)", "there", "missing")
EXTRA: Final = ("(row)", "none", "there")


@dataclass(frozen=True, slots=True)
class Difference:
    """``where``: the thread, or what else the row is about."""

    where: str
    view: str
    field: str
    wanted: str
    found: str


@dataclass(slots=True)
class Audit:
    """What was compared, and what differs; ``set_aside``: events for which no row has room."""

    threads: int = 0
    rows: int = 0
    activity_left_out: list[str] = field(default_factory=list)
    set_aside: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)


class Live(NamedTuple):
    """What the views hold: rows, and the keys of all threads."""

    rows: Rows
    threads: set[bytes]


async def live(settings: Settings, wanted: Rows) -> Live:
    """What there is to compare ``wanted`` with, once the views hold the whole log."""
    await reachable(settings)
    await _caught_up(settings)
    return await _live(settings, {_thread(key) for view, _, key in wanted if view == "threads"})


def audit(wanted: Rows, found: Live, *, fetch: Callable[[str], Any] | None = None) -> Audit:
    """Compare the views in the topics, and over HTTP where ``fetch`` gets a path's JSON."""
    audited = Audit()
    threads = {key for view, _, key in wanted if view == "threads"}
    audited.threads = len(threads)
    others = {_community(key) for key in found.threads - threads}
    communities = {_community(key) for key in threads}
    audited.activity_left_out = sorted(
        split_key(community)[0] for community in communities & others
    )
    _compare(audited, wanted, found.rows, alone=communities - others)
    if fetch is not None:
        _compare_served(audited, wanted, fetch)
    return audited


def folded(events: Iterable[Event], partitions: int, set_aside: list[str] | None = None) -> Rows:
    """The rows of all views after ``events``, as a log of so many partitions gives them.

    ``set_aside`` is told, as a worker's dead letters are, what no row has room for and why.
    """
    states = [Partition() for _ in range(partitions)]
    for event in events:
        if event.subject:
            key = thread_key(event.source, event.subject)
            why = states[partition_of(key, partitions)].join(event)
            if why is not None and set_aside is not None:
                set_aside.append(f"{key.decode()}: {why}")
            continue
        for state in states:
            state.join(event)
    return {
        (view, number, key): value
        for number, state in enumerate(states)
        for view, key, value, _ in tell(state)
        if value is not None
    }


async def _caught_up(settings: Settings) -> None:
    """Return when the views hold the whole log; `BrokerError` where they do not get there."""
    topics = Topics(settings.prefix)
    cuts: dict[int, int] = {}
    async with open_reader(settings, (topics.progress, topics.events), {}) as reader:
        log = [(topics.events, partition) for partition in range(settings.partitions)]
        reader.pause(*log)
        ends = await reader.ends()
        deadline = time.monotonic() + BEHIND_S
        while behind := sum(max(0, ends[place] - cuts.get(place[1], 0)) for place in log):
            if time.monotonic() > deadline:
                msg = (
                    f"the views are {behind:,} records behind the log after {BEHIND_S:.0f} s;"
                    " start `threadline work`, or wait for it"
                )
                raise BrokerError(msg)
            for records in (await reader.batch(BATCH, POLL_MS)).values():
                for record in records:
                    if record.value is not None:
                        cut = decode_cut(record.value, where=topics.progress)
                        cuts[cut.partition] = cut.offset


async def _live(settings: Settings, wanted: set[bytes]) -> Live:
    """The latest rows of the ``wanted`` threads and of no thread."""
    topics = Topics(settings.prefix)
    views = {topics.view(view): view for view in VIEWS}
    rows: Rows = {}
    threads: set[bytes] = set()
    async with open_reader(settings, views, {}) as reader:
        async for topic, partition, key, value in _all(reader):
            view = views[topic]
            if view == "threads":
                (threads.add if value is not None else threads.discard)(key)
            if view in OF_THREADS and _thread(key) not in wanted:
                continue
            if value is None:
                rows.pop((view, partition, key), None)
            else:
                rows[view, partition, key] = value
    return Live(rows, threads)


async def _all(reader: LogReader) -> AsyncIterator[tuple[str, int, bytes, bytes | None]]:
    """Every record up to where the topics end now: topic, partition, key and value."""
    ends = await reader.ends()
    while True:
        for (topic, partition), records in (await reader.batch(BATCH, POLL_MS)).items():
            for record in records:
                if record.key is not None:
                    yield topic, partition, record.key, record.value
        positions = await reader.positions()
        if all(positions[place] >= end for place, end in ends.items()):
            return
        await asyncio.sleep(0)


def _compare(audited: Audit, wanted: Rows, found: Rows, *, alone: set[bytes]) -> None:
    """``alone``: the communities of which the log holds no other threads."""
    for place in sorted({*wanted, *found}):
        view, _, key = place
        if view == "activity" and _community(key) not in alone:
            continue
        if view == "people" and place not in wanted:
            continue  # Another archive's statement.
        audited.rows += place in wanted
        _note(audited, place, _differing(wanted.get(place), found.get(place)))


def _differing(wanted: bytes | None, found: bytes | None) -> list[tuple[str, str, str]]:
    if wanted is None:
        return [EXTRA]
    return [MISSING] if found is None else compare.differing(wanted, found)


def _compare_served(audited: Audit, wanted: Rows, fetch: Callable[[str], Any]) -> None:
    """Each thread and its items as HTTP gives them; what HTTP adds of its own is not compared."""
    items: dict[bytes, list[bytes]] = {}
    for (view, _, key), value in wanted.items():
        if view == "items":
            items.setdefault(_thread(key), []).append(value)
    for place, value in sorted(wanted.items()):
        if place[0] != "threads":
            continue
        for at, fields in _served(place[2], value, items.get(place[2], []), fetch):
            _note(audited, ("HTTP", place[1], at), fields)


def _served(
    key: bytes, thread: bytes, items: list[bytes], fetch: Callable[[str], Any]
) -> Iterator[tuple[bytes, list[tuple[str, str, str]]]]:
    path = "/v1/threads/" + "/".join(quote(part, safe="") for part in split_key(key))
    try:
        served = fetch(path)
    except UsageError:
        yield key, [("(thread)", "there", "missing")]
        return
    for wait in served["waits"].values():
        if wait:
            wait.pop("for_ms", None)  # As of when it is asked: no fact of the thread.
    yield key, compare.differing_where_both(thread, served)
    by_id = {item["item"]: item for item in served["items"]}
    for item in items:
        id_ = compare.field(item, "item")
        at = key + b"/" + quoted(id_).encode()
        found = by_id.get(id_)
        yield at, [MISSING] if found is None else compare.differing_where_both(item, found)


def _note(audited: Audit, place: Place, fields: list[tuple[str, str, str]]) -> None:
    view, _, key = place
    where = key.decode(errors="replace")
    audited.differences += [Difference(where, view, *one) for one in fields]


def _thread(key: bytes) -> bytes:
    """The thread's key in the key of a thread, item or reply."""
    return b"/".join(key.split(b"/")[:2])


def _community(key: bytes) -> bytes:
    return key.split(b"/")[0]
