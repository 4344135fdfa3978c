"""How far a replay has come, as the log itself says it, so that the next one goes on from there.

`replay.progressed` and `replay.finished` carry one more CloudEvents attribute, ``replay``: by
which events the archive is known again, how many of its events were published, a digest of their
ids, and up to which event time. It is a point in the archive's content, so neither a file's name
nor a line's number matters; and an archive that differs before the point is not at that point.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from stream.codec.events import Encoded, decode
from stream.codec.packing import id_of
from stream.core.events import ReplayFinished, ReplayProgressed
from stream.core.when import ms
from stream.errors import DecodeError
from stream.kafka.follow import open_reader
from stream.kafka.topics import Topics

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stream.config import Settings
    from stream.kafka.follow import LogReader, Place, Record

TAIL_RECORDS: Final = 20_000  # Of a partition: more than is published between two statements.
BATCH: Final = 5_000
POLL_MS: Final = 200
DIGESTS: Final = 1 << 128

_KINDS: Final = re.compile(rb'"type":"org\.threadline\.replay\.(?:progressed|finished)\.v1"')


class Point(NamedTuple):
    """All ``events`` of an archive up to the moment ``until``; ``digest``: the sum of their ids.

    ``beyond`` of those of the next moment are published, too, the first ones in order, and the sum
    of their ids: an archive whose lines came in another order may have others first.
    """

    events: int
    digest: int
    until: int
    beyond: int = 0
    digest_beyond: int = 0


class Told(NamedTuple):
    """What every partition of the log says: ``point`` of this archive, None where it begins anew.

    ``until`` by community: the event time up to which replays have published all of it.
    """

    point: Point | None
    until: dict[str, int]


class _Mark(msgspec.Struct):
    replay: str | None = None


class _Seen:
    """What one partition says."""

    def __init__(self) -> None:
        self.point: Point | None = None
        self.until: dict[str, int] = {}

    def see(self, record: Record, fingerprint: str) -> None:
        if record.value is None or _KINDS.search(record.value) is None:
            return
        try:
            event = decode(record.value, where="the log")
            mark = msgspec.json.decode(record.value, type=_Mark).replay or ""
        except (DecodeError, msgspec.DecodeError):
            return  # No event at all: that is for the worker to say.
        if isinstance(event, ReplayFinished | ReplayProgressed):
            last = self.until.get(event.source)
            until = ms(event.data.until)
            self.until[event.source] = until if last is None else max(last, until)
            archive, _, point = mark.partition(":")
            if archive == fingerprint:
                self.point = _point(point) if isinstance(event, ReplayProgressed) else None


def fingerprint(first: Iterable[bytes]) -> str:
    """What an archive is known by that begins with these events, packed."""
    ids = b"".join(map(id_of, first)).hex()
    return blake2b(ids.encode(), digest_size=8).hexdigest()


def marked(statement: Encoded, archive: str, point: Point) -> Encoded:
    """``statement`` with the attribute that says where in the ``archive`` it was made."""
    said = f"{archive}:{point.events}:{point.digest:x}:{point.until}"
    if point.beyond:
        said += f":{point.beyond}:{point.digest_beyond:x}"
    value = b'%b,"replay":"%b"}' % (statement.value[:-1], said.encode())
    return msgspec.structs.replace(statement, value=value)


async def told(settings: Settings, archive: str) -> Told:
    """What the end of the log says; nothing where that is not the same in all partitions."""
    seen = {number: _Seen() for number in range(settings.partitions)}
    async with open_reader(settings, [Topics(settings.prefix).events], {}) as reader:
        ends = await reader.ends()
        for place, start in (await reader.starts()).items():
            reader.seek(place, max(start, ends[place] - TAIL_RECORDS))
        while not await _read_all(reader, ends):
            for (_, partition), records in (await reader.batch(BATCH, POLL_MS)).items():
                for record in records:
                    seen[partition].see(record, archive)
    return _agreed(list(seen.values()))


async def _read_all(reader: LogReader, ends: Mapping[Place, int]) -> bool:
    positions = await reader.positions()
    return all(positions[place] >= end for place, end in ends.items())


def _agreed(seen: list[_Seen]) -> Told:
    points = [one.point for one in seen if one.point is not None]
    everywhere = set.intersection(*(set(one.until) for one in seen))
    until = {community: min(one.until[community] for one in seen) for community in everywhere}
    return Told(min(points) if len(points) == len(seen) else None, until)


def _point(text: str) -> Point | None:
    try:
        events, digest, until, *more = text.split(":")
        beyond, of_those = more or ("0", "0")
        return Point(int(events), int(digest, 16), int(until), int(beyond), int(of_those, 16))
    except ValueError:
        return None
