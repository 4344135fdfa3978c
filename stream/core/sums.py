"""An item's part in the sums and indexes of its thread: taken out, put in, never edited."""

from __future__ import annotations

from bisect import bisect_left, insort
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from stream.core.community import BOUNDED_COLUMN, COLUMNS, DELETIONS, EDITS, QUARTER_MS
from stream.core.item import EXACT, HORIZON, Item
from stream.core.people import roots
from stream.core.post import Post
from stream.core.replies import reopen, review
from stream.core.thread import KINDS, TANGLED, UNTANGLED
from stream.core.waits import first_of, is_response, is_return, responds
from stream.core.when import LONG_AGO

if TYPE_CHECKING:
    from stream.core.item import More
    from stream.core.people import Voice
    from stream.core.thread import Thread

COLUMN: Final = {kind: column for column, kind in enumerate(KINDS)}
FLAT: Final = ""  # No item has this id.
STARTS: Final = ("question", "post")  # The first of these under nothing is what a thread is about.
SPEAKING: Final = ("comment", "post")  # These stand under something, and may call somebody.


def enter(thread: Thread, item: Item) -> None:
    """Put an item's part in."""
    count(thread, item, 1)
    if item.kind is None:
        return
    newest = item.at > thread.last_at
    if newest:
        thread.last_at = item.at
    if item.at < thread.first_at:  # noqa: PLR1730 - a call of `min` an event is dear
        thread.first_at = item.at
    if item.mode != EXACT:
        thread.haze[item.id] = item
    author = item.author
    if author is not None and (
        thread.people[author.token] == 1
        or thread.tangled
        or author.token in thread.community.renamed
    ):
        _hear(thread, author)
    _speak(thread, item)
    if item.id in thread.posts:
        reopen(thread, item.id)
    if not thread.stale and thread.root is not None:
        _offer(thread, item, newest=newest)


def _speak(thread: Thread, item: Item) -> None:
    if item.kind == "comment":
        times = thread.spoken
        if not times or times[-1] <= item.at:
            times.append(item.at)
        else:
            insort(times, item.at)
    if item.on is None and item.kind in STARTS:
        thread.stale |= thread.root is None or item < thread.root
    among = _among(item)
    if among is not None:
        post = thread.posts.get(among)
        if post is None or post.fresh is None:
            post = _opened(thread, among)
        post.add(item)
        if post.fresh is not None:
            post.fresh.append(item)


def is_first(thread: Thread, item: Item) -> bool:
    """Whether any of the thread's waits rests on the item."""
    return item in (
        thread.root,
        thread.response,
        thread.answer,
        thread.comment,
        thread.returned,
    )


def leave(thread: Thread, item: Item) -> None:
    """Take an item's part out; what was first is looked for again."""
    count(thread, item, -1)
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


def count(thread: Thread, item: Item, n: int) -> None:  # noqa: C901 - as `Post.add`
    """What an item adds to sums, or, with -1, takes from them."""
    if item.more is not None:
        _count_more(thread, item, item.more, n)
    if item.contested:
        thread.contested += n
    if item.kind is None:
        return
    column = COLUMN[item.kind]
    thread.kinds[column] += n
    if column == COLUMN["answer"] and not item.deleted:
        thread.live_answers += n
    community = thread.community
    quarter = item.at // QUARTER_MS
    row = community.quarters.get(quarter)  # As `Community.count`, which is a call dearer.
    if row is None:
        row = community.quarters[quarter] = [0] * len(COLUMNS)
    row[column] += n
    community.told.add(quarter)
    if item.mode != EXACT:
        thread.community.count(item.at, BOUNDED_COLUMN, n)
    if item.author is not None:
        token, people = item.author.token, thread.people
        left = people[token] = people.get(token, 0) + n
        if not left:
            del people[token]


def _count_more(thread: Thread, item: Item, more: More, n: int) -> None:
    thread.edits += n * len(more.edits)
    for edit in more.edits.values():
        thread.community.count(edit.moment.at, EDITS, n)
    for deletion in more.deletions:
        thread.community.count(deletion.at, DELETIONS, n)
    if item.deleted:
        thread.deleted += n


def untangle(thread: Thread) -> None:
    """Find again who is who, and where that differs, look at everything again."""
    known = None if thread.heard is None else thread.heard - thread.joining
    heard = thread.heard = writers(thread) if thread.heard is None else thread.heard
    found = roots(heard, thread.aliases)
    thread.stale |= any(found[voice.token] != voice.token for voice in thread.joining & heard)
    thread.joining = set()
    thread.calls = {}
    for voice in heard:
        thread.calls.setdefault(found[voice.token], set()).add(voice.call)
    plain = all(len(calls) == 1 for calls in thread.calls.values())
    trivial = plain and all(token == root for token, root in found.items())
    held, thread.roots = thread.roots or {}, None if trivial else found
    thread.tangled = TANGLED
    if known is not None and all(found[v.token] == held.get(v.token, v.token) for v in known):
        return
    thread.stale = True
    for on in thread.posts:
        review(thread, on)


def writers(thread: Thread) -> set[Voice]:
    """Who has written in a thread."""
    return {item.author for item in thread.items.values() if item.author and item.kind}


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


_id = attrgetter("id")


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
        post = thread.posts[on] = Post()
    if post.fresh is None:
        post.fresh = []
        thread.open.append(post)
    return post


def _hear(thread: Thread, voice: Voice) -> None:
    """Notice where a token does not say who somebody is."""
    if thread.tangled:
        if thread.heard is not None and voice not in thread.heard:
            thread.heard.add(voice)
            thread.joining.add(voice)
            thread.tangled = UNTANGLED
    elif voice.call in thread.aliases or _doubtful(thread, voice):
        thread.tangled = UNTANGLED
        thread.heard = writers(thread)
        thread.joining = {voice} if thread.people[voice.token] == 1 else set()


def _doubtful(thread: Thread, voice: Voice) -> bool:
    if voice.id is not None:
        return voice.plain in thread.people or voice.token in thread.community.renamed
    bearers = thread.community.bearers.get(voice.call, ())
    return any(bearer in thread.people for bearer in bearers)


def _offer(thread: Thread, item: Item, *, newest: bool) -> None:
    """Keep the earliest of each kind; ``newest``: nothing later is known yet.

    The asker's return is counted from the first response, so one that is not the newest asks for a
    full look.
    """
    if newest and not thread.hazy and not thread.stale and thread.response is not None:
        _offer_newest(thread, item)
    elif is_return(thread, item):
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


def _offer_newest(thread: Thread, item: Item) -> None:
    """The same where there is a response and all moments are exact: most of the time."""
    author, root = item.author, thread.root
    if author is not None and thread.asker is not None and thread.who(author) == thread.asker:
        if thread.returned is None and not item.deleted:
            thread.returned = item
    elif item.kind == "answer":
        if thread.answer is None and not item.deleted:
            thread.answer = item
    elif thread.comment is None and item.kind == "comment" and not item.deleted:
        thread.comment = item if root is not None and item.on == root.id else None
