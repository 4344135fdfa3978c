"""Who answers whom: what new comments mean, and what is looked at again when one is late.

The rules are METRICS' policies. A comment rests on earlier ones alone, so settling goes forward
in time: a late comment of A concerns the later ones that call A, up to A's next comment that
addresses nobody; what changes by that concerns theirs in turn.
"""

from __future__ import annotations

from bisect import bisect_right
from heapq import heapify, heappop, heappush
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from stream.core.found import Found
from stream.core.in_time import between, later
from stream.core.mentions import calls, meant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from stream.core.item import Item
    from stream.core.people import Voice
    from stream.core.post import Post
    from stream.core.thread import Thread

_Waiting = dict["Voice | None", "tuple[Item, Item | None]"]
"""From where and up to where those that an author concerns wait; None: to the end."""

SPEAKS = ("comment", "post")  # What stands under one of these answers it explicitly.
CROWD = 2
NOWHERE: Final[frozenset[str]] = frozenset()


def settle(thread: Thread) -> None:
    """Find what the new comments mean, and again those that a late one concerns."""
    for post in thread.open:
        fresh, changed, moved = post.fresh or [], post.changed, post.moved or NOWHERE
        post.fresh = post.changed = post.moved = None
        on = thread.items.get(post.on)
        if changed is None:
            _settle_new(thread, post, on, fresh, moved)
        else:
            queue, waiting = {c.id: c for c in fresh}, _Waiting()
            for author, since in sorted(changed, key=itemgetter(1)):
                concerned = _concerned(thread, post, author, since, waiting)
                queue.update({c.id: c for c in concerned})
            _forward(thread, post, on, queue, waiting, moved)
    thread.open.clear()


def _settle_new(
    thread: Thread, post: Post, on: Item | None, fresh: list[Item], moved: AbstractSet[str]
) -> None:
    """Look at new comments; one that calls nobody answers nobody, unless it is the post's author's.

    What stands under a comment answers that.
    """
    host = None if on is None else on.author
    whose = None if host is None else thread.who(host)
    explicit = on is not None and on.kind in SPEAKS
    roots = thread.roots
    for c in fresh:
        said = c.said
        if explicit or c.found or c.unsaid is not None:
            _look_again(thread, post, on, c, moved)
        elif len(said) == 1:  # As that would, of one that is new.
            found = meant(thread, post, on, c, said[0])
            post.mean(c, (found,))
            if found.to is None:
                thread.unresolved += 1
            else:
                thread.resolved += 1
            thread.touched[c.id] = c
        elif said:
            _look_again(thread, post, on, c, moved)
        elif whose is not None and c.author is not None:
            token = c.author.token
            if (token if roots is None else roots.get(token, token)) == whose:
                _look_again(thread, post, on, c, moved)


def review(thread: Thread, on: str) -> None:
    """Who is who may have changed: every comment on a post is looked at again."""
    post = thread.posts[on]
    if post.fresh is None:
        thread.open.append(post)
    post.fresh = post.said


def reopen(thread: Thread, on: str) -> None:
    """The post itself may have changed: every comment on it is told again."""
    review(thread, on)
    thread.touched.update({c.id: c for c in thread.posts[on].said})


def _forward(  # noqa: PLR0913, PLR0917  (by name, they would be dear)
    thread: Thread,
    post: Post,
    on: Item | None,
    queue: dict[str, Item],
    waiting: _Waiting,
    moved: AbstractSet[str],
) -> None:
    heap = list(queue.values())
    heapify(heap)
    while heap:
        c = heappop(heap)
        del queue[c.id]
        if _look_again(thread, post, on, c, moved):
            for other in _concerned(thread, post, c.author, c, waiting):
                if other.id not in queue:
                    queue[other.id] = other
                    heappush(heap, other)


def _look_again(
    thread: Thread, post: Post, on: Item | None, c: Item, moved: AbstractSet[str]
) -> bool:
    """Whether a comment means another than before; told again also where what it means moved."""
    before: tuple[Found, ...] = ()
    if moved:
        before = c.found if c.unsaid is None else (*c.found, c.unsaid)
    news = _find(thread, post, on, c)
    if news or any(_in(found.to, moved) or _in(found.better, moved) for found in before):
        thread.touched[c.id] = c
    return news


