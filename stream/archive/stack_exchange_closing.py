"""Why a question was closed, and by whom, as a dump tells it.

The reason is a number in PostHistory's Comment; its Text is JSON with who voted and, in newer
dumps, the questions that were asked before. Older ones have these in PostLinks alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from stream.archive.stack_exchange_moments import at as moment_at
from stream.archive.stack_exchange_rows import WHOLE_MAX
from stream.core.when import ms, to_datetime

if TYPE_CHECKING:
    from datetime import datetime

    from stream.archive.stack_exchange_rows import Row
    from stream.archive.stack_exchange_site import Site
    from stream.core.events import Person

CLOSED: Final = 10
SAME_MS: Final = 1_000  # So much may lie between a moment in Posts and the same in PostHistory.
LINKED_WITHIN_MS: Final = 60_000  # Of its closing, the link to what a question duplicates

REASONS: Final = {
    "1": "duplicate",
    "2": "off-topic",
    "3": "subjective and argumentative",
    "4": "not a real question",
    "7": "too localized",
    "10": "general reference",
    "20": "noise or pointless",
    "101": "duplicate",
    "102": "off-topic",
    "103": "unclear",
    "104": "too broad",
    "105": "opinion-based",
}


_Id = Annotated[int, msgspec.Meta(gt=-WHOLE_MAX, lt=WHOLE_MAX)]


class _Voter(msgspec.Struct):
    Id: _Id | None = None
    DisplayName: str | None = None


class _Said(msgspec.Struct):
    OriginalQuestionIds: list[_Id] = []
    Voters: list[_Voter] = []


def reason(site: Site, post: int, row: Row) -> str | None:
    """Why a row of PostHistory closes a question; None where it does not say."""
    stated = row.get("Comment", "").strip()
    why = REASONS.get(stated, f"reason {stated}" if stated.isdecimal() else stated)
    if why != "duplicate":
        return why or None
    of = _said(row).OriginalQuestionIds
    return duplicate(of or linked(site, post, moment_at(row)))


def closed_at(site: Site, post: int, at: datetime) -> datetime:
    """When a row of PostHistory closes a question: as Posts has it, where both mean the same."""
    found = site.store.post(post)
    if found is None or found.closed is None or abs(found.closed - ms(at)) > SAME_MS:
        return at
    return to_datetime(found.closed)


def duplicate(of: list[int]) -> str:
    """That a question was asked before."""
    return f"duplicate of {', '.join(map(str, of))}" if of else "duplicate"


def linked(site: Site, post: int, closed: int) -> list[int]:
    """What PostLinks says the question duplicated when it was closed."""
    return site.store.duplicates(post, closed - LINKED_WITHIN_MS, closed + LINKED_WITHIN_MS)


def voter(site: Site, row: Row) -> Person | None:
    """Who did it, where one alone voted; of several nobody can say whose vote it was."""
    voters = _said(row).Voters
    return site.person(voters[0].Id, voters[0].DisplayName) if len(voters) == 1 else None


def _said(row: Row) -> _Said:
    try:
        return msgspec.json.decode(row.get("Text", ""), type=_Said)
    except (msgspec.DecodeError, RecursionError):
        return _Said()
