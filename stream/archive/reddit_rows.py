"""What a row or thing of Reddit holds, whatever year it is from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from stream.archive.json_rows import Number, Row, Unfit, decoded, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from stream.archive.base import Options, Report

_GONE: Final = re.compile(
    r"\[ ?(?:deleted|removed)(?: by (?:user|reddit|moderator))? ?\]", re.IGNORECASE
)
_PERMALINK: Final = re.compile(r"/comments/(\w+)")
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


class Meta(msgspec.Struct):
    """What Arctic Shift found when it looked a second time, 36 hours later."""

    was_deleted_later: bool | None = None
    retrieved_2nd_on: Number = None


class Entry(msgspec.Struct):
    """A row, or a thing of the API around one; most fields are in some years only."""

    id: str | None = None
    subreddit: str | None = None
    author: str | None = None
    author_fullname: str | None = None
    created_utc: Number = None
    edited: bool | Number = None
    retrieved_on: Number = None
    retrieved_utc: Number = None
    updated_on: Number = None
    banned_at_utc: Number = None
    removed_by_category: str | None = None
    score: int | None = None
    ups: int | None = None
    score_hidden: bool | None = None
    locked: bool | None = None
    title: str | None = None
    selftext: str | None = None
    url: str | None = None
    is_self: bool | None = None
    body: str | None = None
    link_id: str | None = None
    parent_id: str | int | None = None
    permalink: str | None = None
    meta: Meta | None = msgspec.field(default=None, name="_meta")
    replies: msgspec.Raw = msgspec.Raw(b"null")
    kind: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"null")

    @property
    def is_comment(self) -> bool:
        return self.body is not None or self.parent_id is not None

    @property
    def thread(self) -> str:
        """The id of its submission. `ValueError` where nothing names it."""
        if not self.is_comment:
            return self.id or ""
        stated = (self.link_id or "").removeprefix("t3_")
        found = None if stated else _PERMALINK.search(self.permalink or "")
        if not stated and found is None:
            msg = "a comment without link_id: nothing says which thread it is in"
            raise ValueError(msg)
        return stated or (found[1] if found else "")

    @property
    def on(self) -> str | None:
        """What a comment stands under; of a parent_id that is a number, the base is 36."""
        if isinstance(self.parent_id, int):
            parent = _base36(self.parent_id)
            return parent if parent == self.thread else self.numbered(parent)
        kind, _, parent = (self.parent_id or "").rpartition("_")
        return (parent if kind == "t3" else self.numbered(parent)) or None

    def numbered(self, comment: str) -> str:
        """A comment's id within its thread: its own, unless the submission has the same."""
        return f"t1_{comment}" if comment and comment == self.thread else comment

    @property
    def text(self) -> str | None:
        """None where it is gone; of a link, its address."""
        if self.is_comment:
            return None if _is_gone(self.body) else self.body
        if self.selftext:
            return None if _is_gone(self.selftext) else self.selftext
        return self.selftext if self.is_self or not self.url else self.url

    @property
    def is_gone(self) -> bool:
        """Whether it was deleted or removed when it was captured."""
        texts = (self.body, self.selftext, self.title)
        return self.removed_by_category is not None or any(map(_is_gone, texts))

    @property
    def headline(self) -> str | None:
        return None if _is_gone(self.title) else self.title

    def captured(self) -> tuple[datetime | None, datetime | None]:
        """The first and the last time at which somebody looked."""
        later = None if self.meta is None else self.meta.retrieved_2nd_on
        looks = (self.retrieved_on, self.retrieved_utc, self.updated_on, later)
        times = [time for time in map(seconds, looks) if time is not None]
        return min(times, default=None), max(times, default=None)


class _Children(msgspec.Struct):
    children: list[msgspec.Raw]


_entries: Final = msgspec.json.Decoder(Entry)
_children: Final = msgspec.json.Decoder(_Children)


def apart(row: Row, options: Options, report: Report) -> Iterator[tuple[Row, Entry]]:
    """The submissions and comments in a document, those in listings and replies too."""
    waiting = [row]
    while waiting:
        one = waiting.pop()
        try:
            entry = decoded(one, _entries, options, report)
            if entry.kind == "Listing":
                listed = decoded(one._replace(data=bytes(entry.data)), _children, options, report)
                found = [one._replace(data=bytes(child)) for child in listed.children]
                waiting.extend(reversed(found))
            elif entry.kind in ("t1", "t3"):
                waiting.append(one._replace(data=bytes(entry.data)))
            elif entry.kind is not None:
                code = "more-not-held" if entry.kind == "more" else "not-told"
                report.odd(code, f"{one.place}: a thing of kind {entry.kind!r}")
            else:
                yield one, entry
                if bytes(entry.replies).startswith(b"{"):
                    waiting.append(one._replace(data=bytes(entry.replies)))
        except Unfit:
            continue


def _is_gone(text: str | None) -> bool:
    return text is not None and _GONE.fullmatch(text.strip()) is not None


def _base36(number: int) -> str:
    digits = ""
    while number > 0:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits
