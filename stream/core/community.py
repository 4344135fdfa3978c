"""What a community's threads share: who is who, and the activity by quarter hour."""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING, Final

from stream.core.people import Names, Voice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stream.core.events import Person, PersonAliased, PersonErased, PersonFlagged
    from stream.core.thread import Thread

QUARTER_MS: Final = 900_000

# What happened in a quarter hour is one number, in which each count has its place: there are
# nearly as many quarters as items, and a list of seven counts is three times as large. What
# most quarters have comes first, as a number is as long as its highest place.
COUNT_BITS: Final = 32
ONE_COMMENT, ONE_ANSWER, ONE_POST, ONE_QUESTION, ONE_EDIT, ONE_DELETION, ONE_BOUNDED = (
    1 << COUNT_BITS * place for place in range(7)
)
COLUMNS: Final = {
    "questions": ONE_QUESTION,
    "answers": ONE_ANSWER,
    "posts": ONE_POST,
    "comments": ONE_COMMENT,
    "edits": ONE_EDIT,
    "deletions": ONE_DELETION,
    "bounded": ONE_BOUNDED,
}


def counts(happened: int) -> dict[str, int]:
    """A quarter's counts by name, in the order of a row."""
    return {name: happened // one % (1 << COUNT_BITS) for name, one in COLUMNS.items()}


class Community:
    """What a community's threads share: who is who, and the activity by quarter hour."""

    __slots__ = (
        "accounts",
        "bearers",
        "calls",
        "erased",
        "erasures",
        "head",
        "humans",
        "name",
        "names",
        "others",
        "quarters",
        "renamed",
        "robots",
        "said",
        "stated",
        "threads",
        "told",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.head = ""  # Its JSON, kept by the codec.
        self.threads: dict[str, Thread] = {}
        self.accounts: dict[str | None, Voice] = {}  # By id, with the name that came first
        self.others: dict[Person, Voice] = {}  # Without an id, or an account's other names
        # Called name → token of the account of that name; or of those, where there are several.
        self.bearers: dict[str, str | set[str]] = {}
        self.calls: dict[str, tuple[str, ...]] = {}  # By name, all calls of that one
        self.renamed: set[str] = set()  # Accounts of several names
        self.names: Names = {}
        self.erased: frozenset[str] = frozenset()
        self.erasures: set[tuple[str, str]] = set()
        # Who is stated to be a robot, and who is stated to be none, as `tokens_of` tells them.
        self.robots: frozenset[str] = frozenset()
        self.humans: frozenset[str] = frozenset()
        self.stated: dict[PersonAliased | PersonErased | PersonFlagged, None] = {}
        self.said: dict[PersonAliased | PersonErased | PersonFlagged, None] = {}  # To be told
        self.quarters: dict[int, int] = {}
        self.told: set[int] = set()  # Quarters to be told

    def voice(self, person: Person | None) -> Voice | None:
        """The one value for an id and name; None where there is neither."""
        if person is None:
            return None
        voice = self.accounts.get(person.id)
        if voice is not None and voice.name == person.name:
            return voice
        return self.others.get(person) or self._new_voice(person)

    def calling(self, names: Sequence[str]) -> tuple[str, ...]:
        """``names`` as they are kept: mostly a single one, called by many."""
        if len(names) != 1:
            return tuple(map(intern, names))
        calls = self.calls.get(names[0])
        if calls is None:
            name = intern(names[0])
            calls = self.calls[name] = (name,)
        return calls

    def tokens(self, names: Iterable[str]) -> set[str]:
        """The tokens of all who were ever named so, by what they are called."""
        tokens = set()
        for name in names:
            tokens.add(f"@{name}")
            held = self.bearers.get(name, ())
            tokens.update((held,) if isinstance(held, str) else held)
        return tokens

    def _new_voice(self, person: Person) -> Voice | None:
        if not person.id and not person.name:
            return None
        voice = Voice(person.id or None, person.name or None)
        first = voice
        if voice.id is not None:
            first = self.accounts.setdefault(voice.id, voice)
            self._bears(voice.call, voice.token)
            if first.call != voice.call:
                self.renamed.add(voice.token)
        if voice.id is None or first is not voice or voice.name != person.name:
            self.others[person] = voice
        return voice

    def _bears(self, call: str, token: str) -> None:
        held = self.bearers.get(call)
        if held is None:
            self.bearers[call] = token
        elif isinstance(held, set):
            held.add(token)
        elif held != token:
            self.bearers[call] = {held, token}

    def count(self, at: int, happened: int) -> None:
        """Add to the activity of the quarter hour of ``at``: so many times one of `COLUMNS`."""
        quarter = at // QUARTER_MS
        self.quarters[quarter] = self.quarters.get(quarter, 0) + happened
        self.told.add(quarter)
