"""What happens in a made-up thread besides writing: edits, deletions, acceptances, closings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from stream.archive.made_up import words
from stream.core import events as e

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream.archive.made_up.thread import Thread
    from stream.core.when import When

    Act: TypeAlias = Callable[[Thread, When], e.Event | None]

ACTS_AFTER_CLOSING: Final = 6
UNHURRIED: Final = 12  # Acts; a longer thread is a busier one, and takes no longer.


def edit(thread: Thread, when: When) -> e.Event | None:
    """A post, by its author or another; or a comment, which goes on calling whom it called."""
    chance = thread.world.chance
    post = chance.pick(thread.posts)
    thread.revisions += 1
    revision = f"r{thread.revisions}"
    if post.remembered and chance.draw() < 0.3:  # noqa: PLR2004
        comment = chance.pick(post.remembered)
        text = thread.remark(comment.mentions)
        return thread.world.tell(
            e.CommentEdited,
            thread.subject,
            e.EditData(
                item=comment.item,
                revision=revision,
                by=comment.author.person,
                changes=e.Changes(text=text),
                mentions=comment.mentions,
                when=when,
            ),
        )
    by = post.author if chance.draw() < 0.6 else thread.somebody()  # noqa: PLR2004
    changes = e.Changes(
        title=_title(thread) if post.item == "q" and chance.draw() < 0.2 else None,  # noqa: PLR2004
        text=thread.text(120 + int(chance.draw() * 450)),
    )
    note = chance.pick(words.NOTES)
    rollback = chance.draw() < 0.03  # noqa: PLR2004
    return thread.world.tell(
        e.PostEdited,
        thread.subject,
        e.EditData(
            item=post.item,
            revision=revision,
            by=by.person,
            changes=changes,
            note=note,
            rollback=rollback,
            when=when,
        ),
    )


def delete(thread: Thread, when: When) -> e.Event | None:
    """Mostly a comment; its author is forgotten, so nobody answers it any more."""
    chance = thread.world.chance
    post = chance.pick(thread.posts)
    if post.remembered and chance.draw() < 0.8:  # noqa: PLR2004
        comment = chance.pick(post.remembered)
        post.remembered.remove(comment)
        item = comment.item
    else:
        item = post.item
    if item == "q" or item in thread.deleted:
        return None
    thread.deleted.append(item)
    by = thread.somebody().person
    return thread.world.tell(
        e.ItemDeleted,
        thread.subject,
        e.ItemData(item=item, by=by, when=when),
    )


def restore(thread: Thread, when: When) -> e.Event | None:
    """What was deleted last comes back first."""
    if not thread.deleted:
        return None
    data = e.ItemData(item=thread.deleted.pop(), by=thread.somebody().person, when=when)
    return thread.world.tell(e.ItemRestored, thread.subject, data)


def accept(thread: Thread, when: When) -> e.Event | None:
    """One answer at a time, by the asker."""
    if thread.accepted or len(thread.posts) == 1:
        return None
    thread.accepted = thread.world.chance.pick(thread.posts[1:]).item
    data = e.AcceptData(item=thread.accepted, when=when)
    return thread.world.tell(e.AnswerAccepted, thread.subject, data)


def unaccept(thread: Thread, when: When) -> e.Event | None:
    """The asker has thought again, and may accept another."""
    if not thread.accepted:
        return None
    data = e.AcceptData(item=thread.accepted, when=when)
    thread.accepted = None
    return thread.world.tell(e.AnswerUnaccepted, thread.subject, data)


def close(thread: Thread, when: When) -> e.Event | None:
    """A closed thread soon falls silent; a long one is no likelier to be closed."""
    chance = thread.world.chance
    if thread.closed or chance.draw() * thread.pace > UNHURRIED:
        return None
    thread.closed = True
    thread.left = min(thread.left, ACTS_AFTER_CLOSING)
    by, why = thread.world.people.anybody().person, chance.pick(words.CLOSING)
    return thread.world.tell(
        e.ThreadClosed, thread.subject, e.ThreadData(by=by, why=why, when=when)
    )


def reopen(thread: Thread, when: When) -> e.Event | None:
    """Whereupon it may be answered again."""
    if not thread.closed:
        return None
    thread.closed = False
    by = thread.world.people.anybody().person
    return thread.world.tell(e.ThreadReopened, thread.subject, e.ThreadData(by=by, when=when))


def _title(thread: Thread) -> str:
    return thread.world.chance.pick(words.TITLES).format(thread.thing)


# How often each is tried; where there is nothing to do so with, somebody comments instead.
COURSE: Final[tuple[tuple[float, Act], ...]] = (
    (0.045, edit),
    (0.012, delete),
    (0.006, restore),
    (0.06, accept),
    (0.003, unaccept),
    (0.01, close),
    (0.04, reopen),
)
