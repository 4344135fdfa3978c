"""Whether an event fits into the log, and what views repeat of it into theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stream.codec.events import decode
from stream.codec.fitting import BESIDE_TEXT_MAX
from stream.errors import DecodeError

if TYPE_CHECKING:
    from stream.codec.events import Encoded

EVENT_BYTES_MAX: Final = 7 << 20  # With its key and head it fits into a record of the log.


def problem(event: Encoded) -> str | None:
    """What is too large about an event of more than `BESIDE_TEXT_MAX` bytes; None for nothing."""
    size = len(event.value)
    if size > EVENT_BYTES_MAX:
        return f"it has {size:,} bytes, more than the {EVENT_BYTES_MAX:,} of an event"
    try:
        decode(event.value, where="an archive")
    except DecodeError as error:
        return error.problem
    return None


__all__ = ["BESIDE_TEXT_MAX", "EVENT_BYTES_MAX", "problem"]
