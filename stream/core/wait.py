"""A wait: a value by itself, as msgspec makes it in a quarter of the time of a tuple with names."""

from __future__ import annotations

import msgspec


class Wait(msgspec.Struct, frozen=True, gc=False):
    """``status``: observed, between, waiting, unknown; of the rest, what goes with it.

    An observed wait has ``after`` = ``by``; ``by`` is None where nothing bounds it. ``since`` is
    the moment from which it goes on, in milliseconds since 1970.
    """

    status: str
    after: int = 0
    by: int | None = None
    item: str | None = None
    since: int = 0
