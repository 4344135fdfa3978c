"""The words in which tests tell stories: each makes the event that states it.

``asked()`` at `NOON`; ``answered("a1", author="Bob", after=HOUR)`` an hour later. All times are
whole milliseconds after `NOON`, and 0 where none is given. Every word also takes

- ``between=(lo, hi)``: only bounds are known (either may be None), and the event's place is
  ``hi``, or ``after`` where nothing says by when;
- ``thread`` and ``community``, where the story is of more than one.

People are names (``"Ann"``), `Person`, or None where nobody is known. An item's id says what it
stands under and whether it is a comment: ``q``, ``a1``, ``q.c1``, ``a1.c2``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypedDict, Unpack

from stream.codec.events import identified
from stream.core import events as e
from stream.core.when import When, to_datetime

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

NOON: Final = 1_493_035_200_000  # 2017-04-24T12:00:00Z, a Monday
SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

COMMUNITY: Final = "community.example"
THREAD: Final = "t1"

Who = e.Person | str | None


class Told(TypedDict, total=False):
    """When and where; see the head of this file."""

    after: int
    between: tuple[int | None, int | None]
    thread: str
    community: str


class Written(Told, total=False):
    """What a post or comment holds besides."""

    text: str | None
    mentions: tuple[str, ...]


class Posted(Written, total=False):
    title: str | None
    tags: tuple[str, ...]
    printed: str | None
    silent_on: tuple[str, ...] | None


def at(after: int) -> datetime:
    """The moment so many milliseconds after `NOON`."""
    return to_datetime(NOON + after)


def person(who: Who) -> e.Person | None:
    return e.Person(name=who) if isinstance(who, str) else who


def asked(author: Who = "Ann", item: str = "q", **more: Unpack[Posted]) -> e.Event:
    """A thread's question; its archive is silent on nothing unless the story says so."""
    more.setdefault("title", "Why?")
    more.setdefault("silent_on", ())
    return _post("question", _Place(item, None), author, more)


def answered(item: str = "a1", author: Who = "Bob", **more: Unpack[Posted]) -> e.Event:
    return _post("answer", _Place(item, "q"), author, more)


def posted(
    item: str, author: Who = "Ann", on: str | None = None, **more: Unpack[Posted]
) -> e.Event:
    """A post of a forum or list, which asks and answers nothing by its kind."""
    return _post("post", _Place(item, on), author, more)


def commented(
    item: str = "q.c1", author: Who = "Cid", on: str | None = None, **more: Unpack[Written]
) -> e.Event:
    """``on``: where the id does not say it."""
    data = e.CommentData(
        item=item,
        on=on if on is not None else item.rpartition(".")[0] or "q",
        author=person(author),
        text=more.get("text", f"The words of {item}."),
        mentions=more.get("mentions", ()),
        when=_when(more),
    )
    return _said(e.CommentCreated, data, more)


class Revised(Written, total=False):
    title: str | None
    tags: tuple[str, ...] | None
    note: str | None
    rollback: bool


def edited(
    item: str = "q", by: Who = "Ann", revision: str = "r1", **more: Unpack[Revised]
) -> e.Event:
    """An edit of a comment where the id has ".c" in it, else of a post."""
    data = e.EditData(
        item=item,
        revision=revision,
        by=person(by),
        changes=e.Changes(title=more.get("title"), text=more.get("text"), tags=more.get("tags")),
        mentions=more.get("mentions", ()),
        note=more.get("note"),
        rollback=more.get("rollback", False),
        when=_when(more),
    )
    return _said(e.CommentEdited if ".c" in item else e.PostEdited, data, more)


def deleted(item: str = "a1", by: Who = None, **more: Unpack[Told]) -> e.Event:
    data = e.ItemData(item=item, by=person(by), when=_when(more))
    return _said(e.ItemDeleted, data, more)


def restored(item: str = "a1", by: Who = None, **more: Unpack[Told]) -> e.Event:
    data = e.ItemData(item=item, by=person(by), when=_when(more))
    return _said(e.ItemRestored, data, more)


def accepted(item: str = "a1", **more: Unpack[Told]) -> e.Event:
    return _said(e.AnswerAccepted, e.AcceptData(item=item, when=_when(more)), more)


