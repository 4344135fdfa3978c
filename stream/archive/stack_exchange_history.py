"""PostHistory of a dump: the rows of one RevisionGUID are one revision.

Told: 1-3 the post's first title, text and tags (with its creation), 4-6 edits, 7-9 rollbacks, 10
closed, 11 reopened, 12 deleted, 13 undeleted, 14 and 15 locked and unlocked (of a question, which
is its thread). Not told, each counted: those in `NOT_TOLD`, and any other type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import replace

from stream.archive.stack_exchange_closing import CLOSED, closed_at, reason, voter
from stream.archive.stack_exchange_moments import at as moment_at
from stream.archive.stack_exchange_moments import moment
from stream.archive.stack_exchange_posts import created
from stream.archive.stack_exchange_rows import known, tags, words
from stream.archive.stack_exchange_store import ANSWER, QUESTION
from stream.core import events as e
from stream.core.when import When, ms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from stream.archive.stack_exchange_rows import Row
    from stream.archive.stack_exchange_site import Site

OPEN_MAX: Final = 4_096  # Revisions whose rows are waited for; those of one lie close together,
HELD_MAX: Final = 16 * 1024 * 1024  # and so many letters.

NOT_TOLD: Final = {
    16: "community-owned",
    17: "migrated",
    18: "merged",
    19: "protected",
    20: "unprotected",
    21: "disassociated",
    22: "unmerged",
    24: "suggested-edit",  # Beside the edit itself, which is told
    25: "tweeted",
    31: "moved-to-chat",
    33: "notice-added",
    34: "notice-removed",
    35: "migrated-away",
    36: "migrated-here",
    37: "merge-source",
    38: "merge-destination",
    50: "bumped",
    52: "hot-network-question",
    53: "hot-network-question-removed",
}
_Revision = dict[int, "Row"]
_OfAThread = type[e.ThreadClosed | e.ThreadReopened | e.ThreadLocked | e.ThreadUnlocked]

_FIRST: Final = (1, 2, 3)
_BODY: Final = 2
_EDITS: Final = range(4, 10)
_ROLLBACKS: Final = range(7, 10)
_ITEMS: Final[dict[int, type[e.ItemDeleted | e.ItemRestored]]] = {
    12: e.ItemDeleted,
    13: e.ItemRestored,
}
_THREADS: Final[dict[int, _OfAThread]] = {
    CLOSED: e.ThreadClosed,
    11: e.ThreadReopened,
    14: e.ThreadLocked,
    15: e.ThreadUnlocked,
}
_MARKS: Final = {
    10: "closed",
    11: "reopened",
    12: "deleted",
    13: "restored",
    17: "migrated",
    35: "migrated",
}


class _Post(NamedTuple):
    id: int
    kind: int
    thread: int


class History:
    """Holds the rows of revisions until all of them are there."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._open: dict[tuple[str, int], list[tuple[int, Row]]] = {}
        self._held = 0
        self._edited: dict[str, tuple[datetime, str]] = {}
        self._reopened: dict[int, e.ThreadReopened] = {}

    def read(self) -> Iterator[e.Event]:
        """What all revisions tell."""
        yield from self._site.read("posthistory", self._add)
        for (_, post), rows in self._open.items():
            yield from self._told(post, rows)
        self._open.clear()
        yield from self._reopened.values()

    def _add(self, site: Site, row: Row) -> Iterable[e.Event]:
        type_, post = known(row, "PostHistoryTypeId"), known(row, "PostId")
        site.see(moment_at(row))
        site.author(row, "UserId", "UserDisplayName")  # A fault is that of the row being read.
        guid = row.get("RevisionGUID")
        if not guid:
            guid = row["RevisionGUID"] = f"history-{known(row, 'Id')}"
        site.has_history = True
        site.report.counted("history-rows")
        self._held += len(row.get("Text", ""))
        rows = self._open.get((guid, post))
        if rows is not None:
            rows.append((type_, row))
            return ()
        self._open[guid, post] = [(type_, row)]
        if len(self._open) <= OPEN_MAX and self._held <= HELD_MAX:
            return ()
        return self._oldest()

    def _oldest(self) -> Iterator[e.Event]:
        while len(self._open) > OPEN_MAX or (self._held > HELD_MAX and len(self._open) > 1):
            oldest = next(iter(self._open))
            yield from self._told(oldest[1], self._open.pop(oldest))

    def _told(self, post: int, rows: list[tuple[int, Row]]) -> Iterator[e.Event]:
        site = self._site
        self._held -= sum([len(row.get("Text", "")) for _, row in rows])
        site.report.counted("revisions")
        place = site.place(rows[0][1])
        if place is None or place.kind not in (QUESTION, ANSWER):
            code = "history-without-post" if place is None else "not-told-history-of-other-post"
            site.report.odd(code, f"revision {rows[0][1]['RevisionGUID']} of post {post}")
            return
        told = _Post(post, place.kind, place.thread)
        revision = dict(reversed(rows))  # Of one type twice, the first
        if _BODY in revision:
            yield from _creation(site, post, revision)
        elif 1 in revision or 3 in revision:  # noqa: PLR2004  (as in the head of this file)
            site.report.odd("first-revision-apart", f"post {post}: its title or tags, not its text")
        if not revision.keys().isdisjoint(_EDITS):
            yield self._in_turn(_edit(site, told, revision))
        for type_, row in revision.items():
            if type_ not in _FIRST and type_ not in _EDITS:
                for event in _happened(site, told, type_, row):
                    yield from self._in_step(post, row, event)

    def _in_turn(self, edit: e.PostEdited) -> e.PostEdited:
        """An edit whose revision sorts behind that of the row before it at the same moment.

        An improved suggestion leaves two at one moment, whose GUIDs say nothing of their order.
        """
        data, revision = edit.data, edit.data.revision
        before = self._edited.get(data.item)
        if before is not None and before[0] == edit.time and revision < before[1]:
            revision = f"{before[1]}+{revision}"
            edit = replace(edit, data=replace(data, revision=revision))
        if len(self._edited) >= OPEN_MAX:
            self._edited.clear()
        self._edited[data.item] = edit.time, revision
        return edit

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


