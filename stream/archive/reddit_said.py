"""What one submission or comment of Reddit states, as events."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from stream.archive.json_rows import seconds
from stream.core.events import (
    Changes,
    CommentCreated,
    CommentData,
    CommentEdited,
    EditData,
    ItemData,
    ItemDeleted,
    Person,
    PostCreated,
    PostData,
    PostEdited,
    ThreadData,
    ThreadLocked,
)
from stream.core.when import When

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from stream.archive.reddit_rows import Entry

SILENT: Final = ("accepted", "closed")
DELETED: Final = "[deleted]"

_CALLED: Final = re.compile(r"(?<![\w/])/?u/([\w-]{3,20})(?![\w-])", re.ASCII)
_CODE: Final = re.compile(r"`[^`]*`")

Said = PostCreated | CommentCreated | PostEdited | CommentEdited | ItemDeleted | ThreadLocked


class Place(NamedTuple):
    """Where and when an item was written; ``first`` and ``last``: when it was captured."""

    community: str
    thread: str
    item: str
    on: str | None
    created: When
    first: datetime | None
    last: datetime | None

    @property
    def time(self) -> datetime:
        time = self.created.at or self.created.by
        if time is None:
            msg = "it has no created_utc, and nothing says by when it was there"
            raise ValueError(msg)
        return time


def said(place: Place, entry: Entry) -> Iterator[Said]:
    """Its creation, and what happened to it since."""
    yield _created(place, entry)
    if entry.edited:
        yield _edit(place, entry)
    since = max(place.time, edited(entry) or place.time)
    if entry.is_gone:
        removed = seconds(entry.banned_at_utc)
        yield _deleted(place, When(at=removed) if removed else _bounds(since, place.last))
    elif entry.meta is not None and entry.meta.was_deleted_later:
        yield _deleted(place, _bounds(place.first or since, place.last))
    if entry.locked and not entry.is_comment:
        when = _bounds(place.time, place.last)
        yield ThreadLocked(
            source=place.community,
            subject=place.thread,
            time=when.by or place.time,
            data=ThreadData(when=when),
        )


def _created(place: Place, entry: Entry) -> PostCreated | CommentCreated:
    """The first words are not known where there were others since."""
    text = None if entry.edited else entry.text
    if entry.is_comment:
        return CommentCreated(
            source=place.community,
            subject=place.thread,
            time=place.time,
            data=CommentData(
                item=place.item,
                on=place.on,
                author=_author(entry),
                text=text,
                format="markdown",
                mentions=_mentions(text),
                when=place.created,
            ),
        )
    return PostCreated(
        source=place.community,
        subject=place.thread,
        time=place.time,
        data=PostData(
            item=place.item,
            kind="post",
            author=_author(entry),
            title=entry.headline,
            text=text,
            format="markdown",
            mentions=_mentions(text),
            when=place.created,
            silent_on=SILENT if entry.edited is not None else (*SILENT, "edited"),
        ),
    )


def _edit(place: Place, entry: Entry) -> PostEdited | CommentEdited:
    """By its author, as nobody else can; of the oldest edits only that there was one."""
    at = None if edits_early(place, entry) else edited(entry)
    when = When(at=at) if at else _bounds(place.time, place.last)
    return (CommentEdited if entry.is_comment else PostEdited)(
        source=place.community,
        subject=place.thread,
        time=when.at or when.by or place.time,
        data=EditData(
            item=place.item,
            revision=f"edited-{int(at.timestamp())}" if at else "edited",
            by=_author(entry),
            changes=Changes(text=entry.text),
            mentions=_mentions(entry.text),
            when=when,
        ),
    )


def _deleted(place: Place, when: When) -> ItemDeleted:
    return ItemDeleted(
        source=place.community,
        subject=place.thread,
        time=when.at or when.by or place.time,
        data=ItemData(item=place.item, when=when),
    )


def edited(entry: Entry) -> datetime | None:
    """When it was edited last; None where that is not told."""
    return None if isinstance(entry.edited, bool) else seconds(entry.edited)


def edits_early(place: Place, entry: Entry) -> bool:
    """Whether its edit is said to be older than itself, which cannot be."""
    at = edited(entry)
    return at is not None and at < place.time


def _bounds(after: datetime, by: datetime | None) -> When:
    return When(after=after, by=None if by is None or by < after else by)


def _author(entry: Entry) -> Person | None:
    if not entry.author or entry.author == DELETED:
        return None
    return Person(id=entry.author_fullname or None, name=entry.author)


def _mentions(text: str | None) -> tuple[str, ...]:
    if not text or "u/" not in text:
        return ()
    return tuple(dict.fromkeys(_CALLED.findall(_CODE.sub(" ", text))))
