"""What can be stated of a discussion: one type of event a fact, with the words of the wire.

Each is a CloudEvents 1.0 object; the tag is its ``type`` and names its schema's file.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

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


class _Event(msgspec.Struct, frozen=True, gc=False, tag_field="type", kw_only=True):
    """``source``: the community; ``subject``: the thread, "" where it concerns a community."""

    source: str
    time: Time
    subject: str = ""
    id: str = ""
    specversion: str = "1.0"


class PostCreated(_Event, frozen=True, kw_only=True, tag="org.threadline.post.created.v1"):
    data: PostData


class CommentCreated(_Event, frozen=True, kw_only=True, tag="org.threadline.comment.created.v1"):
    data: CommentData


class PostEdited(_Event, frozen=True, kw_only=True, tag="org.threadline.post.edited.v1"):
    data: EditData


class CommentEdited(_Event, frozen=True, kw_only=True, tag="org.threadline.comment.edited.v1"):
    data: EditData


class ItemDeleted(_Event, frozen=True, kw_only=True, tag="org.threadline.item.deleted.v1"):
    data: ItemData


class ItemRestored(_Event, frozen=True, kw_only=True, tag="org.threadline.item.restored.v1"):
    data: ItemData


class AnswerAccepted(_Event, frozen=True, kw_only=True, tag="org.threadline.answer.accepted.v1"):
    data: AcceptData


class AnswerUnaccepted(
    _Event, frozen=True, kw_only=True, tag="org.threadline.answer.unaccepted.v1"
):
    data: AcceptData


class ThreadClosed(_Event, frozen=True, kw_only=True, tag="org.threadline.thread.closed.v1"):
    data: ThreadData


class ThreadReopened(_Event, frozen=True, kw_only=True, tag="org.threadline.thread.reopened.v1"):
    data: ThreadData


class ThreadLocked(_Event, frozen=True, kw_only=True, tag="org.threadline.thread.locked.v1"):
    data: ThreadData


class ThreadUnlocked(_Event, frozen=True, kw_only=True, tag="org.threadline.thread.unlocked.v1"):
    data: ThreadData


class ThreadObserved(_Event, frozen=True, kw_only=True, tag="org.threadline.thread.observed.v1"):
    data: ObservedData


class PersonAliased(_Event, frozen=True, kw_only=True, tag="org.threadline.person.aliased.v1"):
    data: AliasData


class ItemAttributed(_Event, frozen=True, kw_only=True, tag="org.threadline.item.attributed.v1"):
    data: AttributionData


class PersonErased(_Event, frozen=True, kw_only=True, tag="org.threadline.person.erased.v1"):
    data: ErasureData


class PersonFlagged(_Event, frozen=True, kw_only=True, tag="org.threadline.person.flagged.v1"):
    """Always of a community: ``subject`` is ""."""

    data: FlagData


class ReplayProgressed(
    _Event, frozen=True, kw_only=True, tag="org.threadline.replay.progressed.v1"
):
    data: ProgressData


class ReplayFinished(_Event, frozen=True, kw_only=True, tag="org.threadline.replay.finished.v1"):
    data: ProgressData


Event: TypeAlias = (
    PostCreated
    | CommentCreated
    | PostEdited
    | CommentEdited
    | ItemDeleted
    | ItemRestored
    | AnswerAccepted
    | AnswerUnaccepted
    | ThreadClosed
    | ThreadReopened
    | ThreadLocked
    | ThreadUnlocked
    | ThreadObserved
    | PersonAliased
    | ItemAttributed
    | PersonErased
    | PersonFlagged
    | ReplayProgressed
    | ReplayFinished
)

CREATIONS: Final = (CommentCreated, PostCreated)

OF_PEOPLE: Final = (PersonFlagged, PersonAliased, PersonErased)
"""Who is who."""

OF_A_COMMUNITY: Final = (*OF_PEOPLE, ReplayProgressed, ReplayFinished)
"""What may concern a community rather than a thread."""

# Creation ranks before what refers to it; who people are, before what they are called in.
RANK: dict[type, int] = {
    kind: rank
    for rank, kind in enumerate(
        (
            *OF_PEOPLE,
            PostCreated,
            CommentCreated,
            PostEdited,
            CommentEdited,
            ItemAttributed,
            ItemDeleted,
            ItemRestored,
            AnswerUnaccepted,
            AnswerAccepted,
            ThreadClosed,
            ThreadReopened,
            ThreadLocked,
            ThreadUnlocked,
            ThreadObserved,
            ReplayProgressed,
            ReplayFinished,
        )
    )
}


def order(event: Event) -> tuple[object, int, str]:
    """The key by which events sort: time, rank of type, id."""
    return event.time, RANK[type(event)], event.id
