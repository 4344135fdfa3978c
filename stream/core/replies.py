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
from stream.core.post import SHORTEST_BEGINNING, later, previous

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
                if c.said or c.found or c.unsaid is not None or not _quiet(thread, c):
                    _look_again(thread, post, c, moved)
        else:
            queue = {c.id: c for c in fresh}
            for author, since in changed:
                queue.update({c.id: c for c in _concerned(thread, post, author, since)})
            _forward(thread, post, queue, moved)
    thread.open.clear()


def review(thread: Thread, on: str) -> None:
    """Who is who may have changed: every comment on a post is looked at again."""
    post = thread.posts[on]
    if post.fresh is None:
        thread.open.append(post)
    post.fresh = post.comments()


def reopen(thread: Thread, on: str) -> None:
    """The post itself may have changed: every comment on it is told again."""
    review(thread, on)
    thread.touched.update({c.id: c for c in thread.posts[on].fresh or ()})


def _forward(thread: Thread, post: Post, queue: dict[str, Item], moved: set[str]) -> None:
    heap = list(queue.values())
    heapify(heap)
    while heap:
        c = heappop(heap)
        del queue[c.id]
        if _look_again(thread, post, c, moved):
            for other in _concerned(thread, post, c.author, c):
                if other.id not in queue:
                    queue[other.id] = other
                    heappush(heap, other)


def _quiet(thread: Thread, c: Item) -> bool:
    """Whether a comment that calls nobody answers nobody: it is not the post's author's."""
    on = thread.items.get(c.on or "")
    if on is None:
        return True
    host, author = on.author, c.author
    if on.kind in SPEAKS or host is author:
        return False
    return host is None or author is None or thread.who(host) != thread.who(author)


def _look_again(thread: Thread, post: Post, c: Item, moved: set[str]) -> bool:
    """Whether a comment means another than before; told again also where what it means moved."""
    before = c.found if c.unsaid is None else (*c.found, c.unsaid)
    news = _find(thread, post, c)
    if news or any(_in(found.to, moved) or _in(found.better, moved) for found in before):
        thread.touched[c.id] = c
    return news


def _in(item: Item | None, ids: set[str]) -> bool:
    return item is not None and item.id in ids


def _concerned(thread: Thread, post: Post, author: Voice | None, since: Item) -> Iterator[Item]:
    """The later comments that call ``author``, by a beginning or an alias too; or answer unsaid."""
    if author is not None:
        plain = thread.roots is None and not post.mixed
        until = _free(post, author.call, since) if plain else None
        yield from post.calling(_names(thread, author), since, until)
    host = None if post.last is None else _host(thread, post.last.on)
    if host is None or (author is not None and thread.who(author) == thread.who(host)):
        return
    if not _crowded(thread, post, (author, host), since):
        for name in _calls(thread, host):
            own = post.by.get(name, [])
            yield from [c for c in own[bisect_left(own, since) :] if not c.said]


def _calls(thread: Thread, voice: Voice) -> Iterable[str]:
    """The called names under which a person has written, with that one which may have gone."""
    if thread.roots is None:
        return (voice.call,)
    return {voice.call, *thread.calls.get(thread.who(voice), ())}


def _names(thread: Thread, voice: Voice) -> set[str]:
    """All called names of a person, those too under which they have not written here."""
    aliases = thread.aliases
    return {name for call_ in _calls(thread, voice) for name in aliases.get(call_, (call_,))}


def _crowded(thread: Thread, post: Post, without: tuple[Voice | None, Voice], before: Item) -> bool:
    """Whether so many others commented before that nothing is guessed anyway."""
    but = {None if voice is None else thread.who(voice) for voice in without}
    others = set()
    for said in post.by.values():
        author = said[0].author
        if said[0] < before:
            others.add(None if author is None else thread.who(author))
            if len(others - but) == CROWD:
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
    others: dict[str, Item] = {}
    for said in post.by.values():
        for d in _speakers(post, said, c):
            if d.author is None:
                return None  # Somebody unknown may be one more person.
            whose = thread.who(d.author)
            if whose != host:
                others[whose] = later(others.get(whose), d) or d
                if len(others) == CROWD:
                    return None
    return next(iter(others.values()), None)


def _speakers(post: Post, said: list[Item], before: Item) -> Iterable[Item]:
    """Of one name's earlier comments the last, and each where several people have the name."""
    if post.mixed:
        return said[: bisect_left(said, before)]
    last = previous(said, before)
    return () if last is None else (last,)


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


def _theirs(thread: Thread, post: Post, author: Voice) -> list[Item]:
    """A person's comments on a post, under whatever name, in order of time."""
    own = [post.by[name] for name in _calls(thread, author) if name in post.by]
    whose = thread.who(author)
    if len(own) == 1 and not post.mixed:  # All of one person, who may be a namesake.
        voice = own[0][0].author
        return own[0] if voice is not None and thread.who(voice) == whose else []
    return sorted([d for said in own for d in said if d.author and thread.who(d.author) == whose])


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
    if not to.found and thread.roots is None and not post.mixed and to.id != c.on:
        return found  # Most of the time: who has one name has no later comment than that.
    said = _theirs(thread, post, to.author)
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
