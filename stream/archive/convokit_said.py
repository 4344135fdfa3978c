"""What one utterance states, as events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from stream.archive.json_rows import seconds
from stream.core import events as e
from stream.core.when import EPOCH, When

if TYPE_CHECKING:
    from datetime import datetime

    from stream.archive.convokit_parts import OfConversation, OfUtterance, Utterance

GONE: Final = frozenset(("[deleted]", "[removed]"))

Said: TypeAlias = e.PostCreated | e.CommentCreated | e.ItemDeleted


def author(said: Utterance, *, reddit: bool) -> e.Person | None:
    """Reddit's speakers are names; others are ids, and as good as names."""
    by = said.by
    if not by or by in GONE:
        return None
    return e.Person(name=by) if reddit else e.Person(id=by, name=by)


def text(said: Utterance) -> str | None:
    """Its words; None where they are gone."""
    return None if said.text in GONE else said.text


def seen(said: Utterance) -> datetime | None:
    """When it was fetched; None where that is not known (-1)."""
    when = said.meta.retrieved_on if said.meta is not None else None
    try:
        return seconds(when) if isinstance(when, int | float | str) else None
    except ValueError:
        return None  # -1: not known.


def score(said: Utterance) -> int | None:
    """None where none is told."""
    found = said.meta.score if said.meta is not None else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def time(when: When) -> datetime:
    """Where an event is put; the beginning of time waits for the archive's end."""
    return when.at or when.by or when.after or EPOCH


def created(
    where: OfConversation, item: OfUtterance, words: str | None
) -> e.PostCreated | e.CommentCreated:
    """Its creation."""
    data: dict[str, Any] = {
        "item": item.item,
        "on": item.on,
        "author": item.author,
        "text": words,
        "format": item.format,
        "mentions": item.mentions,
        "when": item.when,
    }
    about: dict[str, Any] = {
        "source": where.community,
        "subject": where.thread,
        "time": time(item.when),
    }
    if item.kind == "comment":
        return e.CommentCreated(data=e.CommentData(**data), **about)
    first = item.on is None and item.kind != "answer"
    post = e.PostData(
        kind=item.kind,
        title=item.title,
        tags=item.tags,
        silent_on=where.silent_on if first else None,
        **data,
    )
    return e.PostCreated(data=post, **about)


def deleted(where: OfConversation, item: OfUtterance, when: When) -> e.ItemDeleted:
    """One deletion of it."""
    return e.ItemDeleted(
        source=where.community,
        subject=where.thread,
        time=time(when),
        data=e.ItemData(item=item.item, when=when),
    )
