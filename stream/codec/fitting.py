"""Whether views have room for what they repeat of a single event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from stream.core.events import (
    CommentCreated,
    CommentEdited,
    PostCreated,
    PostEdited,
    ThreadObserved,
)

if TYPE_CHECKING:
    from stream.core.events import Event

BESIDE_TEXT_MAX: Final = 256 * 1024  # Views repeat names, titles, tags and ids, but no text.
_size = msgspec.json.Encoder().encode


def too_much(event: Event) -> str | None:
    """What is too large about an event, beside its text and scores; None for nothing."""
    beside = len(_size(event)) - len(_size(_left_out(event)))
    if beside > BESIDE_TEXT_MAX:
        return f"its names, title and tags have {beside:,} bytes, more than {BESIDE_TEXT_MAX:,}"
    return None


def _left_out(event: Event) -> str | dict[str, int] | None:
    match event:
        case PostCreated() | CommentCreated():
            return event.data.text
        case PostEdited() | CommentEdited():
            return event.data.changes.text
        case ThreadObserved():
            return event.data.scores  # One to each item's row.
        case _:
            return None
