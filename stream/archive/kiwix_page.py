"""A question's page of a Kiwix mirror (sotoki 1.x), as its text and its HTML both tell it.

The mirror prints the question's date under every answer. That date is kept as ``printed`` and
never used: an answer is only known to lie between its question and the first thing that proves it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from stream.core.events import (
    AcceptData,
    AnswerAccepted,
    CommentCreated,
    CommentData,
    Event,
    Format,
    ObservedData,
    Person,
    PostCreated,
    PostData,
    ThreadClosed,
    ThreadData,
    ThreadObserved,
)
from stream.core.when import When

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream.archive.base import Report

NOBODY: Final = "None"  # What the template prints where a user was deleted.
TIME: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?!\d)"
NAME_MAX: Final = 60  # What is longer is no name but a sentence.


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One comment as printed, and whom it calls."""

    text: str
    mentions: tuple[str, ...]
    author: Person | None
    at: datetime
    score: int


@dataclass(slots=True, kw_only=True)
class Post:
    """The question or an answer as printed; ``printed`` is the question's date for both."""

    author: Person | None
    text: str
    format: Format
    printed: str | None
    score: int = 0
    accepted: bool = False
    comments: list[Comment] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Page:
    """All that a page prints; ``active``: the last change of any post, as HTML prints it."""

    community: str
    thread: str
    title: str
    asked: datetime
    posts: list[Post]
    silent_on: tuple[str, ...]
    scored: tuple[str, ...]
    tags: tuple[str, ...] = ()
    views: int | None = None
    active: datetime | None = None
    closed: datetime | None = None

    @property
    def last(self) -> datetime:
        """The last printed time: the page is not older than this."""
        commented = (comment.at for post in self.posts for comment in post.comments)
        also = (time for time in (self.active, self.closed) if time is not None)
        return max((self.asked, *commented, *also))


def read_time(text: str) -> datetime | None:
    """A printed time, which has no zone and is UTC; None where it is none, or only part of one."""
    if not re.fullmatch(TIME, text):
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None


def slug(title: str) -> str:
    """The title as the end of an address, the way the site itself makes one."""
    plain = unicodedata.normalize("NFKC", title).casefold()
    words = re.findall(r"[^\W_]+", re.sub("['\u2019]", "", plain))
    return "-".join(words) or "untitled"


def person(name: str, item: str, report: Report) -> Person | None:
    """Whom a printed name means: nobody where it is missing or that of a deleted user."""
    if not name or len(name) > NAME_MAX:
        report.odd("author-missing", f"{item} is printed without a name")
        return None
    if name == NOBODY:
        report.odd("deleted-author", f"{item} is by {NOBODY!r}, which stands for no one")
        return None
    return Person(name=name)


def events(page: Page, report: Report) -> Iterator[Event]:
    """What the page states, post by post."""
    scores: dict[str, int] = {}
    for number, post in enumerate(page.posts):
        item = f"a{number}" if number else "q"
        created = _created(page, post, item, report)
        yield created
        yield from _comments(page, post, item)
        scored = ((f"{item}.c{n}", comment.score) for n, comment in enumerate(post.comments, 1))
        scores.update((key, score) for key, score in ((item, post.score), *scored) if score)
        if post.accepted:
            yield AnswerAccepted(
                source=page.community,
                subject=page.thread,
                time=page.last,
                data=AcceptData(item=item, when=When(after=created.data.when.after)),
            )
    yield from _thread(page, scores)


def _created(page: Page, post: Post, item: str, report: Report) -> PostCreated:
    question = item == "q"
    when = When(at=page.asked) if question else _answered(page, post)
    refused = post.printed if when.at is None else None
    if refused is not None:
        report.odd("printed-date-refused", f"{item}: {refused} is the question's date")
    return PostCreated(
        source=page.community,
        subject=page.thread,
        time=when.at or when.by or page.last,
        data=PostData(
            item=item,
            kind="question" if question else "answer",
            on=None if question else "q",
            author=post.author,
            title=page.title if question else None,
            text=post.text,
            format=post.format,
            tags=page.tags if question else (),
            when=when,
            printed=refused,
            silent_on=page.silent_on if question else None,
        ),
    )


def _answered(page: Page, answer: Post) -> When:
    """After its question, by its first comment or the page's last change, whichever is first.

    A date that is not the question's is the answer's own, unless it lies outside these bounds.
    """
    proofs = [comment.at for comment in answer.comments]
    if page.active is not None:
        proofs.append(page.active)
    by = min(proofs, default=None)
    if by is not None and by < page.asked:
        return When(by=by)  # Moved here from an older question.
    stated = read_time(answer.printed or "")
    if stated is not None and page.asked < stated <= (by or stated):
        return When(at=stated)
    return When(after=page.asked, by=by)


def _comments(page: Page, post: Post, item: str) -> Iterator[CommentCreated]:
    for number, comment in enumerate(post.comments, 1):
        yield CommentCreated(
            source=page.community,
            subject=page.thread,
            time=comment.at,
            data=CommentData(
                item=f"{item}.c{number}",
                on=item,
                author=comment.author,
                text=comment.text,
                mentions=comment.mentions,
                when=When(at=comment.at),
            ),
        )


def _thread(page: Page, scores: dict[str, int]) -> Iterator[Event]:
    if page.closed is not None:
        yield ThreadClosed(
            source=page.community,
            subject=page.thread,
            time=page.closed,
            data=ThreadData(when=When(at=page.closed)),
        )
    yield ThreadObserved(
        source=page.community,
        subject=page.thread,
        time=page.last,
        data=ObservedData(
            scores=scores, scored=page.scored, views=page.views, when=When(after=page.last)
        ),
    )


__all__ = ["Comment", "Page", "Post", "events", "person", "read_time", "slug"]
