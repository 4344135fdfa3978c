"""What the Stack Exchange API answers: one struct for all kinds of item, told by their ids."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from stream.archive.json_rows import Number, seconds
from stream.archive.mentions import mentions
from stream.core.events import Format, Person
from stream.core.when import When

if TYPE_CHECKING:
    from datetime import datetime

NOBODY: Final = "does_not_exist"
LAST_MS: Final = timedelta(milliseconds=999)

_CODE: Final = re.compile(r"<(code|pre)>.*?</\1>", re.DOTALL)
_TAG: Final = re.compile(r"<[^>]*>")

Id = Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]


class User(msgspec.Struct):
    """Whoever did something; one who was deleted has a name at most."""

    user_id: int | None = None
    display_name: str | None = None
    user_type: str | None = None

    @property
    def person(self) -> Person | None:
        name = html.unescape(self.display_name) if self.display_name else None
        if self.user_id is None or self.user_type == NOBODY:
            return Person(name=name) if name else None
        return Person(id=str(self.user_id), name=name)


class Item(msgspec.Struct):
    """A question, answer, comment, revision or line of a timeline."""

    question_id: Id | None = None
    answer_id: Id | None = None
    comment_id: Id | None = None
    post_id: Id | None = None
    post_type: str | None = None
    owner: User | None = None
    user: User | None = None
    last_editor: User | None = None
    creation_date: Number = None
    last_edit_date: Number = None
    last_activity_date: Number = None
    closed_date: Number = None
    locked_date: Number = None
    closed_reason: str | None = None
    title: str | None = None
    body: str | None = None
    body_markdown: str | None = None
    tags: list[str] | None = None
    score: int | None = None
    view_count: int | None = None
    accepted_answer_id: Id | None = None
    is_accepted: bool | None = None
    edited: bool | None = None
    link: str | None = None
    answers: list[msgspec.Raw] | None = None
    comments: list[msgspec.Raw] | None = None
    timeline_type: str | None = None
    revision_guid: str | None = None
    revision_number: int | None = None
    is_rollback: bool | None = None
    comment: str | None = None

    @property
    def kind(self) -> str:
        """By the field that only this kind has."""
        if self.timeline_type is not None:
            return "timeline"
        if self.revision_guid is not None:
            return "revision"
        if self.comment_id is not None:
            return "comment"
        if self.answer_id is not None:
            return "answer"
        return "question" if self.question_id is not None else "unknown"

    @property
    def author(self) -> Person | None:
        return None if self.owner is None else self.owner.person

    @property
    def headline(self) -> str | None:
        return None if self.title is None else html.unescape(self.title)

    @property
    def words(self) -> tuple[str | None, Format]:
        """As HTML, else as Markdown, which the API escapes."""
        if self.body is not None or self.body_markdown is None:
            return self.body, "html"
        return html.unescape(self.body_markdown), "markdown"

    @property
    def calls(self) -> tuple[str, ...]:
        text, written = self.words
        if not text or "@" not in text:
            return ()
        if written == "html":
            text = html.unescape(_TAG.sub("", _CODE.sub(" ", text)))
        return mentions(text)

    @property
    def last(self) -> datetime | None:
        """The last time that is printed of it."""
        times = map(seconds, (self.creation_date, self.last_edit_date, self.last_activity_date))
        return max((time for time in times if time is not None), default=None)


class Answer(msgspec.Struct):
    """What the API wraps items in; or, saved as if it were one, what it says went wrong."""

    items: list[msgspec.Raw] | None = None
    has_more: bool | None = None
    error_id: int | None = None
    error_name: str | None = None
    error_message: str | None = None


def second(value: Number) -> When | None:
    """The second within which it was: the site knows the millisecond, its API cuts that off."""
    start = seconds(value)
    return None if start is None else When(after=start, by=start + LAST_MS)
