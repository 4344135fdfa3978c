"""A record batch that is compressed on a thread of its own, before it is told its producer.

aiokafka compresses a batch when it is sent, in the event loop, where that took a tenth of a
replay's time. Compression lets go of the interpreter's lock, so here it runs beside the loop;
what is left to do then is the head: producer, epoch, sequence, checksum.
"""

from __future__ import annotations

import asyncio
from itertools import islice
from struct import Struct
from typing import TYPE_CHECKING, Final, TypeAlias

from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.util import calc_crc32c
from typing_extensions import override

from stream.errors import BrokerError
from stream.kafka.topics import RECORD_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

Headers: TypeAlias = list[tuple[str, bytes | None]]
# Key, value (None deletes the key), time in milliseconds; headers where they are its own.
Outgoing: TypeAlias = (
    "tuple[bytes | None, bytes | None, int] | tuple[bytes | None, bytes | None, int, Headers]"
)

BATCH_BYTES: Final = 900_000  # One round trip a batch: aiokafka's 16 KB triple a commit's time.
OVERHEAD_BYTES: Final = 1_000
SOON_BYTES: Final = 30_000  # Compressed sooner than a thread takes over.

_VALUE_MAX: Final = RECORD_BYTES_MAX - OVERHEAD_BYTES
_NO_HEADERS: Final[Headers] = []
_NOBODY: Final = (-1, -1, 0)  # Producer, epoch, sequence of who is not idempotent

# The head of a batch, format 2 (Kafka's DefaultRecordBatch); its checksum is of what follows it.
_UPTO_CHECKSUM: Final = Struct(">qiibI")
_CHECKED: Final = Struct(">hiqqqhii")
_HEAD_BYTES: Final = _UPTO_CHECKSUM.size + _CHECKED.size
_OFFSET_AND_LENGTH: Final = 12


class Batch(BatchBuilder):
    """Holds about ``BATCH_BYTES`` of records; `fill` it, `compress` it, hand it to a producer."""

    def __init__(self, *, transactional: bool) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            BATCH_BYTES, DefaultRecordBatch.CODEC_ZSTD, is_transactional=transactional
        )
        self._head = b""
        self._records = b""
        self.producer = _NOBODY  # And from where in its sequence on: what Kafka knows it by.

    def fill(self, records: Sequence[Outgoing], topic: str, start: int = 0) -> int:
        """Put ``records`` from ``start`` on in; the place of the first that found no room.

        An empty batch takes any record that ``topic`` takes. Kafka has no times before 1970: such
        a record lies there at 0, its event says the real one.
        """
        # What `append` does besides is done once, not for every record.
        add, first = self._builder.append, self._relative_offset - start
        place = start
        for record in islice(records, start, None):
            if len(record) == 3:  # noqa: PLR2004 # Nearly all of them.
                key, value, at = record
                headers = _NO_HEADERS
            else:
                key, value, at, headers = record
            if value is not None and len(value) > _VALUE_MAX - len(key or b""):
                raise BrokerError(_too_large(key, value, topic))
            # `max` is a call, and this runs for every record.
            if add(first + place, at if at > 0 else 0, key, value, headers) is None:  # noqa: FURB136
                break
            place += 1
        self._relative_offset = first + place
        return place

    async def compressed(self) -> None:
        """Compress it, on a thread where that takes long; nothing more goes in."""
        self.close()  # type: ignore[no-untyped-call]
        if self.size() < SOON_BYTES:
            self._compress()
        else:
            await asyncio.to_thread(self._compress)

    def _compress(self) -> None:
        # Told of it, it takes the checksum of what is left; that of all was dearer than a copy.
        built = memoryview(self._builder.build())
        self._head = bytes(built[:_HEAD_BYTES])
        self._records = bytes(built[_HEAD_BYTES:])

    @property
    def count(self) -> int:
        """How many records are in it."""
        return self._relative_offset

    @override
    def size(self) -> int:
        return len(self._records) + _HEAD_BYTES if self._records else int(self._builder.size())

    @override
    def _set_producer_state(
        self, producer_id: int, producer_epoch: int, base_sequence: int
    ) -> None:
        self.producer = (producer_id, producer_epoch, base_sequence)

    @override
    def _build(self) -> bytes:
        """The whole batch; asked for again where it is sent again."""
        if self._buffer is None:
            if not self._records:
                self._compress()
            self._buffer = self._headed()
        return self._buffer

    def _headed(self) -> bytes:
        offset, _, epoch, magic, _ = _UPTO_CHECKSUM.unpack_from(self._head)
        said = _CHECKED.unpack_from(self._head, _UPTO_CHECKSUM.size)
        attributes, last, first_at, last_at, _, _, _, count = said
        checked = _CHECKED.pack(attributes, last, first_at, last_at, *self.producer, count)
        checked += self._records
        length = _UPTO_CHECKSUM.size + len(checked) - _OFFSET_AND_LENGTH
        checksum = calc_crc32c(checked)
        return _UPTO_CHECKSUM.pack(offset, length, epoch, magic, checksum) + checked


def _too_large(key: bytes | None, value: bytes, topic: str) -> str:
    name = "none" if key is None else key.decode(errors="replace")
    return (
        f"a record with the key {name} has {len(value)} bytes, {topic} takes "
        f"{_VALUE_MAX}; shorten that item's text in the archive"
    )
