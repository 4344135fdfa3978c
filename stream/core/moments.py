"""Statements that something happened, as sets: deletions, closings, acceptances.

A statement that contains another one tells nothing that the other does not, so a set keeps only
those that contain none: joining two sets commutes, associates and repeats without effect.
"""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from stream.core.people import Voice
    from stream.core.when import Moment


class Happening(NamedTuple):
    """Something happened between ``after`` and ``at``; ``open``: ``at`` is only its place."""

    after: int
    at: int
    open: bool
    who: Voice | None = None
    why: str | None = None

    @property
    def exact(self) -> bool:
        return self.after == self.at and not self.open


Happenings = tuple[Happening, ...]


def happening(moment: Moment, who: Voice | None = None, why: str | None = None) -> Happening:
    """The statement of an event."""
    return Happening(moment.after, moment.at, moment.open, who, why)


def joined(held: Happenings, one: Happening) -> Happenings:
    """The set with one more, less what contains another, in order of time."""
    span = one[:3]
    kept: list[Happening] = []
    for other in held:
        if other[:3] == span:
            return tuple([_agreed(each, one) if each is other else each for each in held])
        if _contains(span, other[:3]):
            return held
        if not _contains(other[:3], span):
            kept.append(other)
    insort(kept, one, key=_place)
    return tuple(kept)


def _place(one: Happening) -> tuple[int, int, bool]:
    return one.at, one.after, one.open


def stands(done: Happenings, undone: Happenings) -> bool:
    """Whether what was done was not undone since; at the same moment, the undoing counts."""
    return bool(done) and (not undone or done[-1].at > undone[-1].at)


def _contains(span: tuple[int, int, bool], other: tuple[int, int, bool]) -> bool:
    after, at, is_open = span
    if is_open and other[2]:
        return other[0] > after or (other[0] == after and other[1] < at)
    if is_open:
        return other[0] >= after
    return not other[2] and after <= other[0] and other[1] <= at


def _agreed(one: Happening, other: Happening) -> Happening:
    """The same moment twice: known beats unknown, then the smaller value."""
    voices = [voice for voice in (one.who, other.who) if voice is not None]
    reasons = [why for why in (one.why, other.why) if why is not None]
    who = min(voices, key=lambda v: (v.id or "", v.name or ""), default=None)
    return one._replace(who=who, why=min(reasons, default=None))
