"""What can be told only once all of a dump is read.

Votes have acceptances by the day, Posts what is so today; where the history does not say how it
came to be so, that is told with the time that Posts has, or with bounds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stream.archive.stack_exchange_closing import SAME_MS, duplicate, linked
from stream.archive.stack_exchange_scores import scored
from stream.core import events as e
from stream.core.when import When, to_datetime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream.archive.stack_exchange_site import Site

DAY_MS: Final = 86_400_000

_VOTED: Final = """
SELECT v.answer, v.day, a.thread, a.at, coalesce(q.at, a.at), q.accepted, q.id IS NOT NULL,
    (SELECT max(o.day) FROM accepted o WHERE o.answer = q.accepted)
FROM accepted v JOIN posts a ON a.id = v.answer
LEFT JOIN posts q ON q.id = a.thread AND q.kind = 1
ORDER BY v.answer, v.day
"""
_ACCEPTED: Final = """
SELECT q.id, q.at, q.accepted, a.at FROM posts q LEFT JOIN posts a ON a.id = q.accepted
WHERE q.kind = 1 AND q.accepted IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM accepted v WHERE v.answer = q.accepted)
ORDER BY q.id
"""
_CLOSED: Final = """
SELECT p.id, p.closed, EXISTS (SELECT 1 FROM marks m
    WHERE m.post = p.id AND m.what = 'migrated' AND abs(m.at - p.closed) <= :same)
FROM posts p WHERE p.kind = 1 AND p.closed IS NOT NULL AND NOT EXISTS (SELECT 1 FROM marks m
    WHERE m.post = p.id AND m.what = 'closed' AND abs(m.at - p.closed) <= :same)
ORDER BY p.id
"""
# Migrated, which closes it, and open again since: the site has rejected it.
_REJECTED: Final = """
SELECT DISTINCT m.post, m.at FROM marks m JOIN posts p ON p.id = m.post
JOIN marks r ON r.post = m.post AND r.what = 'reopened' AND r.at >= m.at
WHERE m.what = 'migrated' AND p.kind = 1 AND NOT EXISTS (SELECT 1 FROM marks c
    WHERE c.post = m.post AND c.what IN ('closed', 'reopened') AND c.at BETWEEN m.at AND r.at
        AND c.rowid <> r.rowid)
ORDER BY m.post, m.at
"""
_EDITED: Final = """
SELECT p.id, p.thread, p.edited, p.editor, p.editor_name FROM posts p
WHERE p.kind IN (1, 2) AND p.edited IS NOT NULL AND NOT EXISTS (SELECT 1 FROM marks m
    WHERE m.post = p.id AND m.what = 'edited' AND abs(m.at - p.edited) <= :same)
