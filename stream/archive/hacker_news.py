"""Hacker News: items as its Firebase gives them, a file or a line each.

Times are the site's own, whole seconds by its clock. Stories, jobs and polls are posts; an item
says only its parent, so a comment's thread is found by the chain of parents, and where that ends
at an item that is not there, the thread has the missing item's id. What is ``deleted`` or ``dead``
(flagged, and shown to nobody) was so at a moment unknown; the words of the former are gone.

Not told: edits (the API says nothing of them), ``kids`` and ``descendants``, the address of a story
that has a text, and, counted, the options of polls and items that are ``null``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple

import msgspec

from stream.archive.base import Options, Report, community_of
from stream.archive.holdings import Held, Holdings, holdings
from stream.archive.json_rows import Number, Row, Unfit, decoded, of_json, rows, seconds, starts
from stream.archive.opening import opened
from stream.archive.parent_chains import Chains, chains
from stream.core.events import (
    CommentCreated,
    CommentData,
    Event,
    ItemData,
    ItemDeleted,
    Person,
    PostCreated,
    PostData,
)
from stream.core.when import EPOCH, When

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from stream.archive.opening import File

COMMUNITY: Final = "news.ycombinator.com"
SILENT: Final = ("accepted", "closed", "edited")

_TYPE: Final = re.compile(rb'"type"\s*:\s*"(?:story|comment|job|poll|pollopt)"')
_ID: Final = re.compile(rb'"id"\s*:\s*\d')


_Id = Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)]


class _Item(msgspec.Struct):
    id: _Id
    type: Literal["story", "comment", "job", "poll", "pollopt"] | None = None
    by: str | None = None
    time: Number = None
    parent: _Id | None = None
    title: str | None = None
    text: str | None = None
    url: str | None = None
    score: int | None = None
    deleted: bool | None = None
    dead: bool | None = None

    @property
    def is_comment(self) -> bool:
        return self.type == "comment" or (self.type is None and self.parent is not None)


class _Place(NamedTuple):
    community: str
    thread: str
    at: datetime | None

    @property
    def time(self) -> datetime:
        """Where it is not known, only something to be replaced."""
        return self.at or EPOCH


_items: Final = msgspec.json.Decoder(_Item | None)


class HackerNews:
    """Read twice: first who is whose parent, then what is said."""

    name = "hacker-news"
    ordered = False

    def recognises(self, path: Path, head: bytes) -> bool:
        return any(map(_recognised, starts(path, head, Options())))

    def read(self, path: Path, options: Options, report: Report) -> Iterator[Event]:
        with (
            opened(path, options, report) as all_files,
            holdings() as held,
            chains() as parents,
        ):
            files = of_json(all_files, report)
            found = _items_of(files, options, report)
            parents.learn((it.id, it.parent) for _, it in found if it.parent is not None)
            community = community_of(path, options, COMMUNITY)
            reading = _Reading(community, options, report, held)
            # What is wrong was said in the first reading.
            for row, item in _items_of(files, Options(skip_unreadable=True), Report()):
                yield from reading.item(row, item, parents)
            held.tell_orphans(report)
            yield from held.undated()
            yield from held.observed(report)


def _recognised(head: bytes) -> bool:
    return head.lstrip()[:1] in (b"{", b"[") and bool(_TYPE.search(head) and _ID.search(head))


def _items_of(files: list[File], options: Options, report: Report) -> Iterator[tuple[Row, _Item]]:
    for row in rows(files, options, report):
        try:
            item = decoded(row, _items, options, report)
        except Unfit:
            continue
        if item is None:
            report.odd("null-item", f"{row.place}: the item is not there any more")
        elif item.type == "pollopt":
            report.odd("not-told", f"{row.place}: {item.id} is an option of a poll")
        else:
            yield row, item


class _Reading:
    def __init__(self, community: str, options: Options, report: Report, held: Holdings) -> None:
        self._community = community
        self._options = options
        self._report = report
        self._held = held

    def item(self, row: Row, item: _Item, parents: Chains) -> Iterator[Event]:
        """What an item states; what has no bound above waits for the end."""
        try:
            place = _Place(
                self._community, str(parents.top(item.id, item.parent)), seconds(item.time)
            )
        except ValueError as error:
            self._report.fault(row.where, row.row, str(error), self._options)
            return
        created = (_comment if item.is_comment else _post)(place, item)
        said = [created, _deleted(place, item)] if item.deleted or item.dead else [created]
        if not self._held.add(_held(place, item), said):
            self._report.odd("doubled-item", f"{row.place}: {item.id} is there already")
            return
        for code, odd in (("deleted-author", item.by is None), ("date-missing", place.at is None)):
            if odd:
                self._report.odd(code, f"{row.place}: {item.id}")
        yield from self._held.placed(said)


def _held(place: _Place, item: _Item) -> Held:
    return Held(
        place.community,
        place.thread,
        str(item.id),
        str(item.parent) if item.is_comment and item.parent is not None else None,
        kind="comment" if item.is_comment else "post",
        at=place.time,
        score=item.score,
    )


def _post(place: _Place, item: _Item) -> PostCreated:
    return PostCreated(
        source=place.community,
        subject=place.thread,
        time=place.time,
        data=PostData(
            item=str(item.id),
            kind="post",
            author=_author(item),
            title=item.title,
            text=item.text or item.url,
            format="html" if item.text else "text",
            when=When(at=place.at),
            silent_on=SILENT,
        ),
    )


def _comment(place: _Place, item: _Item) -> CommentCreated:
    return CommentCreated(
        source=place.community,
        subject=place.thread,
        time=place.time,
        data=CommentData(
            item=str(item.id),
            on=None if item.parent is None else str(item.parent),
            author=_author(item),
            text=item.text,
            format="html",
            when=When(at=place.at),
        ),
    )


def _deleted(place: _Place, item: _Item) -> ItemDeleted:
    return ItemDeleted(
        source=place.community,
        subject=place.thread,
        time=place.time,
        data=ItemData(item=str(item.id), when=When(after=place.at)),
    )


def _author(item: _Item) -> Person | None:
    return Person(name=item.by) if item.by else None
