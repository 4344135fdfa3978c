"""From a name to a comment: whom a mention means, by METRICS' rules."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from stream.core.found import Found
from stream.core.people import call
from stream.core.post import SHORTEST_BEGINNING, later

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream.core.item import Item
    from stream.core.people import Voice
    from stream.core.post import Post
    from stream.core.thread import Thread


def meant(thread: Thread, post: Post, on: Item | None, c: Item, name: str) -> Found:
    """Whom a mention means: the person's latest earlier comment, else the post, if it is theirs."""
    said = call(name)
    how, to = "exact", post.latest(said, c) if said else None
    if to is None:
        own = "" if on is None or on.author is None else on.author.call
        if said and own == said:
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
    own = [said for said in map(post.own, calls(thread, author)) if said]
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
    plain = thread.roots is None and to.id != c.on
    if plain and (not to.found or _is_for(thread, to, c)):
        return found  # Most of the time: who has one name has no later comment than that.
    if plain and post.index is None:
        return _before(thread, post, c, found, to.author)
    said = _theirs(thread, post, to.author)
    end = bisect_left(said, c)
    if not end:
        return found
    to = said[end - 1]
    for index in range(end - 1, -1, -1):
        if _is_for(thread, said[index], c):
            return Found(found.name, found.how, to, to.author, said[index])
    return Found(found.name, found.how, to, to.author, to)


def _before(thread: Thread, post: Post, c: Item, found: Found, voice: Voice) -> Found:
    """The same where one token is one person, and few have commented."""
    latest = better = None
    whom, called = voice.token, voice.call
    for said in reversed(post.said):
        who = said.author
        if who is not None and who.token == whom and who.call == called and said < c:
            latest = latest or said
            if _is_for(thread, said, c):
                better = said
                break
    if latest is None:
        return found
    return Found(found.name, found.how, latest, latest.author, better or latest)


def _is_for(thread: Thread, said: Item, c: Item) -> bool:
    """Whether something is said to nobody, or to who answers it with ``c``: to no third person."""
    if not said.found:
        return True
    me = None if c.author is None else thread.who(c.author)
    whom = {one.person and thread.who(one.person) for one in said.found if one.to is not None}
    return not whom or me in whom


def calls(thread: Thread, voice: Voice) -> Iterable[str]:
    """The called names under which a person has written, with that one which may have gone."""
    if thread.roots is None or thread.calls is None:
        return (voice.call,)
    return {voice.call, *thread.calls.get(thread.who(voice), ())}