def _in(item: Item | None, ids: AbstractSet[str]) -> bool:
    return item is not None and item.id in ids


def _concerned(
    thread: Thread, post: Post, author: Voice | None, since: Item, waiting: _Waiting
) -> Iterator[Item]:
    """The later comments that call ``author``, by a beginning or an alias too; or answer unsaid.

    None of them where they are ``waiting``: all goes forward in time, so those later than ``since``
    that were found from an earlier comment of the author's on wait still.
    """
    if author in waiting:
        begins, ends = waiting[author]
        if not since < begins and (ends is None or since < ends):
            return
    plain = author is not None and thread.roots is None and not post.mixed
    until = _free(post, author.call, since) if author is not None and plain else None
    waiting[author] = since, until
    if author is not None:
        yield from post.calling(_names(thread, author), since, until)
    on = thread.items.get(post.on)
    host = None if on is None else on.author
    if host is None or (author is not None and thread.who(author) == thread.who(host)):
        return
    if not _crowded(thread, post, (author, host), since):
        for name in calls(thread, host):
            yield from [c for c in between(post.own(name), since, None) if not c.said]


def _names(thread: Thread, voice: Voice) -> set[str]:
    """All called names of a person, those too under which they have not written here."""
    aliases = thread.aliases
    return {name for call_ in calls(thread, voice) for name in aliases.get(call_, (call_,))}


def _crowded(thread: Thread, post: Post, without: tuple[Voice | None, Voice], before: Item) -> bool:
    """Whether so many others commented before that nothing is guessed anyway."""
    but = {None if voice is None else thread.who(voice) for voice in without}
    others = set()
    for c in post.firsts():
        if c < before:
            others.add(None if c.author is None else thread.who(c.author))
            if len(others - but) == CROWD:
                return True
    return False


def _free(post: Post, name: str, since: Item) -> Item | None:
    """The name's next comment that addresses nobody: callers after it mean nothing before it."""
    said = post.own(name)
    for index in range(bisect_right(said, since), len(said)):
        if all(found.to is None for found in said[index].found):
            return said[index]
    return None


def _find(thread: Thread, post: Post, on: Item | None, c: Item) -> bool:
    """Whether what a comment means is another than before."""
    names, before = c.said, c.found
    found: tuple[Found, ...] = ()
    if len(names) == 1:
        found = (meant(thread, post, on, c, names[0]),)
    elif names:
        found = tuple([meant(thread, post, on, c, name) for name in names])
    unsaid = _unsaid(thread, post, on, c)
    if found == before and unsaid == c.unsaid:
        return False
    _count(thread, before, -1)
    _count(thread, found, 1)
    post.mean(c, found)
    c.unsaid = unsaid
    return True


def _count(thread: Thread, mentions: tuple[Found, ...], n: int) -> None:
    for one in mentions:
        if one.to is None:
            thread.unresolved += n
        else:
            thread.resolved += n


def _unsaid(thread: Thread, post: Post, on: Item | None, c: Item) -> Found | None:
    if on is None:
        return None
    host = on.author
    if on.kind in SPEAKS:
        return Found("", "explicit", on, host, on)
    if c.said or host is None or c.author is None:
        return None
    if host is not c.author and thread.who(host) != thread.who(c.author):
        return None
    only = _only_other(thread, post, c, thread.who(host))
    return None if only is None else Found("", "implicit", only, only.author, only)


def _only_other(thread: Thread, post: Post, c: Item, host: str) -> Item | None:
    """The latest earlier comment of the only other person who commented."""
    others: dict[str, Item] = {}
    for d in post.lasts(c):
        if d.author is None:
            return None  # Somebody unknown may be one more person.
        whose = thread.who(d.author)
        if whose != host:
            others[whose] = later(others.get(whose), d) or d
            if len(others) == CROWD:
                return None
    return next(iter(others.values()), None)
