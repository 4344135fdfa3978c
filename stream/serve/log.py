"""From records of the log to rows of ``events``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, cast

from stream.codec.events import decode
from stream.codec.keys import quoted, thread_key
from stream.core.events import RANK
from stream.core.when import ms
from stream.errors import DecodeError
from stream.kafka.records import partition_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from msgspec import StructMeta

    from stream.serve.numbers import Numbers
    from stream.serve.store import Arrived

KINDS: Final = {kind: number for number, kind in enumerate(RANK)}
TYPES: Final = tuple(str(cast("StructMeta", kind).__struct_config__.tag) for kind in RANK)
OF_COMMUNITY: Final = 0
COPY: Final = -1


class Row(NamedTuple):
    """In the order of the table's columns after ``seq``."""

    part: int
    off: int
    thread: int
    community: int
    kind: int
    at: int
    raw: bytes


class Reader:
    """Numbers what it reads; records that are no events of theirs are passed over.

    The worker sets those aside as dead letters: nobody shows them.
    """

    def __init__(self, threads: Numbers, communities: Numbers, *, partitions: int) -> None:
        self._threads = threads
        self._communities = communities
        self._partitions = partitions

    def rows(self, part: int, records: Iterable[Arrived]) -> Iterator[Row]:
        """The events among ``records`` of partition ``part``."""
        for record in records:
            if record.value is None or record.key is None:
                continue
            try:
                event = decode(record.value, where="")
            except DecodeError:
                continue
            thread = self._thread(part, record.key, event.source, event.subject)
            if thread is not None:
                community = self._communities.of(event.source)
                kind, at = KINDS[type(event)], ms(event.time)
                yield Row(part, record.offset, thread, community, kind, at, record.value)

    def _thread(self, part: int, key: bytes, source: str, subject: str) -> int | None:
        home = partition_of(key, self._partitions)
        if not subject:
            if key != quoted(source).encode():
                return None
            return OF_COMMUNITY if part == home else COPY
        if part != home or key != thread_key(source, subject):
            return None
        return self._threads.of(key.decode())
