"""PostHistory of a dump: the rows of one RevisionGUID are one revision, wherever they stand."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from stream.archive.stack_exchange_moments import at as moment_at
from stream.archive.stack_exchange_moments import moment
from stream.archive.stack_exchange_revision import (
    BODY,
    EDITS,
    FIRST,
    Post,
    Revision,
    creation,
    edit,
    happened,
)
from stream.archive.stack_exchange_rows import known
from stream.archive.stack_exchange_tables import ANSWER, QUESTION
from stream.core import events as e

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from stream.archive.stack_exchange_rows import Row
    from stream.archive.stack_exchange_site import Site

OPEN_MAX: Final = 4_096  # Revisions whose rows are waited for; those of one lie close together,
HELD_MAX: Final = 16 * 1024 * 1024  # and so many letters.

_TYPES: Final = {str(type_): type_ for type_ in range(1, 100)}


class History:
    """Holds the rows of revisions until all of them are there."""

    def __init__(self, site: Site) -> None:
        self._site = site
        # A plain dictionary is gone through from its start for its oldest, over what was there.
        self._open: OrderedDict[tuple[str, int], list[tuple[int, Row]]] = OrderedDict()
        self._held = 0
        self._rows = self._revisions = 0
        self._edited: dict[str, tuple[datetime, str]] = {}
        self._reopened: dict[int, e.ThreadReopened] = {}

    def read(self) -> Iterator[e.Event]:
        """What all revisions tell."""
        yield from self._site.read("posthistory", self._add)
        for (_, post), rows in self._open.items():
            yield from self._told(post, rows)
        self._open.clear()
        yield from self._reopened.values()
        if self._rows:
            self._site.report.counted("history-rows", self._rows)
            self._site.report.counted("revisions", self._revisions)

    def _add(self, site: Site, row: Row) -> Iterable[e.Event]:
        type_ = _TYPES.get(row.get("PostHistoryTypeId", "")) or known(row, "PostHistoryTypeId")
        post = known(row, "PostId")
        site.see(moment_at(row))
        site.author(row, "UserId", "UserDisplayName")  # A fault is that of the row being read.
        guid = row.get("RevisionGUID")
        if not guid:
            guid = row["RevisionGUID"] = f"history-{known(row, 'Id')}"
        site.has_history = True
        self._rows += 1
        self._held += len(row.get("Text", ""))
        rows = self._open.get((guid, post))
        if rows is not None:
            rows.append((type_, row))
            return ()
        self._open[guid, post] = [(type_, row)]
        if len(self._open) <= OPEN_MAX and self._held <= HELD_MAX:
            return ()
        return self._oldest()

    def _oldest(self) -> list[e.Event]:
        told: list[e.Event] = []
        while len(self._open) > OPEN_MAX or (self._held > HELD_MAX and len(self._open) > 1):
            (_, post), rows = self._open.popitem(last=False)
            told += self._told(post, rows)
        return told

    def _told(self, post: int, rows: list[tuple[int, Row]]) -> Iterable[e.Event]:
        self._revisions += 1
        for _, row in rows:
            self._held -= len(row.get("Text", ""))
        revision = dict(reversed(rows))  # Of one type twice, the first
        if BODY in revision and revision.keys() <= FIRST:
            kept = self._site.store.next_post(post)
            if kept is not None and kept.kind in (QUESTION, ANSWER):
                return creation(self._site, post, kept, revision)
        return self._more(post, revision)

    def _more(self, id_: int, revision: Revision) -> Iterator[e.Event]:
        """The same of any revision, not only of one that has nothing but how a post began."""
        site, place = self._site, self._site.place(next(iter(revision.values())))
        if place is None or place.kind not in (QUESTION, ANSWER):
            code = "history-without-post" if place is None else "not-told-history-of-other-post"
            guid = next(iter(revision.values()))["RevisionGUID"]
            site.report.odd(code, f"revision {guid} of post {id_}")
            return
        post = Post(id_, place.kind, place.thread)
        if BODY in revision:
            yield from creation(site, id_, site.store.next_post(id_), revision)
        elif 1 in revision or 3 in revision:  # noqa: PLR2004  (as in the head of this file)
            site.report.odd("first-revision-apart", f"post {id_}: its title or tags, not its text")
        if not revision.keys().isdisjoint(EDITS):
            yield self._in_turn(edit(site, post, revision))
        for type_, row in revision.items():
            if type_ not in FIRST and type_ not in EDITS:
                for event in happened(site, post, type_, row):
                    yield from self._in_step(id_, row, event)

    def _in_turn(self, edited: e.PostEdited) -> e.PostEdited:
        """An edit whose revision sorts behind that of the row before it at the same moment.

        An improved suggestion leaves two at one moment, whose GUIDs say nothing of their order.
        """
        data, revision = edited.data, edited.data.revision
        before = self._edited.get(data.item)
        if before is not None and before[0] == edited.time and revision < before[1]:
            revision = f"{before[1]}+{revision}"
            edited = replace(edited, data=replace(data, revision=revision))
        if len(self._edited) >= OPEN_MAX:
            self._edited.clear()
        self._edited[data.item] = edited.time, revision
        return edited

    def _in_step(self, post: int, row: Row, event: e.Event) -> Iterator[e.Event]:
        """A reopening waits for the row after it: closed again at that moment, it never was open.

        Told, it would undo the closing, as nothing else says which of the two came first.
        """
        opened = self._reopened.pop(post, None)
        if opened is not None:
            closes = isinstance(event, e.ThreadClosed) and event.time <= opened.time
            if closes and moment(row) >= opened.time:
                self._site.report.odd("reopened-and-closed-at-once", f"post {post}")
            else:
                yield opened
        if isinstance(event, e.ThreadReopened):
            self._reopened[post] = event
            if len(self._reopened) > OPEN_MAX:
                yield self._reopened.pop(next(iter(self._reopened)))
        else:
            yield event
