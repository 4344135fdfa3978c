"""Who answers whom: what a comment's mentions mean, and what is looked at again when one is late.

The rules are METRICS' policies. A comment rests on earlier ones alone, so settling goes forward
in time: a late comment of A concerns the later ones that call A, up to A's next comment that
addresses nobody; what changes by that concerns theirs in turn.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from stream.core.item import Found, Item
from stream.core.people import call
from stream.core.post import NOBODY, SHORTEST_BEGINNING, called, later, previous

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stream.core.people import Voice
    from stream.core.post import Post
    from stream.core.thread import Thread

SPEAKS = ("comment", "post")  # What stands under one of these answers it explicitly.
CROWD = 2


def settle(thread: Thread) -> None:
    """Find what the new comments mean, and again those that a late one concerns."""
    for post in thread.open:
        fresh, changed, moved = post.fresh or [], post.changed, post.moved or set()
        post.fresh = post.changed = post.moved = None
        if changed is None:
            for c in fresh:
                _find(thread, post, c)
        elif thread.roots is not None or post.mixed:
            everyone = post.comments()
            thread.touched.update({c.id: c for c in everyone})
            for c in everyone:
                _find(thread, post, c)
        else:
            queue = {c.id: c for c in fresh}
            for name, since in changed:
                queue.update({c.id: c for c in _concerned(thread, post, name, since)})
            _forward(thread, post, queue, moved)
    thread.open.clear()


def reopen(thread: Thread, on: str) -> None:
    """Whose post it is may have changed: every comment on it is looked at again."""
    post = thread.posts[on]
    if post.fresh is None:
        thread.open.append(post)
    post.fresh = post.comments()
    thread.touched.update({c.id: c for c in post.fresh})


def _forward(thread: Thread, post: Post, queue: dict[str, Item], moved: set[str]) -> None:
    heap = list(queue.values())
    heapify(heap)
    while heap:
        c = heappop(heap)
        del queue[c.id]
        before = c.found if c.unsaid is None else (*c.found, c.unsaid)
        news = _find(thread, post, c)
        if news or any(_in(found.to, moved) or _in(found.better, moved) for found in before):
            thread.touched[c.id] = c
        if news:
            for other in _concerned(thread, post, called(c), c):
                if other.id not in queue:
                    queue[other.id] = other
                    heappush(heap, other)


def _in(item: Item | None, ids: set[str]) -> bool:
    return item is not None and item.id in ids


def _concerned(thread: Thread, post: Post, name: str, since: Item) -> Iterator[Item]:
    """The later comments that call ``name``, a beginning or an alias of it, or answer unsaid."""
    if name:
        names = tuple(thread.aliases.get(name, (name,)))
        yield from post.calling(names, since, _free(post, name, since))
    host = None if post.last is None else _host(thread, post.last.on)
    own = None if host is None else post.by.get(host.call)
    if own is None or host is None or name == host.call:
        return
    if not _crowded(post, (host.call, name), since):
        yield from [c for c in own[bisect_left(own, since) :] if not c.said]


def _crowded(post: Post, without: tuple[str, str], before: Item) -> bool:
    """Whether so many others commented before that nothing is guessed anyway."""
    others = 0
    for name, said in post.by.items():
        if name not in without and said[0] < before:
            others += 1
            if others == CROWD:
                return True
    return False


def _free(post: Post, name: str, since: Item) -> Item | None:
    """The name's next comment that addresses nobody: callers after it mean nothing before it."""
    said = post.by.get(name, [])
    for index in range(bisect_right(said, since), len(said)):
        if all(found.to is None for found in said[index].found):
            return said[index]
    return None


def _host(thread: Thread, on: str | None) -> Voice | None:
    item = thread.items.get(on or "")
    return None if item is None else item.author


