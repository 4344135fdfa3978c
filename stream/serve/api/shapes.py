"""The shapes of the topics' values, as OpenAPI and ``schemas/views`` tell them.

Rows are written by the codec, not made from these: tests hold the one to the other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Time: TypeAlias = Annotated[datetime, Field(description="UTC, milliseconds.")]
Kind: TypeAlias = Literal["question", "answer", "post", "comment"]
State: TypeAlias = Literal["waiting", "answered", "accepted", "closed", "deleted"]
Offsets: TypeAlias = dict[str, int]


class Shape(BaseModel):
    """A field may be added, never renamed."""

    model_config = ConfigDict(extra="allow")


class At(BaseModel):
    """Known to the millisecond."""

    model_config = ConfigDict(extra="forbid")
    at: Time


class Between(BaseModel):
    """Only bounds are known; null where there is none."""

    model_config = ConfigDict(extra="forbid")
    after: Time | None
    by: Time | None


When: TypeAlias = At | Between


class Person(BaseModel):
    """Either may be missing."""

    model_config = ConfigDict(extra="forbid")
    id: str | None = None
    name: str | None = None


class Wait(Shape):
    """`observed` has `ms`, `between` its bounds, `waiting` since when."""

    status: Literal["observed", "between", "waiting", "unknown"]
    ms: int | None = None
    after_ms: int | None = None
    by_ms: int | None = None
    since: Time | None = None
    for_ms: int | None = Field(None, description="Over HTTP: as of the answer's `as_of`.")
    item: str | None = None


class ThreadCounts(Shape):
    """`people`: distinct known authors, aliases counted once."""

    questions: int
    answers: int
    posts: int
    comments: int
    edits: int
    deleted: int
    people: int


class MentionCounts(Shape):
    """Whom nobody could find is counted, never guessed."""

    resolved: int
    unresolved: int


class Waits(Shape):
    """Null: has not begun."""

    first_response: Wait | None
    first_answer: Wait | None
    first_comment: Wait | None
    accepted: Wait | None
    closed: Wait | None
    asker_return: Wait | None


class Thread(Shape):
    """The value of `threadline.threads`."""

    community: str
    thread: str
    title: str | None
    tags: list[str]
    state: State
    asked: When | None
    asker: Person | None
    first_at: Time | None
    last_at: Time | None
    counts: ThreadCounts
    mentions: MentionCounts
    waits: Waits
    half_life_ms: int | None
    silent_on: list[str]
    conflicts: int


class Attributed(Shape):
    """Whose an item is, by somebody's assertion: never its author."""

    id: str | None = None
    name: str | None = None
    by: str
    evidence: str | None = None


class Edit(Shape):
    """A revision; `changes`: what it changed."""

    revision: str
    at: Time
    by: Person | None
    changes: list[Literal["title", "text", "tags"]]
    rollback: bool
    note: str | None


class Mention(Shape):
    """Whom a text calls; `item`: the comment that is meant."""

    name: str
    how: Literal["exact", "prefix", "alias", "unresolved"]
    person: Person | None
    item: str | None


class Item(Shape):
    """The value of `threadline.items`."""

    community: str
    thread: str
    item: str
    kind: Kind | None
    on: str | None
    author: Person | None
    attributed: Attributed | None
    when: When | None
    printed: str | None
    score: int | None
    edits: list[Edit]
    deleted: When | None
    mentions: list[Mention]


class Edge(Shape):
    """What an item answers, and how long after."""

    item: str | None
    person: Person | None
    how: str
    wait: Wait | None


class Reply(Shape):
    """The value of `threadline.replies`."""

    community: str
    thread: str
    item: str
    author: Person | None
    when: When
    replies_to: dict[str, list[Edge]]


class Counts(Shape):
    """`bounded`: how many items are there only because they are first proved then."""

    start: Time
    questions: int
    answers: int
    posts: int
    comments: int
    edits: int
    deletions: int
    bounded: int


class Quarter(Counts):
    """The value of `threadline.activity`."""

    community: str


class Cut(Shape):
    """The value of `threadline.progress`."""

    partition: int
    offset: int
    views: Offsets
    watermark: Time | None


class Problem(Shape):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str


SCHEMAS: dict[str, type[BaseModel]] = {
    "thread": Thread,
    "item": Item,
    "reply": Reply,
    "activity": Quarter,
    "cut": Cut,
    "problem": Problem,
}
"""By the name of the file in ``schemas/views``."""
