"""From records of the log to rows of ``events``."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, cast

from stream.codec.events import decode
from stream.codec.keys import quoted, thread_key
from stream.core.events import RANK, CommentCreated, CommentEdited, PostCreated, PostEdited
from stream.core.when import ms
from stream.errors import DecodeError
from stream.kafka.records import partition_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from msgspec import StructMeta

    from stream.serve.numbers import Numbers
    from stream.serve.store import Arrived

KINDS: Final = {kind: number for number, kind in enumerate(RANK)}
TYPES: Final = tuple(str(cast("StructMeta", kind).__struct_config__.tag) for kind in RANK)
MADE: Final = frozenset(KINDS[kind] for kind in (PostCreated, CommentCreated))
EDITIONS: Final = frozenset(KINDS[kind] for kind in (PostEdited, CommentEdited))
TEXTS: Final = tuple(sorted(MADE | EDITIONS))
OF_COMMUNITY: Final = 0
COPY: Final = -1
STRETCH: Final = 1_000  # Rows that are found together; as many are read to find one.
REMEMBERED_MAX: Final = 50_000  # Keys of a partition, some 15 MB.

Row: TypeAlias = tuple[int, int, int, int, int, int, int, bytes]
"""As the table's columns: seq, part, off, thread, community, kind, at, raw."""

Stretch: TypeAlias = tuple[int, int, int, int, int]
"""As those of ``stretches``: part, first and last offset, first and last row."""


class _Place(NamedTuple):
    source: str
    subject: str
    thread: int
    community: int


class Reader:
    """Numbers what it reads; records that are no events of theirs are passed over.

    The worker sets those aside as dead letters: nobody shows them.
    """

    def __init__(self, threads: Numbers, communities: Numbers, *, partitions: int) -> None:
        self._threads = threads
        self._communities = communities
        self._partitions = partitions
        self._places: dict[int, dict[bytes, _Place]] = defaultdict(dict)

    def rows(self, part: int, records: Iterable[Arrived], seq: int) -> list[Row]:
        """The events among ``records`` of partition ``part``, numbered from ``seq`` on."""
        rows: list[Row] = []
        places = self._places[part]
        for offset, key, value in records:
            if value is None or key is None:
                continue
            try:
                event = decode(value, where="")
            except DecodeError:
                continue
            source, subject = event.source, event.subject
            place = places.get(key)
            if place is None or place[0] != source or place[1] != subject:
                place = self._place(part, key, source, subject)
                if place is None:
                    continue
            kind, at = KINDS[type(event)], ms(event.time)
            rows.append((seq, part, offset, place[2], place[3], kind, at, value))
            seq += 1
        return rows

    def _place(self, part: int, key: bytes, source: str, subject: str) -> _Place | None:
        thread = self._thread(part, key, source, subject)
        if thread is None:
            return None
        places = self._places[part]
        if len(places) >= REMEMBERED_MAX:
            places.clear()
        place = places[key] = _Place(source, subject, thread, self._communities.of(source))
        return place

    def _thread(self, part: int, key: bytes, source: str, subject: str) -> int | None:
        home = partition_of(key, self._partitions)
        if not subject:
            if key != quoted(source).encode():
                return None
            return OF_COMMUNITY if part == home else COPY
        if part != home or key != thread_key(source, subject):
            return None
        return self._threads.of(key.decode())


def stretches(rows: list[Row]) -> list[Stretch]:
    """Where to find ``rows``, which are of one partition, by their offsets."""
    cut = (rows[start : start + STRETCH] for start in range(0, len(rows), STRETCH))
    return [(some[0][1], some[0][2], some[-1][2], some[0][0], some[-1][0]) for some in cut]
