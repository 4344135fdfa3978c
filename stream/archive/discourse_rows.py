"""What a page of a Discourse topic holds."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from stream.core.events import Format, Person

LIKE: Final = 2


class Somebody(msgspec.Struct):
    """Who did something to a post."""

    id: int | None = None
    username: str | None = None


class Acted(msgspec.Struct):
    """How often people did something with a post, by kind."""

    id: int | None = None
    count: int | None = None


class Post(msgspec.Struct):
    """A post, or (of type 3) what was done to the topic at this place."""

    post_number: Annotated[int, msgspec.Meta(ge=1, lt=1 << 53)]
    topic_id: int | None = None
    post_type: int | None = None
    username: str | None = None
    user_id: int | None = None
    created_at: str | None = None
    updated_at: str | None = None
    version: int | None = None
    cooked: str | None = None
    raw: str | None = None
    reply_to_post_number: int | None = None
    edit_reason: str | None = None
    deleted_at: str | None = None
    deleted_by: Somebody | None = None
    user_deleted: bool | None = None
    hidden: bool | None = None
    action_code: str | None = None
    accepted_answer: bool | None = None
    actions_summary: list[Acted] | None = None

    @property
    def on(self) -> str | None:
        """A post that claims to answer itself or a later one answers none."""
        to = self.reply_to_post_number
        return str(to) if to is not None and 0 < to < self.post_number else None

    @property
    def likes(self) -> int | None:
        if self.actions_summary is None:
            return None
        return sum(acted.count or 0 for acted in self.actions_summary if acted.id == LIKE)

    @property
    def words(self) -> tuple[str | None, Format]:
        """None where something else stands in their place."""
        if self.user_deleted or self.hidden:
            return None, "html"
        return (self.cooked, "html") if self.cooked is not None else (self.raw, "markdown")

    @property
    def author(self) -> Person | None:
        id_ = None if self.user_id is None else str(self.user_id)
        return Person(id=id_, name=self.username or None) if id_ or self.username else None


class Stream(msgspec.Struct):
    """The posts that a page has of all that the topic has."""

    posts: list[msgspec.Raw] = []


class Page(msgspec.Struct):
    """A page of a topic, or of a site's latest posts."""

    id: int | None = None
    title: str | None = None
    posts_count: int | None = None
    tags: list[Any] | None = None
    views: int | None = None
    created_at: str | None = None
    deleted_at: str | None = None
    closed: bool | None = None
    archived: bool | None = None
    post_stream: Stream | None = None
    latest_posts: list[msgspec.Raw] | None = None
