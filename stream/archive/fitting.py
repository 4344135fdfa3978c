"""Whether an event fits into the log, and what views repeat of it into theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from stream.codec.events import decode
from stream.core.events import (
    CommentCreated,
    CommentEdited,
    PostCreated,
    PostEdited,
    ThreadObserved,
)

if TYPE_CHECKING:
    from stream.codec.events import Encoded
    from stream.core.events import Event

EVENT_BYTES_MAX: Final = 7 << 20  # With its key and head it fits into a record of the log.
BESIDE_TEXT_MAX: Final = 256 * 1024  # Views repeat names, titles, tags and ids, but no text.


def problem(event: Encoded) -> str | None:
    """What is too large about an event of more than `BESIDE_TEXT_MAX` bytes; None for nothing."""
    size = len(event.value)
    if size > EVENT_BYTES_MAX:
        return f"it has {size:,} bytes, more than the {EVENT_BYTES_MAX:,} of an event"
    told = decode(event.value, where="an archive")
    beside = size - len(msgspec.json.encode(_text(told)))
    if beside > BESIDE_TEXT_MAX and not isinstance(told, ThreadObserved):
        return f"its names, title and tags have {beside:,} bytes, more than {BESIDE_TEXT_MAX:,}"
    return None


def _text(event: Event) -> str | None:
    match event:
        case PostCreated() | CommentCreated():
            return event.data.text
        case PostEdited() | CommentEdited():
            return event.data.changes.text
        case _:
            return None
