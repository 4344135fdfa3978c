"""Posts, comments and votes of a dump: what is kept, and how a creation is told.

Not told: PostTypeId 3 and above (wikis of tags and such are no part of a thread), and what follows
from other rows or is of no thread's concern: CommunityOwnedDate, LastActivityDate, FavoriteCount,
AnswerCount, CommentCount, ContentLicense.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from stream.archive.mentions import mentions
from stream.archive.robots import MARKED, join
from stream.archive.stack_exchange_moments import at as moment_at
from stream.archive.stack_exchange_moments import stamped
from stream.archive.stack_exchange_rows import known, tags, whole, words
from stream.archive.stack_exchange_tables import ANSWER, QUESTION, PostRow
from stream.codec import comments
from stream.core.events import PostCreated, PostData
from stream.core.when import When, to_datetime

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream.archive.stack_exchange_rows import Row
    from stream.archive.stack_exchange_site import Site
    from stream.codec.events import Encoded
    from stream.core.events import Event, Format

ACCEPTED: Final = "1"  # VoteTypeId
DAY_MS: Final = 86_400_000
DOUBLED: Final = "doubled-item"

_NOTHING: Final = ()


def keep(site: Site, row: Row) -> tuple[()]:
    """Keep what later rows refer to; nothing is told yet."""
    id_, kind = known(row, "Id"), known(row, "PostTypeId")
    at = site.see(moment_at(row))
    if kind not in (QUESTION, ANSWER):
        site.report.odd(f"not-told-post-type-{kind}", f"post {id_} is no part of a thread")
        site.store.put_post(PostRow(id_, kind, id_, at))
        return _NOTHING
    post = PostRow(
        id=id_,
        kind=kind,
        thread=id_ if kind == QUESTION else known(row, "ParentId"),
        at=at,
        owner=whole(row, "OwnerUserId"),
        owner_name=row.get("OwnerDisplayName"),
        title=row.get("Title"),
        tags=row.get("Tags"),
        score=whole(row, "Score"),
        views=whole(row, "ViewCount"),
        accepted=whole(row, "AcceptedAnswerId"),
        closed=_also(row, "ClosedDate"),
        edited=_also(row, "LastEditDate"),
        editor=whole(row, "LastEditorUserId"),
        editor_name=row.get("LastEditorDisplayName"),
    )
    if not site.store.put_post(post):
        site.report.odd(DOUBLED, f"post {id_} is there more than once; the first counts")
    return _NOTHING


class First(NamedTuple):
    """How a post began, as far as that is known: a text, and of a question its title and tags."""

    text: str
    format: Format
    title: str | None
    tags: str | None


def created(site: Site, post: PostRow, first: First) -> PostCreated:
    """Somebody asked or answered."""
    item, question = str(post.id), post.kind == QUESTION
    author = site.person(post.owner, post.owner_name)
    if author is None or author.id is None:
        site.deleted(f"post {item}", author)
    site.store.tell(post.id)
    at = to_datetime(post.at)
    thread = item if question else str(post.thread)
    return PostCreated(
        source=site.name,
        subject=thread,
        time=at,
        data=PostData(
            item=item,
            kind="question" if question else "answer",
            on=None if question else thread,
            author=author,
            title=(first.title or None) if question else None,
            text=words(first.text),
            format=first.format,
            tags=tags(first.tags) if question else (),
            when=When(at=at),
            silent_on=site.silent_on if question else None,
        ),
    )


def from_body(site: Site, row: Row) -> Iterable[Event]:
    """A post whose history does not say how it began: with its text of today."""
    post = site.store.post(known(row, "Id"))
    if post is None or post.told or post.kind not in (QUESTION, ANSWER):
        return _NOTHING
    if site.has_history:
        site.report.odd("first-text-missing", f"post {post.id}: its first revision is not there")
    return (created(site, post, First(row.get("Body", ""), "html", post.title, post.tags)),)


def commented(site: Site, row: Row) -> Iterable[Event]:
    """A comment, where its post is there."""
    comment = _comment(site, row)
    return _NOTHING if comment is None else (comments.event(comment),)


def commented_encoded(site: Site, row: Row) -> Iterable[Encoded]:
    """The same as it is published; what the site's own account did is in ``site.robots``."""
    comment = _comment(site, row)
    if comment is None:
        return _NOTHING
    person = comment.author.person
    if person is not None and person.id == MARKED:
        join(site.robots, {site.name: (to_datetime(comment.at), person.name or "")})
    return (comments.encode(comment),)


def _comment(site: Site, row: Row) -> comments.Comment | None:
    id_, place = known(row, "Id"), site.place(row)
    at, time = stamped(row)
    site.see(at)
    if place is None or place.kind not in (QUESTION, ANSWER):
        code = "comment-without-post" if place is None else "not-told-comment-on-other-post"
        site.report.odd(code, f"comment {id_} on post {row['PostId']}")
        return None
    score = 0 if row.get("Score") == "0" else whole(row, "Score") or 0
    kept = site.store if site.scores is None else site.scores
    if not kept.put_comment(id_, place.thread, score):
        site.report.odd(DOUBLED, f"comment {id_} is there more than once; the first counts")
        return None
    author = site.author(row, "UserId", "UserDisplayName")
    if author.person is None or author.person.id is None:
        site.deleted(f"comment {id_}", author.person)
    about, text = site.thread(place.thread), words(row.get("Text"))
    called = mentions(text) if "@" in text else _NOTHING
    return comments.Comment(about, author, "c" + row["Id"], row["PostId"], text, called, at, time)


def voted(site: Site, row: Row) -> tuple[()]:
    """Keep an acceptance."""
    place = site.place(row)
    accepts = row.get("VoteTypeId") == ACCEPTED
    if place is None:
        site.report.odd("vote-without-post", f"vote {row.get('Id')} on post {row['PostId']}")
    elif accepts and place.kind == ANSWER:
        at = moment_at(row)
        site.store.put_accepted(known(row, "PostId"), site.see(at - at % DAY_MS))
    elif accepts:
        site.report.odd("accepted-no-answer", f"vote {row.get('Id')} on post {row['PostId']}")
    return _NOTHING


def _also(row: Row, column: str) -> int | None:
    return moment_at(row, column) if column in row else None
