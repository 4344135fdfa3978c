"""What a thread is about, and the first response, answer, comment to it, and the asker's return."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Final

from stream.core.item import HORIZON, Item
from stream.core.waits import first_of, is_response, is_return, responds
from stream.core.when import LONG_AGO

if TYPE_CHECKING:
    from stream.core.thread import Thread

STARTS: Final = ("question", "post")  # The first of these under nothing is what a thread is about.
_id = attrgetter("id")


def is_first(thread: Thread, item: Item) -> bool:
    """Whether any of the thread's waits rests on the item."""
    return item in (
        thread.root,
        thread.response,
        thread.answer,
        thread.comment,
        thread.returned,
    )


def offer(thread: Thread, items: list[Item], starts: list[Item], known_until: int) -> None:
    """Keep the earliest of each kind, ``items`` being new, in order of time.

    ``starts``: those that a thread may begin with; ``known_until``: the time of the last before.
    """
    if starts and not thread.stale:
        _begin(thread, items[0], min(starts), known_until)
    if thread.stale or thread.root is None or (_all_known(thread) and items[0].at > known_until):
        return
    for item in items:
        newest = item.at > known_until
        if newest and thread.response is not None and not thread.hazy:
            _offer_newest(thread, item)
        elif _offer(thread, item, newest=newest):
            return
        if newest:
            known_until = item.at


def offer_again(thread: Thread, item: Item) -> None:
    """The same of one that was deleted, and is there again."""
    if item.entered and item.kind is not None and thread.root is not None and not thread.stale:
        _offer(thread, item, newest=False)


def _begin(thread: Thread, earliest: Item, start: Item, known_until: int) -> None:
    """Notice what a thread is about."""
    if thread.root is not None:
        thread.stale = start < thread.root
    elif known_until == LONG_AGO and start is earliest:  # Mostly so.
        thread.root = start
        thread.asker = None if start.author is None else thread.who(start.author)
    else:
        thread.stale = True


def _all_known(thread: Thread) -> bool:
    """Whether nothing that comes later can be the first of anything."""
    return (
        thread.returned is not None
        and thread.answer is not None
        and thread.comment is not None
        and not thread.hazy
    )


def _offer(thread: Thread, item: Item, *, newest: bool) -> bool:
    """Whether all is to be looked for again; ``newest``: nothing later is known yet.

    The asker's return is counted from the first response, so one that is not the newest asks for a
    full look.
    """
    if is_return(thread, item):
        response = thread.response
        if response is not None and response < item:
            thread.returned = first_of(thread.returned, item)
    elif is_response(thread, item):
        if first_of(thread.response, item) is item:
            thread.response, thread.returned = item, None
            thread.stale |= not newest
        root = thread.root
        if item.kind == "answer":
            thread.answer = first_of(thread.answer, item)
        elif item.kind == "comment" and root is not None and item.on == root.id:
            thread.comment = first_of(thread.comment, item)
    return thread.stale


def _offer_newest(thread: Thread, item: Item) -> None:
    """The same where there is a response and all moments are exact: most of the time."""
    author, root, asker = item.author, thread.root, thread.asker
    if (
        asker is not None
        and author is not None
        and (author.token if thread.roots is None else thread.who(author)) == asker
    ):
        if thread.returned is None and not item.deleted:
            thread.returned = item
    elif item.kind == "answer":
        if thread.answer is None and not item.deleted:
            thread.answer = item
    elif thread.comment is None and item.kind == "comment" and not item.deleted:
        thread.comment = item if root is not None and item.on == root.id else None


def look(thread: Thread) -> None:
    """Find again what is first, from all items."""
    known = [item for item in thread.items.values() if item.kind is not None]
    thread.first_at = min([item.at for item in known], default=HORIZON)
    thread.last_at = max([item.at for item in known], default=LONG_AGO)
    starts = [item for item in known if item.on is None and item.kind in STARTS]
    root = thread.root = min(starts, default=None)
    thread.response = thread.answer = thread.comment = thread.returned = None
    thread.stale = False
    if root is None:
        return
    asker = thread.asker = None if root.author is None else thread.who(root.author)
    own: list[Item] = []
    others: list[Item] = []
    for item in known:
        if not item.deleted and item is not root:
            author = item.author
            if author is not None and thread.who(author) == asker:
                own.append(item)
            elif responds(thread, item):
                others.append(item)
    thread.response = response = _first(others)
    thread.answer = _first([item for item in others if item.kind == "answer"])
    comments = [item for item in others if item.kind == "comment" and item.on == root.id]
    thread.comment = _first(comments)
    if response is not None and own:
        thread.returned = _first([item for item in own if response < item])


def _first(items: list[Item]) -> Item | None:
    """The one that is known to have existed earliest."""
    if not items:
        return None
    by = min([item.by for item in items])
    return min([item for item in items if item.by == by], key=_id)
