"""Moments as whole milliseconds since 1970, UTC; and what an archive can say of one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, NamedTuple

import msgspec

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LONG_AGO: Final = -(1 << 53)  # No lower bound: sorts before every moment.

Time = Annotated[datetime, msgspec.Meta(tz=True)]


class When(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """As an event states it: ``at``, or the bounds ``after`` and ``by``, either of them open."""

    at: Time | None = None
    after: Time | None = None
    by: Time | None = None


class Moment(NamedTuple):
    """As the fold keeps it: ``after`` ≤ the moment ≤ ``at``.

    ``exact``: known to the millisecond. ``open``: nothing says by when, and ``at`` is only its
    place in the timeline, that of the event that states it.
    """

    after: int
    at: int
    exact: bool
    open: bool


def ms(moment: datetime) -> int:
    """Whole milliseconds since 1970; what is finer is cut off."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def moment(when: When, time: datetime) -> Moment:
    """What ``when`` says, in an event of ``time``; a `When` that says nothing means ``time``."""
    if when.at is not None:
        at = ms(when.at)
        return Moment(at, at, True, False)  # noqa: FBT003 - keywords are dear, and this runs for all
    after = LONG_AGO if when.after is None else ms(when.after)
    if when.by is None:
        return Moment(after, ms(time), exact=False, open=True)
    return Moment(after, ms(when.by), exact=False, open=False)


def to_datetime(at: int) -> datetime:
    """The moment of so many milliseconds since 1970, in UTC."""
    return EPOCH + timedelta(milliseconds=at)
