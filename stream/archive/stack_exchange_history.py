"""PostHistory of a dump: the rows of one RevisionGUID are one revision, wherever they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stream.archive.stack_exchange_history_lines import ByLines
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
from stream.archive.stack_exchange_waiting import OPEN_MAX, Line, Waiting
from stream.core import events as e

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stream.archive.stack_exchange_rows import Row
    from stream.archive.stack_exchange_site import Site
    from stream.archive.stack_exchange_waiting import Entries

TABLE: Final = "posthistory"

_TYPES: Final = {str(type_): type_ for type_ in range(1, 100)}


class History:
    """``rows`` and ``revisions``: how many there were; ``waiting``: what is still open of these."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.waiting = Waiting()
        self.rows = self.revisions = 0
        self._edited: dict[int, tuple[int, str]] = {}
        self._reopened: dict[int, e.ThreadReopened] = {}

    def read(self) -> Iterator[e.Event]:
        """What all revisions tell, but for what is kept beside."""
        site = self.site
        beside, file = site.options.beside, site.files.get(TABLE)
        before: int | None = 0
        if beside is not None and beside.started and file is not None:
            before = yield from ByLines(self, beside, file).told()
        if before is not None:
            yield from site.read(TABLE, self.add, after=before)
            for post, entries in self.waiting.rest():
                yield from self.told(post, entries)
        yield from self._reopened.values()
        if self.rows:
            site.report.counted("history-rows", self.rows)
            site.report.counted("revisions", self.revisions)

    def add(self, site: Site, row: Row) -> Iterable[e.Event]:
        """What is told now that there is a row more."""
        type_ = _TYPES.get(row.get("PostHistoryTypeId", "")) or known(row, "PostHistoryTypeId")
        post = known(row, "PostId")
        site.see(moment_at(row))
        site.author(row, "UserId", "UserDisplayName")  # A fault is that of the row being read.
        guid = row.get("RevisionGUID")
        if not guid:
            guid = row["RevisionGUID"] = f"history-{known(row, 'Id')}"
        site.has_history = True
        self.rows += 1
        if not self.waiting.put(guid, post, (type_, len(row.get("Text", "")), row)):
            return ()
        due = self.waiting.due()
        return [event for post, entries in due for event in self.told(post, entries)]

    def told(self, post: int, entries: Entries) -> Iterable[e.Event]:
        """What a revision of a post tells."""
        self.revisions += 1
        # Of one type twice, the first
        revision: Revision = {
            type_: row.row(type_, post) if isinstance(row, Line) else row
            for type_, _, row in reversed(entries)
        }
        if BODY in revision and revision.keys() <= FIRST:
            kept = self.site.store.next_post(post)
            if kept is not None and kept.kind in (QUESTION, ANSWER):
                return creation(self.site, post, kept, revision)
        return self._more(post, revision)

    def _more(self, id_: int, revision: Revision) -> Iterator[e.Event]:
        """The same of any revision, not only of one that has nothing but how a post began."""
        site, place = self.site, self.site.place(next(iter(revision.values())))
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
            yield edit(site, post, revision, self.in_turn)
        for type_, row in revision.items():
            if type_ not in FIRST and type_ not in EDITS:
                for event in happened(site, post, type_, row):
                    yield from self._in_step(id_, row, event)

    def in_turn(self, post: int, at: int, revision: str) -> str:
        """A name for an edit, which sorts behind that of the row before it at the same moment.

        An improved suggestion leaves two at one moment, whose GUIDs say nothing of their order.
        """
        before = self._edited.get(post)
        if before is not None and before[0] == at and revision < before[1]:
            revision = f"{before[1]}+{revision}"
        if len(self._edited) >= OPEN_MAX:
            self._edited.clear()
        self._edited[post] = at, revision
        return revision

    def _in_step(self, post: int, row: Row, event: e.Event) -> Iterator[e.Event]:
        """A reopening waits for the row after it: closed again at that moment, it never was open.

        Told, it would undo the closing, as nothing else says which of the two came first.
        """
        opened = self._reopened.pop(post, None)
        if opened is not None:
            closes = isinstance(event, e.ThreadClosed) and event.time <= opened.time
            if closes and moment(row) >= opened.time:
                self.site.report.odd("reopened-and-closed-at-once", f"post {post}")
            else:
                yield opened
        if isinstance(event, e.ThreadReopened):
            self._reopened[post] = event
            if len(self._reopened) > OPEN_MAX:
                yield self._reopened.pop(next(iter(self._reopened)))
        else:
            yield event
