"""What can be stated of a discussion: one type of event a fact, with the words of the wire.

Each is a CloudEvents 1.0 object; the tag is its ``type`` and names its schema's file. What each
says is in `data`, whose names come from here, too.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

from stream.core.data import (
    AcceptData,
    AliasData,
    AttributionData,
    Changes,
    CommentData,
    Data,
    EditData,
    ErasureData,
    FlagData,
    Format,
    Id,
    ItemData,
    ObservedData,
    Person,
    PostData,
    ProgressData,
    ThreadData,
)
from stream.core.when import Time


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


__all__ = [
    "CREATIONS",
    "OF_A_COMMUNITY",
    "OF_PEOPLE",
    "RANK",
    "AcceptData",
    "AliasData",
    "AnswerAccepted",
    "AnswerUnaccepted",
    "AttributionData",
    "Changes",
    "CommentCreated",
    "CommentData",
    "CommentEdited",
    "Data",
    "EditData",
    "ErasureData",
    "Event",
    "FlagData",
    "Format",
    "Id",
    "ItemAttributed",
    "ItemData",
    "ItemDeleted",
    "ItemRestored",
    "ObservedData",
    "Person",
    "PersonAliased",
    "PersonErased",
    "PersonFlagged",
    "PostCreated",
    "PostData",
    "PostEdited",
    "ProgressData",
    "ReplayFinished",
    "ReplayProgressed",
    "ThreadClosed",
    "ThreadData",
    "ThreadLocked",
    "ThreadObserved",
    "ThreadReopened",
    "ThreadUnlocked",
    "order",
]
