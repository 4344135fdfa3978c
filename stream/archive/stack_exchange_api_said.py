"""What one item of the Stack Exchange API states, as events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stream.archive.json_rows import seconds
from stream.archive.stack_exchange_api_rows import second
from stream.core.events import (
    AcceptData,
    AnswerAccepted,
    AnswerUnaccepted,
    Changes,
    CommentCreated,
    CommentData,
    CommentEdited,
    EditData,
    PostCreated,
    PostData,
    PostEdited,
    ThreadClosed,
    ThreadData,
    ThreadLocked,
)
from stream.core.when import EPOCH, When

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stream.archive.stack_exchange_api_rows import Item
    from stream.core.events import Event

TIMELINE: Final[dict[str, Callable[..., Event]]] = {
    "accepted_answer": AnswerAccepted,
    "unaccepted_answer": AnswerUnaccepted,
}


class Place(NamedTuple):
    """``revised``: its revisions are in the archive, too; ``first``: what the first one held."""

    community: str
    thread: str
    item: str
    on: str | None
    created: When
    revised: bool = False
    first: Item | None = None

    def event(self, kind: Callable[..., Event], data: Any) -> Event:  # noqa: ANN401  (of many types)
        """At the end of its bounds; where nothing bounds it above, it is placed later."""
        time = data.when.by or self.created.by or EPOCH
        return kind(source=self.community, subject=self.thread, time=time, data=data)


def answer_id(id_: int, thread: str) -> str:
    """An answer has its own id, unless (as in made-up data) its question has the same."""
    return f"a{id_}" if str(id_) == thread else str(id_)


def said(place: Place, item: Item) -> Iterator[Event]:
    """Its creation, and what happened to it since."""
    yield _comment(place, item) if item.kind == "comment" else _post(place, item)
    edit = second(item.last_edit_date)
    if edit is not None and not place.revised:
        yield _edit(place, item, edit)
    if item.kind == "comment" and item.edited:
        data = EditData(
            item=place.item,
            revision="edited",
            changes=Changes(text=item.words[0]),
            mentions=item.calls,
            when=When(after=place.created.after),
        )
        yield place.event(CommentEdited, data)
    yield from _stands(place, item)


def revision(place: Place, item: Item) -> Event:
    """A revision after the first."""
    by = None if item.user is None else item.user.person
    tags = None if item.tags is None else tuple(item.tags)
    data = EditData(
        item=place.item,
        revision=item.revision_guid or "",
        by=by,
        changes=Changes(title=item.headline, text=item.words[0], tags=tags),
        note=item.comment or None,
        rollback=bool(item.is_rollback),
        when=place.created,
    )
    return place.event(PostEdited, data)


def acceptance(place: Place, item: Item) -> Event:
    """A line of a timeline that accepts an answer or takes that back."""
    data = AcceptData(item=place.item, when=place.created)
    return place.event(TIMELINE[item.timeline_type or ""], data)


def _post(place: Place, item: Item) -> Event:
    """The first words are those of the first revision, and not known where that is not there."""
    question = item.kind == "question"
    edited = item.last_edit_date is not None or place.revised
    text, written = item.words
    first = place.first
    title, tags = item.headline, item.tags
    if first is not None:
        (text, written), title, tags = first.words, first.headline or title, first.tags or tags
    elif edited:
        text = None
    data = PostData(
        item=place.item,
        kind="question" if question else "answer",
        on=place.on,
        author=item.author,
        title=title if question else None,
        text=text,
        format=written,
        tags=tuple(tags or ()) if question else (),
        when=place.created,
        silent_on=_silent_on(item) if question else None,
    )
    return place.event(PostCreated, data)


def _silent_on(question: Item) -> tuple[str, ...]:
    return ("deleted",) if question.score is not None else ("deleted", "score")


def _comment(place: Place, item: Item) -> Event:
    text, written = item.words
    data = CommentData(
        item=place.item,
        on=place.on,
        author=item.author,
        text=None if item.edited else text,
        format=written,
        mentions=() if item.edited else item.calls,
        when=place.created,
    )
    return place.event(CommentCreated, data)


def _edit(place: Place, item: Item, when: When) -> Event:
    at = seconds(item.last_edit_date)
    data = EditData(
        item=place.item,
        revision=f"edited-{int(at.timestamp()) if at else 0}",
        by=None if item.last_editor is None else item.last_editor.person,
        changes=Changes(text=item.words[0]),
        when=when,
    )
    return place.event(PostEdited, data)


def _stands(place: Place, item: Item) -> Iterator[Event]:
    """What is so of a question or answer when it was asked for."""
    since = When(after=place.created.after)
    if item.kind == "question" and item.accepted_answer_id is not None:
        accepted = answer_id(item.accepted_answer_id, place.thread)
        yield place.event(AnswerAccepted, AcceptData(item=accepted, when=since))
    if item.kind == "answer" and item.is_accepted:
        yield place.event(AnswerAccepted, AcceptData(item=place.item, when=since))
    if item.kind == "question":
        closed, locked = second(item.closed_date), second(item.locked_date)
        if closed is not None:
            data = ThreadData(why=item.closed_reason, when=closed)
            yield place.event(ThreadClosed, data)
        if locked is not None:
            yield place.event(ThreadLocked, ThreadData(when=locked))
