"""Who is who in a thread: names as people are called, ids, aliases, and whom nobody may see."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@lru_cache(maxsize=65_536)
def call(name: str) -> str:
    """The form in which people are called: ``Bryan Shih`` answers to ``@bryanshih``."""
    return name.replace(" ", "").lower()


class Voice:
    """One id and name as an archive prints them together; kept once a partition.

    ``token`` tells people apart: the id, or the called name where there is none. ``plain`` is the
    token of somebody of whom only the name is known.
    """

    __slots__ = ("call", "id", "name", "shown", "token")

    def __init__(self, id_: str | None, name: str | None) -> None:
        self.id = id_
        self.name = name
        self.call = call(name) if name else f"#{id_}"
        self.token = f"#{id_}" if id_ is not None else f"@{self.call}"
        self.shown = ""  # Its JSON, kept by the codec.

    @property
    def plain(self) -> str:
        return f"@{self.call}"


Names = dict[str, frozenset[str]]
"""A called name → all the names of the same person, itself included."""


def unite(names: Names, more: Iterable[str]) -> frozenset[str]:
    """Add the statement that all of ``more`` are one person's; all names that now are."""
    together = frozenset(call(name) for name in more)
    for one in tuple(together):
        together |= names.get(one, frozenset())
    names.update(dict.fromkeys(together, together))
    return together


def united(names: Names, stated: Iterable[Iterable[str]]) -> Names:
    """``names`` and all that is ``stated``, each as by `unite`, but in one go."""
    together = _Together()
    groups: set[frozenset[str]] = set()
    for more in stated:
        first = None
        for called in map(call, more):
            first = called if first is None else first
            together.link(first, called)
            if called in names:
                groups.add(names[called])
    for group in groups:
        first = min(group)
        for called in group:
            together.link(first, called)
    led: dict[str, set[str]] = {}
    for called in together.leader:
        led.setdefault(together.lead(called), set()).add(called)
    found = dict(names)
    for leader in led.values():
        found.update(dict.fromkeys(leader, frozenset(leader)))
    return found


def tokens_of(people: Iterable[tuple[str, str]]) -> frozenset[str]:
    """What tells erased people, as (id, name) with "" where missing, from others; see `masked`."""
    tokens: set[str] = set()
    for id_, name in people:
        if id_:
            tokens.add(f"#{id_}")
        if name:
            tokens.add(f"~{call(name)}" if id_ else f"@{call(name)}")
    return frozenset(tokens)


def masked(voice: Voice, hidden: frozenset[str]) -> bool:
    """Whether nobody may see whose this is."""
    if voice.plain in hidden or voice.token in hidden:
        return True
    return voice.id is None and f"~{voice.call}" in hidden


class _Together:
    """Tokens that are one person's, each led by the smallest."""

    def __init__(self) -> None:
        self.leader: dict[str, str] = {}

    def lead(self, token: str) -> str:
        leader = self.leader
        above = leader.setdefault(token, token)
        while above != token:
            leader[token] = token = leader[above]  # Shorter by half for the next to ask.
            above = leader[token]
        return token

    def link(self, one: str, other: str) -> None:
        one, other = sorted((self.lead(one), self.lead(other)))
        self.leader[other] = one


def roots(voices: Iterable[Voice], names: Names) -> Mapping[str, str]:
    """Token → one token for all that are the same person.

    Two are one where their ids are the same, by name only where an id is missing (of several
    accounts of that name, the smallest id), or by alias.
    """
    together = _Together()
    heard = sorted({(voice.token, voice.call, voice.id is None) for voice in voices})
    bearers: dict[str, str] = {}
    for token, called, nameless in heard:
        together.lead(token)
        if not nameless:
            bearers.setdefault(called, token)
    aliased: dict[frozenset[str], str] = {}
    for token, called, nameless in heard:
        if nameless:
            together.link(token, bearers.get(called, token))
        if called in names:
            together.link(token, aliased.setdefault(names[called], token))
    return {token: together.lead(token) for token in together.leader}