def _find(thread: Thread, post: Post, c: Item) -> bool:
    """Whether what a comment means is another than before."""
    host = _host(thread, c.on)
    found = tuple([_meant(thread, post, c, name, host) for name in c.said]) if c.said else ()
    unsaid = _unsaid(thread, post, c, host)
    before = c.found
    if found == before and unsaid == c.unsaid:
        return False
    if found or before:
        resolved = sum(one.to is not None for one in found)
        held = sum(one.to is not None for one in before)
        thread.resolved += resolved - held
        thread.unresolved += len(found) - resolved - (len(before) - held)
    c.found, c.unsaid = found, unsaid
    return True


def _unsaid(thread: Thread, post: Post, c: Item, host: Voice | None) -> Found | None:
    on = thread.items.get(c.on or "")
    if on is not None and on.kind in SPEAKS:
        return Found("", "explicit", on, on.author, on)
    if c.said or host is None or c.author is None:
        return None
    if host is not c.author and thread.who(host) != thread.who(c.author):
        return None
    only = _only_other(thread, post, c, thread.who(host))
    return None if only is None else Found("", "implicit", only, only.author, only)


def _only_other(thread: Thread, post: Post, c: Item, host: str) -> Item | None:
    """The latest earlier comment of the only other person who commented."""
    if post.mixed:
        return _only_other_of(thread, [d for d in post.comments() if d < c], host)
    only: Item | None = None
    for name, said in post.by.items():
        if not said[0] < c:
            continue
        if name == NOBODY:
            return None  # Somebody unknown may be one more person.
        author = said[0].author
        if author is None or thread.who(author) == host:
            continue
        if only is not None and only.author and thread.who(author) != thread.who(only.author):
            return None
        only = later(only, previous(said, c))
    return only


def _only_other_of(thread: Thread, earlier: list[Item], host: str) -> Item | None:
    if any(d.author is None for d in earlier):
        return None
    others = [d for d in earlier if d.author is not None and thread.who(d.author) != host]
    people = {thread.who(d.author) for d in others if d.author is not None}
    return others[-1] if len(people) == 1 else None


def _meant(thread: Thread, post: Post, c: Item, name: str, host: Voice | None) -> Found:
    """Whom a mention means: the person's latest earlier comment, else the post, if it is theirs."""
    said = call(name)
    own = "" if host is None else host.call
    on = thread.items.get(c.on or "")
    how, to = "exact", post.latest(said, c) if said else None
    if to is None and said and own == said:
        to = on
    if to is None and len(said) >= SHORTEST_BEGINNING:
        how = "prefix"
        to = _latest(post, post.beginning(said), c) or (on if own.startswith(said) else None)
    if to is None and said in thread.aliases:
        how, names = "alias", thread.aliases[said]
        to = _latest(post, names, c) or (on if own in names else None)
    if to is None:
        return Found(name, "unresolved", None, None, None)
    return _addressed(thread, post, c, Found(name, how, to, to.author, to))


def _latest(post: Post, names: Iterable[str], before: Item) -> Item | None:
    to = None
    for name in names:
        to = later(to, post.latest(name, before))
    return to


def _addressed(thread: Thread, post: Post, c: Item, found: Found) -> Found:
    """The same, with the person's latest comment, and the latest not said to a third person."""
    to = found.to
    if to is None or to.author is None:
        return found
    if thread.roots is None and not post.mixed:
        said = post.by[to.author.call] if to.id != c.on else []
    else:
        whose = thread.who(to.author)
        said = [d for d in post.comments() if d.author and thread.who(d.author) == whose]
    end = bisect_left(said, c)
    if not end:
        return found
    to = said[end - 1]
    if not to.found:
        return Found(found.name, found.how, to, to.author, to)
    me = None if c.author is None else thread.who(c.author)
    for index in range(end - 1, -1, -1):
        whom = {one.person and thread.who(one.person) for one in said[index].found if one.to}
        if not whom or me in whom:
            return Found(found.name, found.how, to, to.author, said[index])
    return Found(found.name, found.how, to, to.author, to)
