"""What one post of a Discourse topic states, as events."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from stream.archive.json_rows import printed
from stream.core.events import (
    AcceptData,
    AnswerAccepted,
    Changes,
    EditData,
    ItemData,
    ItemDeleted,
    Person,
    PostCreated,
    PostData,
    PostEdited,
    ThreadClosed,
    ThreadData,
    ThreadLocked,
    ThreadReopened,
    ThreadUnlocked,
)
from stream.core.when import When

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from stream.archive.discourse_rows import Page, Post, Somebody
    from stream.core.events import Event

SMALL_ACTION: Final = 3
VERSIONS_MAX: Final = 1_000  # Told of one post.
ACTIONS: Final[dict[str, Callable[..., Event]]] = {
    "closed.enabled": ThreadClosed,
    "autoclosed.enabled": ThreadClosed,
    "closed.disabled": ThreadReopened,
    "autoclosed.disabled": ThreadReopened,
    "archived.enabled": ThreadLocked,
    "archived.disabled": ThreadUnlocked,
}

# The site itself marks whom a text calls; a group has a class of its own.
_CALLED: Final = re.compile(r'class="mention"[^>]*>@([^<]{1,100})<')


class Place(NamedTuple):
    """Where and when a post was written, and by when it was changed last."""

    community: str
    thread: str
    item: str
    created: datetime
    updated: datetime | None


def said(place: Place, post: Post, page: Page) -> Iterator[Event]:
    """Its creation, and what happened to it since."""
    yield _created(place, post, page)
    yield from _edits(place, post)
    deleted_at = printed(post.deleted_at)
    if deleted_at is not None:
        yield _deleted(place, When(at=deleted_at), post.deleted_by)
    elif post.user_deleted:
        yield _deleted(place, _bounds(place), None)
    elif post.hidden:
        yield _deleted(place, When(after=place.created), None)
    if post.accepted_answer:
        yield AnswerAccepted(
            source=place.community,
            subject=place.thread,
            time=place.created,
            data=AcceptData(item=place.item, when=When(after=place.created)),
        )


def acted(place: Place, post: Post) -> Iterator[Event]:
    """What a small action says of the topic; nothing where it is of no kind that is told."""
    kind = ACTIONS.get(post.action_code or "")
    if kind is not None:
        yield kind(
            source=place.community,
            subject=place.thread,
            time=place.created,
            data=ThreadData(by=post.author, why=post.action_code, when=When(at=place.created)),
        )


def stands(place: Place, page: Page) -> Iterator[Event]:
    """What a page says of its topic as it was captured, at moments unknown."""
    when = When(after=place.created)
    for kind, is_so in ((ThreadClosed, page.closed), (ThreadLocked, page.archived)):
        if is_so:
            yield kind(
                source=place.community,
                subject=place.thread,
                time=place.created,
                data=ThreadData(when=when),
            )
    deleted_at = printed(page.deleted_at)
    if deleted_at is not None:
        yield _deleted(place, When(at=deleted_at), None)


def _created(place: Place, post: Post, page: Page) -> PostCreated:
    """The first words are not known where there were others since."""
    text, written = (None, "html") if _is_edited(post) else post.words
    first = post.post_number == 1
    return PostCreated(
        source=place.community,
        subject=place.thread,
        time=place.created,
        data=PostData(
            item=place.item,
            kind="post",
            on=post.on,
            author=post.author,
            title=page.title if first else None,
            text=text,
            format=written,
            tags=tuple(tag for tag in page.tags or () if isinstance(tag, str)) if first else (),
            mentions=_mentions(text),
            when=When(at=place.created),
            silent_on=_silent_on(post, page) if post.on is None else None,
        ),
    )


def _silent_on(post: Post, page: Page) -> tuple[str, ...]:
    """Told with each post that stands under nothing, as any may be the first that is there."""
    told = {
        "accepted": post.accepted_answer is not None,
        "closed": page.closed is not None,
        "deleted": False,  # Who may not see a deleted post is not told of it.
        "score": post.actions_summary is not None,
    }
    return tuple(fact for fact, is_told in told.items() if not is_told)


def _edits(place: Place, post: Post) -> Iterator[PostEdited]:
    last = post.version or 1
    for version in range(max(2, last - VERSIONS_MAX + 1), last + 1):
        text = post.words[0] if version == last else None
        when = _bounds(place)
        yield PostEdited(
            source=place.community,
            subject=place.thread,
            time=when.by or place.created,
            data=EditData(
                item=place.item,
                revision=f"v{version:06}",
                changes=Changes(text=text),
                mentions=_mentions(text),
                note=post.edit_reason or None if version == last else None,
                when=when,
            ),
        )


def _is_edited(post: Post) -> bool:
    return (post.version or 1) > 1


def _deleted(place: Place, when: When, by: Somebody | None) -> ItemDeleted:
    person = None if by is None else Person(None if by.id is None else str(by.id), by.username)
    return ItemDeleted(
        source=place.community,
        subject=place.thread,
        time=when.at or when.by or place.created,
        data=ItemData(item=place.item, by=person, when=when),
    )


def _bounds(place: Place) -> When:
    by = place.updated
    return When(after=place.created, by=None if by is None or by < place.created else by)


def _mentions(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_CALLED.findall(text))) if text else ()