def _creation(site: Site, id_: int, revision: _Revision) -> Iterator[e.Event]:
    post = site.store.post(id_)
    if post is None or post.told:
        site.report.odd("doubled-item", f"post {id_} has more than one first revision")
        return
    title, body, tagged = revision.get(1), revision[_BODY], revision.get(3)
    nameless = post.owner is None and post.owner_name is None
    post = post._replace(
        title=post.title if title is None else words(title.get("Text")),
        tags=post.tags if tagged is None else tagged.get("Text"),
        owner_name=body.get("UserDisplayName") if nameless else post.owner_name,
    )
    yield created(site, post, body.get("Text", ""), "markdown")


def _edit(site: Site, post: _Post, revision: _Revision) -> e.PostEdited:
    rows = [revision[type_] for type_ in _EDITS if type_ in revision]
    at = moment(rows[0])
    site.store.mark(post.id, "edited", ms(at))
    title, text, tagged = (revision.get(n) or revision.get(n + 3) for n in (4, 5, 6))
    return e.PostEdited(
        source=site.name,
        subject=str(post.thread),
        time=at,
        data=e.EditData(
            item=str(post.id),
            revision=rows[0]["RevisionGUID"],
            by=_who(site, rows),
            changes=e.Changes(
                title=None if title is None else words(title.get("Text")),
                text=None if text is None else words(text.get("Text")),
                tags=None if tagged is None else tags(tagged.get("Text")),
            ),
            note=next((words(row["Comment"]) for row in rows if row.get("Comment")), None),
            rollback=any(type_ in revision for type_ in _ROLLBACKS),
            when=When(at=at),
        ),
    )


def _happened(site: Site, post: _Post, type_: int, row: Row) -> Iterator[e.Event]:
    at = moment(row)
    if type_ in _MARKS:
        site.store.mark(post.id, _MARKS[type_], ms(at))
    if type_ in _ITEMS:
        by, when = _who(site, [row]) or voter(site, row), When(at=at)
        yield _ITEMS[type_](
            source=site.name,
            subject=str(post.thread),
            time=at,
            data=e.ItemData(item=str(post.id), by=by, when=when),
        )
    elif type_ in _THREADS and post.kind == QUESTION:
        at = closed_at(site, post.id, at) if type_ == CLOSED else at
        by, when = _who(site, [row]) or voter(site, row), When(at=at)
        why = reason(site, post.id, row) if type_ == CLOSED else row.get("Comment") or None
        yield _THREADS[type_](
            source=site.name,
            subject=str(post.thread),
            time=at,
            data=e.ThreadData(by=by, why=why, when=when),
        )
    else:
        what = "lock-of-an-answer" if type_ in _THREADS else NOT_TOLD.get(type_, str(type_))
        site.report.odd(f"not-told-history-{what}", f"post {post.id}, {row['RevisionGUID']}")


def _who(site: Site, rows: Iterable[Row]) -> e.Person | None:
    """The first that any of a revision's rows names."""
    found = (site.author(row, "UserId", "UserDisplayName").person for row in rows)
    return next((person for person in found if person is not None), None)
