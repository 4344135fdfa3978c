"""Between which event times each thread lies, as far as that can change how long it waited.

Kept while events are stored, so that a question about a moment finds at once which threads were
over by then, which had not begun, and which have to be folded again. Events that no cut covers yet
count as well: a thread is then folded again without need, never left as it stands without right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from stream.core.events import (
    AnswerAccepted,
    CommentCreated,
    ItemDeleted,
    ItemRestored,
    PersonAliased,
    PersonErased,
    PostCreated,
    PostEdited,
    ThreadClosed,
)
from stream.serve.log import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream.serve.log import Row

EDITED: Final = KINDS[PostEdited]  # May change a thread's tags, never a wait.
ERASED: Final = KINDS[PersonErased]  # Changes waits, in the past as well.
ALIASED: Final = KINDS[PersonAliased]
CHANGING: Final = frozenset(
    KINDS[kind]
    for kind in (
        PostCreated,
        CommentCreated,
        ItemDeleted,
        ItemRestored,
        AnswerAccepted,
        ThreadClosed,
        PersonAliased,
    )
)
NEVER: Final = 1 << 60


WIDEN: Final = (
    "ON CONFLICT DO UPDATE SET first = min(first, excluded.first),"
    " last = max(last, excluded.last), edited = max(edited, excluded.edited),"
    " aliased = max(aliased, excluded.aliased)"
)

Span: TypeAlias = tuple[int, ...]
"""As the table's columns: number of the thread, first, last, last edit, whether aliased."""


def spans(events: Iterable[Row]) -> list[Span]:
    """Those of the threads of ``events``, by which what is there is to be widened."""
    found: dict[int, list[int]] = {}
    for _, _, _, number, _, kind, at, _ in events:
        if number > 0 and (kind in CHANGING or kind == EDITED):
            span = found.get(number)
            if span is None:
                span = found[number] = [NEVER, -NEVER, -NEVER, 0]
            if kind == EDITED:
                span[2] = max(span[2], at)
            else:
                span[0] = min(span[0], at)
                span[1] = max(span[1], at)
                span[3] |= kind == ALIASED
    return [(number, *span) for number, span in found.items()]
