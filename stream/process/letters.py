"""A dead letter as a record: what nobody can read, why, and where in the log it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stream.kafka.topics import RECORD_BYTES_MAX

if TYPE_CHECKING:
    from stream.kafka.batch import Headers, Outgoing
    from stream.process.job import DeadLetter, Place

PROBLEM_MAX: Final = 4_000  # Characters: some repeat the names that they are about.
KEPT_BYTES_MAX: Final = RECORD_BYTES_MAX - (64 << 10)  # The rest is for the headers.


def outgoing(letter: DeadLetter, place: Place) -> Outgoing:
    """What is published of ``letter``.

    Kafka bounds what records are compressed to, so one of the log may be larger than what it
    takes of us. Of that the key or the value is left out, or both; a header says how many bytes
    those have, the others where they are.
    """
    record = letter.record
    key, value, left_out = _fitting(record.key, record.value)
    headers: Headers = [
        ("threadline-topic", place.topic.encode()),
        ("threadline-partition", b"%d" % place.partition),
        ("threadline-offset", b"%d" % record.offset),
        ("threadline-problem", letter.problem[:PROBLEM_MAX].encode(errors="replace")),
    ]
    if left_out:
        headers.append(("threadline-left-out", b"%d" % left_out))
    return key, value, record.timestamp, headers


def _fitting(key: bytes | None, value: bytes | None) -> tuple[bytes | None, bytes | None, int]:
    """What there is room for, and how many bytes are left out."""
    left_out = 0
    if key is not None and len(key) > KEPT_BYTES_MAX:
        left_out, key = len(key), None
    if value is not None and len(key or b"") + len(value) > KEPT_BYTES_MAX:
        left_out, value = left_out + len(value), None
    return key, value, left_out
