"""What a community's threads share: who is who, and the activity by quarter hour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stream.core.people import Names, Voice

if TYPE_CHECKING:
    from stream.core.events import Person, PersonAliased, PersonErased, PersonFlagged
    from stream.core.thread import Thread

COLUMNS: Final = ("questions", "answers", "posts", "comments", "edits", "deletions", "bounded")
EDITS, DELETIONS, BOUNDED_COLUMN = 4, 5, 6
QUARTER_MS: Final = 900_000


class Community:
    """What a community's threads share: who is who, and the activity by quarter hour."""

    __slots__ = (
        "bearers",
        "called",
        "erased",
        "erasures",
        "head",
        "humans",
        "name",
        "names",
        "quarters",
        "renamed",
        "robots",
        "said",
        "stated",
        "threads",
        "told",
        "voices",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.head = ""  # Its JSON, kept by the codec.
        self.threads: dict[str, Thread] = {}
        self.voices: dict[Person, Voice] = {}
        self.bearers: dict[str, set[str]] = {}  # Called name → tokens of accounts of that name
        self.called: dict[str, str] = {}  # An account's token → the name first seen of it
        self.renamed: set[str] = set()  # Accounts of several names
        self.names: Names = {}
        self.erased: frozenset[str] = frozenset()
        self.erasures: set[tuple[str, str]] = set()
        # Who is stated to be a robot, and who is stated to be none, as `tokens_of` tells them.
        self.robots: frozenset[str] = frozenset()
        self.humans: frozenset[str] = frozenset()
        self.stated: dict[PersonAliased | PersonErased | PersonFlagged, None] = {}
        self.said: dict[PersonAliased | PersonErased | PersonFlagged, None] = {}  # To be told
        self.quarters: dict[int, list[int]] = {}
        self.told: set[int] = set()  # Quarters to be told

    def voice(self, person: Person | None) -> Voice | None:
        """The one value for an id and name; None where there is neither."""
        if person is None:
            return None
        voice = self.voices.get(person)
        if voice is None:
            if not person.id and not person.name:
                return None
            voice = self.voices[person] = Voice(person.id or None, person.name or None)
            if voice.id is not None:
                self.bearers.setdefault(voice.call, set()).add(voice.token)
                if self.called.setdefault(voice.token, voice.call) != voice.call:
                    self.renamed.add(voice.token)
        return voice

    def count(self, at: int, column: int, n: int) -> None:
        """Add to the activity of the quarter hour of ``at``."""
        quarter = at // QUARTER_MS
        row = self.quarters.get(quarter)
        if row is None:
            row = self.quarters[quarter] = [0] * len(COLUMNS)
        row[column] += n
        self.told.add(quarter)
