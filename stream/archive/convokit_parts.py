"""The parts of a ConvoKit corpus: the shape of utterances, and what is said of conversations.

``threadline`` in a ``meta`` holds what our own export says beyond what ConvoKit has words for.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from stream.archive.json_entries import entries
from stream.core.events import Format, Person
from stream.core.when import When

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream.archive.opening import File

UTTERANCES: Final = "utterances.jsonl"
_NAMED: Final = ("id", "name")


class Observation(msgspec.Struct, frozen=True, omit_defaults=True):
    """When the scores and views of a conversation were seen."""

    when: When
    scored: tuple[str, ...] = ()
    views: int | None = None


class OfConversation(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of which thread it is, and what its archive cannot tell."""

    community: str
    thread: str
    silent_on: tuple[str, ...] | None = None
    observed: Observation | None = None


class OfUtterance(msgspec.Struct, frozen=True, omit_defaults=True):
    """An item's own words for itself."""

    item: str
    kind: Literal["question", "answer", "post", "comment"]
    when: When
    on: str | None = None
    author: Person | None = None
    format: Format = "text"
    mentions: tuple[str, ...] = ()
    deleted: tuple[When, ...] = ()
    title: str | None = None
    tags: tuple[str, ...] = ()


class UtteranceMeta(msgspec.Struct, frozen=True):
    """What is used of it; what has another shape than expected is not known."""

    score: Any = None
    retrieved_on: Any = None
    subreddit: Any = None
    threadline: OfUtterance | None = None


class Utterance(msgspec.Struct, frozen=True):
    """A line of ``utterances.jsonl``; older corpora say ``user`` and ``root``."""

    id: str | int
    conversation_id: str | int | None = None
    root: str | int | None = None
    text: str | None = None
    speaker: str | None = None
    user: str | None = None
    reply_to: str | int | None = msgspec.field(default=None, name="reply-to")
    reply_to_: str | int | None = msgspec.field(default=None, name="reply_to")
    timestamp: float | int | str | None = None
    meta: UtteranceMeta | None = None

    @property
    def conversation(self) -> str:
        found = self.conversation_id if self.conversation_id is not None else self.root
        return str(self.id if found is None else found)

    @property
    def parent(self) -> str | None:
        found = self.reply_to if self.reply_to is not None else self.reply_to_
        return None if found is None or found == "" else str(found)

    @property
    def by(self) -> str | None:
        return self.speaker or self.user


class Conversations:
    """What is said of whole conversations, on disk."""

    def __init__(self) -> None:
        self._disk = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._disk.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192;"
            "CREATE TABLE meta (id TEXT PRIMARY KEY, meta TEXT) WITHOUT ROWID;"
            "CREATE TABLE observed (community TEXT, thread TEXT, said BLOB,"
            " PRIMARY KEY (community, thread)) WITHOUT ROWID; BEGIN"
        )

    def add(self, id_: str, entry: object) -> None:
        """One entry of ``conversations.json``."""
        meta = entry.get("meta", entry) if isinstance(entry, dict) else None
        self._disk.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (id_, json.dumps(meta)))

    def meta(self, id_: str) -> dict[str, Any]:
        """Its meta; empty where nothing is said of it."""
        row = self._disk.execute("SELECT meta FROM meta WHERE id = ?", (id_,)).fetchone()
        found = None if row is None else json.loads(row[0])
        return found if isinstance(found, dict) else {}

    def observe(self, of: OfConversation) -> None:
        said = msgspec.json.encode(of.observed)
        self._disk.execute(
            "INSERT OR IGNORE INTO observed VALUES (?, ?, ?)", (of.community, of.thread, said)
        )

    def observed(self, community: str, thread: str) -> Observation | None:
        """When its scores were seen, where our own export says so."""
        row = self._disk.execute(
            "SELECT said FROM observed WHERE community = ? AND thread = ?", (community, thread)
        ).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=Observation | None)

    def close(self) -> None:
        self._disk.close()


@contextmanager
def conversations(files: dict[str, File]) -> Iterator[Conversations]:
    """Those of a corpus, gone from the disk afterwards."""
    kept = Conversations()
    try:
        if "conversations.json" in files:
            for id_, entry in entries(files["conversations.json"]):
                kept.add(id_, entry)
        yield kept
    finally:
        kept.close()


def robots(files: dict[str, File]) -> dict[str, Person]:
    """The speakers that are marked as robots, as our own export marks them."""
    if "speakers.json" not in files:
        return {}
    found: dict[str, Person] = {}
    for speaker, entry in entries(files["speakers.json"]):
        meta = entry.get("meta", entry) if isinstance(entry, dict) else None
        if isinstance(meta, dict) and meta.get("robot") is True:
            id_, name = (one if isinstance(one := meta.get(key), str) else None for key in _NAMED)
            found[speaker] = Person(id_, name) if id_ or name else Person(name=speaker)
    return found
