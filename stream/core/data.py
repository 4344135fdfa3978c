"""What each type of event says: the ``data`` of the wire, word for word."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from stream.core.when import Time, When

Id = Annotated[str, msgspec.Meta(min_length=1)]
Format = Literal["text", "html", "markdown"]


class Person(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Somebody as the archive names them; either may be missing, not both."""

    id: str | None = None
    name: str | None = None


class Data(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """What a type of event says."""


class PostData(Data, frozen=True, kw_only=True):
    """``silent_on``: on a thread's first post, what this archive cannot tell."""

    item: Id
    kind: Literal["question", "answer", "post"]
    on: str | None = None
    author: Person | None = None
    title: str | None = None
    text: str | None = None
    format: Format = "text"
    tags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    when: When
    printed: str | None = None
    silent_on: tuple[str, ...] | None = None


class CommentData(Data, frozen=True, kw_only=True):
    item: Id
    on: str | None = None
    author: Person | None = None
    text: str | None = None
    format: Format = "text"
    mentions: tuple[str, ...] = ()
    when: When


class Changes(Data, frozen=True, kw_only=True):
    """The new values of what a revision changed."""

    title: str | None = None
    text: str | None = None
    tags: tuple[str, ...] | None = None


class EditData(Data, frozen=True, kw_only=True):
    """``mentions``: those of the new text, where the text changed."""

    item: Id
    revision: Id
    by: Person | None = None
    changes: Changes = Changes()
    mentions: tuple[str, ...] = ()
    note: str | None = None
    rollback: bool = False
    when: When


class ItemData(Data, frozen=True, kw_only=True):
    item: Id
    by: Person | None = None
    when: When


class AcceptData(Data, frozen=True, kw_only=True):
    item: Id
    when: When


class ThreadData(Data, frozen=True, kw_only=True):
    by: Person | None = None
    why: str | None = None
    when: When


class ObservedData(Data, frozen=True, kw_only=True):
    """What the archive saw when it was captured.

    ``scores`` by item, where not 0; ``scored``: the kinds of item whose score it tells at all, so
    that one of them that is not in ``scores`` has 0, and one of another kind an unknown score.
    """

    scores: dict[str, int] = msgspec.field(default_factory=dict)
    scored: tuple[str, ...] = ()
    views: int | None = None
    when: When


class AliasData(Data, frozen=True, kw_only=True):
    names: tuple[str, ...]
    by: str = "operator"
    evidence: str | None = None


class AttributionData(Data, frozen=True, kw_only=True):
    item: Id
    person: Person
    by: str = "operator"
    evidence: str | None = None


class ErasureData(Data, frozen=True, kw_only=True):
    person: Person


class FlagData(Data, frozen=True, kw_only=True):
    """``robot``: whether ``person`` is one; where both are stated, they are not."""

    person: Person
    robot: bool
    by: str = "operator"
    evidence: str | None = None


class ProgressData(Data, frozen=True, kw_only=True):
    """``until``: the event time up to which a replay has published everything."""

    until: Time