def unaccepted(item: str = "a1", **more: Unpack[Told]) -> e.Event:
    return _said(e.AnswerUnaccepted, e.AcceptData(item=item, when=_when(more)), more)


def closed(by: Who = None, why: str | None = None, **more: Unpack[Told]) -> e.Event:
    return _said(e.ThreadClosed, e.ThreadData(by=person(by), why=why, when=_when(more)), more)


def reopened(by: Who = None, why: str | None = None, **more: Unpack[Told]) -> e.Event:
    return _said(e.ThreadReopened, e.ThreadData(by=person(by), why=why, when=_when(more)), more)


def locked(by: Who = None, why: str | None = None, **more: Unpack[Told]) -> e.Event:
    return _said(e.ThreadLocked, e.ThreadData(by=person(by), why=why, when=_when(more)), more)


def unlocked(by: Who = None, why: str | None = None, **more: Unpack[Told]) -> e.Event:
    return _said(e.ThreadUnlocked, e.ThreadData(by=person(by), why=why, when=_when(more)), more)


def observed(
    scores: dict[str, int] | None = None,
    scored: tuple[str, ...] = ("question", "answer", "comment"),
    views: int | None = None,
    **more: Unpack[Told],
) -> e.Event:
    """What the archive saw when it was captured."""
    when = _when(more)
    data = e.ObservedData(scores=scores or {}, scored=scored, views=views, when=when)
    return _said(e.ThreadObserved, data, more)


def aliased(*names: str, by: str = "operator", **more: Unpack[Told]) -> e.Event:
    """Of the whole community, unless ``thread`` is given."""
    return _said(e.PersonAliased, e.AliasData(names=names, by=by), more, thread="")


def attributed(item: str, who: Who, by: str = "operator", **more: Unpack[Told]) -> e.Event:
    data = e.AttributionData(item=item, person=person(who) or e.Person(), by=by)
    return _said(e.ItemAttributed, data, more)


def erased(who: Who, **more: Unpack[Told]) -> e.Event:
    """In the whole community, unless ``thread`` is given."""
    return _said(e.PersonErased, e.ErasureData(person=person(who) or e.Person()), more, thread="")


def flagged(who: Who, *, robot: bool = True, by: str = "operator", **more: Unpack[Told]) -> e.Event:
    """A robot, or none, in the whole community."""
    data = e.FlagData(person=person(who) or e.Person(), robot=robot, by=by)
    return _said(e.PersonFlagged, data, more, thread="")


def progressed(until: int, community: str = COMMUNITY) -> e.Event:
    """A replay has published everything up to ``until`` (after `NOON`)."""
    more: Told = {"after": until, "community": community}
    return _said(e.ReplayProgressed, e.ProgressData(until=at(until)), more, thread="")


def finished(until: int, community: str = COMMUNITY) -> e.Event:
    more: Told = {"after": until, "community": community}
    return _said(e.ReplayFinished, e.ProgressData(until=at(until)), more, thread="")


_Kind = Literal["question", "answer", "post"]


class _Place(NamedTuple):
    item: str
    on: str | None


def _post(kind: _Kind, place: _Place, author: Who, more: Posted) -> e.Event:
    data = e.PostData(
        item=place.item,
        kind=kind,
        on=place.on,
        author=person(author),
        title=more.get("title"),
        text=more.get("text", f"The words of {place.item}."),
        tags=more.get("tags", ()),
        mentions=more.get("mentions", ()),
        when=_when(more),
        printed=more.get("printed"),
        silent_on=more.get("silent_on"),
    )
    return _said(e.PostCreated, data, more)


def _when(more: Told) -> When:
    if "between" not in more:
        return When(at=at(more.get("after", 0)))
    lo, hi = more["between"]
    return When(after=None if lo is None else at(lo), by=None if hi is None else at(hi))


def _said(kind: Callable[..., e.Event], data: object, more: Told, thread: str = THREAD) -> e.Event:
    when = _when(more)
    event = kind(
        source=more.get("community", COMMUNITY),
        subject=more.get("thread", thread),
        time=when.at or when.by or at(more.get("after", 0)),
        data=data,
    )
    return identified(event)
