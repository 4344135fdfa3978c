"""Whom an item answers: a value by itself, as msgspec makes it in a quarter of a tuple's time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from stream.core.item import Item  # noqa: TC004 - msgspec need not know what it is
    from stream.core.people import Voice  # noqa: TC004 - the same


class Found(msgspec.Struct, frozen=True, gc=False):
    """Whom a comment answers.

    ``name``: as called; ``better``: the person's latest comment not said to a third person.
    """

    name: str
    how: str  # exact, prefix, alias, unresolved; explicit, implicit
    to: Item | None
    person: Voice | None
    better: Item | None