ORDER BY p.id
"""
# What history says was done last, and Posts that it is no longer so: since when?
_OPEN: Final = """
SELECT m.post, max(m.at * (m.what = 'closed')) FROM marks m JOIN posts p ON p.id = m.post
WHERE m.what IN ('closed', 'reopened') AND p.kind = 1 AND p.closed IS NULL GROUP BY m.post
HAVING max(m.at * (m.what = 'closed')) > max(m.at * (m.what = 'reopened')) ORDER BY m.post
"""
_THERE: Final = """
SELECT m.post, p.thread, max(m.at * (m.what = 'deleted')) FROM marks m
JOIN posts p ON p.id = m.post WHERE m.what IN ('deleted', 'restored') GROUP BY m.post
HAVING max(m.at * (m.what = 'deleted')) > max(m.at * (m.what = 'restored')) ORDER BY m.post
"""
# What is odd, and how often: each row is an example of it.
_ODD: Final = {
    "orphan-answer": (
        "SELECT id, 'answers ' || thread || ', which is not there' FROM posts a WHERE kind = 2 "
        "AND NOT EXISTS (SELECT 1 FROM posts q WHERE q.id = a.thread AND q.kind = 1)"
    ),
    "before-its-question": (
        "SELECT a.id, 'is earlier than its question ' || q.id FROM posts a "
        "JOIN posts q ON q.id = a.thread WHERE a.kind = 2 AND q.kind = 1 AND a.at < q.at"
    ),
    "edit-not-in-posts": (
        "SELECT m.post, 'has an edit later than its LastEditDate' FROM marks m "
        "JOIN posts p ON p.id = m.post WHERE m.what = 'edited' GROUP BY m.post "
        "HAVING max(m.at) > coalesce(p.edited, 0)"
    ),
    "restored-without-deletion": (
        "SELECT m.post, 'was restored more often than deleted' FROM marks m "
        "WHERE m.what IN ('deleted', 'restored') GROUP BY m.post "
        "HAVING sum(m.what = 'restored') > sum(m.what = 'deleted')"
    ),
    "not-told-duplicate": (
        "SELECT d.post, 'is linked to ' || d.of || ' as its duplicate, and not closed then' "
        "FROM duplicates d WHERE NOT EXISTS (SELECT 1 FROM marks m WHERE m.post = d.post "
        "AND m.what = 'closed' AND abs(m.at - d.at) <= 60000) AND NOT EXISTS "
        "(SELECT 1 FROM posts p WHERE p.id = d.post AND abs(p.closed - d.at) <= 60000)"
    ),
}


def told_last(site: Site) -> Iterator[e.Event]:
    """Acceptances, what only Posts says, and what was seen when the dump was made."""
    site.store.index()
    for code, sql in _ODD.items():
        for post, what in site.store.asked(f"{sql} ORDER BY 1"):
            site.report.odd(code, f"post {post} {what}")
    yield from _voted(site)
    yield from _accepted(site)
    yield from _closed(site)
    yield from _undone(site)
    yield from _edited(site)
    yield from _observed(site)


def _voted(site: Site) -> Iterator[e.Event]:
    """Within its day, and not before answer and question; an answer no longer accepted was that."""
    for answer, day, thread, answered, asked, now, held, since in site.store.asked(_VOTED):
        after, by = max(day, answered, asked), day + DAY_MS - 1
        if after > by:
            site.report.odd("accepted-before-answer", f"post {answer} of {to_datetime(answered)}")
            after = day
        yield _accept(site, thread, answer, When(after=to_datetime(after), by=to_datetime(by)))
        if held and now != answer:
            if now is None:
                site.report.odd("accepted-by-vote-only", f"post {answer}; {thread} accepts none")
            ended = max(since + DAY_MS - 1, by) if since is not None and since >= day else None
            when = When(after=to_datetime(after), by=None if ended is None else to_datetime(ended))
            yield e.AnswerUnaccepted(
                source=site.name,
                subject=str(thread),
                time=when.by or to_datetime(max(site.last, by)),
                data=e.AcceptData(item=str(answer), when=when),
            )


def _accepted(site: Site) -> Iterator[e.Event]:
    """Accepted by now, nobody knows when."""
    for question, asked, answer, answered in site.store.asked(_ACCEPTED):
        if answered is None:
            site.report.odd("accepted-answer-missing", f"post {question} accepts {answer}")
            continue
        if "votes" in site.files:
            site.report.odd("accepted-without-vote", f"post {question} accepts {answer}")
        yield _accept(site, question, answer, When(after=to_datetime(max(asked, answered))))


def _accept(site: Site, thread: int, answer: int, when: When) -> e.AnswerAccepted:
    return e.AnswerAccepted(
        source=site.name,
        subject=str(thread),
        time=when.by or to_datetime(site.last),
        data=e.AcceptData(item=str(answer), when=when),
    )


def _closed(site: Site) -> Iterator[e.Event]:
    for question, closed, migrated in site.store.asked(_CLOSED, same=SAME_MS):
        if site.has_history:
            site.report.odd("closed-without-history", f"post {question}")
        of = linked(site, question, closed)
        why = "migrated" if migrated else duplicate(of) if of else None
        yield _close(site, question, closed, why)
    for question, migrated in site.store.asked(_REJECTED):
        yield _close(site, question, migrated, "migrated")


def _close(site: Site, question: int, closed: int, why: str | None) -> e.ThreadClosed:
    at = to_datetime(closed)
    return e.ThreadClosed(
        source=site.name,
        subject=str(question),
        time=at,
        data=e.ThreadData(why=why, when=When(at=at)),
    )


def _undone(site: Site) -> Iterator[e.Event]:
    """What history says was closed or deleted and Posts says is not: undone, nobody knows when."""
    for question, closed in site.store.asked(_OPEN):
        site.report.odd("closed-in-history-only", f"post {question}: Posts has no ClosedDate")
        yield e.ThreadReopened(
            source=site.name,
            subject=str(question),
            time=to_datetime(site.last),
            data=e.ThreadData(when=When(after=to_datetime(closed))),
        )
    for post, thread, deleted in site.store.asked(_THERE):
        site.report.odd("deleted-in-history-only", f"post {post} is there")
        yield e.ItemRestored(
            source=site.name,
            subject=str(thread),
            time=to_datetime(site.last),
            data=e.ItemData(item=str(post), when=When(after=to_datetime(deleted))),
        )


def _edited(site: Site) -> Iterator[e.Event]:
    """The last edit, of which nothing but its time and editor is known."""
    for post, thread, edited, editor, name in site.store.asked(_EDITED, same=SAME_MS):
        if site.has_history:
            site.report.odd("edited-without-history", f"post {post}")
        at = to_datetime(edited)
        yield e.PostEdited(
            source=site.name,
            subject=str(thread),
            time=at,
            data=e.EditData(
                item=str(post),
                revision=f"last-edit-{edited}",
                by=site.person(editor, name),
                when=When(at=at),
            ),
        )


def _observed(site: Site) -> Iterator[e.Event]:
    """The scores and views of each thread."""
    commented = ("comment",) if "comments" in site.files else ()
    after = to_datetime(site.last)
    for thread, scores, views in scored(site):
        yield e.ThreadObserved(
            source=site.name,
            subject=str(thread),
            time=after,
            data=e.ObservedData(
                scores=scores,
                scored=("answer", *commented, "question"),
                views=views,
                when=When(after=after),
            ),
        )
