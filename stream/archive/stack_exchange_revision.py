"""What a revision of a dump's PostHistory tells.

Told: 1-3 the post's first title, text and tags (with its creation), 4-6 edits, 7-9 rollbacks, 10
closed, 11 reopened, 12 deleted, 13 undeleted, 14 and 15 locked and unlocked (of a question, which
is its thread). Not told, each counted: those in `NOT_TOLD`, and any other type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from stream.archive.stack_exchange_closing import CLOSED, closed_at, reason, voter
from stream.archive.stack_exchange_moments import moment
from stream.archive.stack_exchange_posts import First, created
from stream.archive.stack_exchange_rows import tags, words
from stream.archive.stack_exchange_tables import QUESTION
from stream.core import events as e
from stream.core.when import When, ms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from stream.archive.stack_exchange_rows import Row
    from stream.archive.stack_exchange_site import Site
    from stream.archive.stack_exchange_tables import PostRow

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
Revision = dict[int, "Row"]
"""Its rows by their type; of one type twice, the first."""

_OfAThread = type[e.ThreadClosed | e.ThreadReopened | e.ThreadLocked | e.ThreadUnlocked]

FIRST: Final = frozenset((1, 2, 3))
BODY: Final = 2
EDITS: Final = frozenset(range(4, 10))
ROLLBACKS: Final = range(7, 10)
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


class Post(NamedTuple):
    """The post that it is of, a question or an answer."""

    id: int
    kind: int
    thread: int


def creation(
    site: Site, id_: int, post: PostRow | None, revision: Revision
) -> tuple[()] | tuple[e.Event]:
    """How the post began, told once."""
    if post is None or post.told:
        site.report.odd("doubled-item", f"post {id_} has more than one first revision")
        return ()
    title, body, tagged = revision.get(1), revision[BODY], revision.get(3)
    if post.owner is None and post.owner_name is None:
        post = post._replace(owner_name=body.get("UserDisplayName"))
    first = First(
        body.get("Text", ""),
        "markdown",
        post.title if title is None else words(title.get("Text")),
        post.tags if tagged is None else tagged.get("Text"),
    )
    return (created(site, post, first),)


def edit(
    site: Site, post: Post, revision: Revision, in_turn: Callable[[int, int, str], str]
) -> e.PostEdited:
    """That it was edited, or rolled back; ``in_turn`` names the edit by post, moment and GUID."""
    rows = [revision[type_] for type_ in sorted(revision.keys() & EDITS)]
    at = moment(rows[0])
    site.store.mark(post.id, "edited", ms(at))
    title, text, tagged = (revision.get(n) or revision.get(n + 3) for n in (4, 5, 6))
    return e.PostEdited(
        source=site.name,
        subject=str(post.thread),
        time=at,
        data=e.EditData(
            item=str(post.id),
            revision=in_turn(post.id, ms(at), rows[0]["RevisionGUID"]),
            by=_who(site, rows),
            changes=e.Changes(
                title=None if title is None else words(title.get("Text")),
                text=None if text is None else words(text.get("Text")),
                tags=None if tagged is None else tags(tagged.get("Text")),
            ),
            note=next((words(row["Comment"]) for row in rows if row.get("Comment")), None),
            rollback=any(type_ in revision for type_ in ROLLBACKS),
            when=When(at=at),
        ),
    )


def happened(site: Site, post: Post, type_: int, row: Row) -> Iterator[e.Event]:
    """What a row of any other type tells."""
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
