"""An item's part in the sums and indexes of its thread: taken out, put in, never edited.

A part is put in when a batch is settled, that of all items of a thread at once and in order of
time: what is new mostly comes last, and what a statement of the same batch changes was not yet in.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from stream.core.community import (
    ONE_ANSWER,
    ONE_BOUNDED,
    ONE_COMMENT,
    ONE_DELETION,
    ONE_EDIT,
    ONE_POST,
    ONE_QUESTION,
    QUARTER_MS,
)
from stream.core.firsts import STARTS, is_first, offer
from stream.core.hearing import hear
from stream.core.item import EXACT
from stream.core.post import Post
from stream.core.replies import reopen, review
from stream.core.thread import ANSWER, KINDS

if TYPE_CHECKING:
    from stream.core.item import Item, More
    from stream.core.thread import Thread

# By kind: where a thread counts it, and a quarter hour.
COUNTED: Final = dict(
    zip(KINDS, enumerate((ONE_QUESTION, ONE_ANSWER, ONE_POST, ONE_COMMENT)), strict=True)
)
FLAT: Final = ""  # No item has this id.
SPEAKING: Final = ("comment", "post")  # These stand under something, and may call somebody.
_at = attrgetter("at")


def enter(thread: Thread) -> None:  # noqa: C901, PLR0912, PLR0915 - in one piece: it runs for every item
    """Put the part of all items in that wait for it."""
    waiting, thread.entering = thread.entering, []
    if len(waiting) > 1:
        waiting.sort(key=_at)
    community, people, kinds = thread.community, thread.people, thread.kinds
    quarters, told, renamed = community.quarters, community.told, community.renamed
    posts, times = thread.posts, thread.spoken
    items: list[Item] = []
    starts: list[Item] = []
    for item in waiting:
        item.entered = True
        kind, at, on = item.kind, item.at, item.on
        if item.more is not None:
            if item.more.edits:
                item.call()
            _count_more(thread, item, item.more, 1)
        if kind is None:
            continue
        items.append(item)
        column, one = COUNTED[kind]
        kinds[column] += 1
        quarter = at // QUARTER_MS  # As `Community.count`, which is a call.
        quarters[quarter] = quarters.get(quarter, 0) + one
        told.add(quarter)
        author = item.author
        if author is not None:
            token = author.token
            before = people.get(token, 0)
            people[token] = before + 1
            if not before or thread.tangled or token in renamed:
                hear(thread, author)
        if item.id in posts:
            reopen(thread, item.id)
        if kind == "comment":
            if not times or times[-1] <= at:
                times.append(at)
            else:
                insort(times, at)
        else:
            if on is None and kind in STARTS:
                starts.append(item)
            on = _among(item)
        if on is not None:
            post = posts.get(on)
            if post is None or post.fresh is None:
                post = _opened(thread, on)
            post.add(item)
    if items:
        known_until = thread.last_at
        thread.first_at = min(thread.first_at, items[0].at)
        thread.last_at = max(known_until, items[-1].at)
        offer(thread, items, starts, known_until)


def leave(thread: Thread, item: Item) -> None:
    """Take an item's part out, which enters again, changed, when the batch is settled."""
    if not item.entered:
        return
    count(thread, item, -1)
    item.entered = False
    thread.entering.append(item)
    if item.kind is None:
        return
    thread.stale |= is_first(thread, item)
    if item.mode != EXACT and thread.hazy is not None:
        thread.hazy.pop(item.id, None)
    if item.kind == "comment":
        del thread.spoken[bisect_left(thread.spoken, item.at)]
    among = _among(item)
    if among is not None:
        _opened(thread, among).remove(item)
    if item.id in thread.posts:
        reopen(thread, item.id)


def unname(thread: Thread, items: list[Item]) -> None:
    """Take the authors out of ``items``, whom nobody may see any more, and their words.

    As if each left and entered again without one. That changes nothing but whose they are, so they
    stay where they are in time, and what stands beside or under them is looked at once.
    """
    people, posts = thread.people, thread.posts
    among: dict[str, None] = {}
    for item in items:
        thread.touched[item.id] = item
        if item.entered and item.author is not None and item.kind is not None:
            token = item.author.token
            people[token] -= 1
            if not people[token]:
                del people[token]
            thread.stale |= is_first(thread, item)
            on = _among(item)
            if on is not None:
                among[on] = None
        item.author, item.further.erased = None, True
    for on in among:
        posts[on].index_again()
        review(thread, on)
    for item in items:
        if item.id in posts:
            review(thread, item.id)


def count(thread: Thread, item: Item, n: int) -> None:
    """What an item adds to sums, or, with -1, takes from them; nothing if it is to enter yet."""
    if not item.entered:
        return
    if item.more is not None:
        _count_more(thread, item, item.more, n)
    if item.kind is None:
        return
    column, one = COUNTED[item.kind]
    thread.kinds[column] += n
    thread.community.count(item.at, n * one)
    if item.author is not None:
        token, people = item.author.token, thread.people
        left = people[token] = people.get(token, 0) + n
        if not left:
            del people[token]


def _count_more(thread: Thread, item: Item, more: More, n: int) -> None:
    community = thread.community
    thread.edits += n * len(more.edits)
    for edit in more.edits.values():
        community.count(edit.moment.at, n * ONE_EDIT)
    for deletion in more.deletions:
        community.count(deletion.at, n * ONE_DELETION)
    if more.contested:
        thread.contested += n
    if more.deleted:
        thread.deleted += n
        if item.kind == ANSWER:
            thread.gone_answers += n
    if item.kind is not None and more.mode != EXACT:
        community.count(item.at, n * ONE_BOUNDED)
        if n > 0:
            thread.haze[item.id] = item


def _among(item: Item) -> str | None:
    """What an item stands under, for those that can call one another there.

    Posts of a forum that reply to none are among themselves, under no item's id.
    """
    if item.kind == "post" and item.on is None:
        return FLAT
    return item.on if item.kind in SPEAKING else None


def _opened(thread: Thread, on: str) -> Post:
    post = thread.posts.get(on)
    if post is None:
        post = thread.posts[on] = Post(on)
    if post.fresh is None:
        post.fresh = []
        thread.open.append(post)
    return post
