"""From a name to a comment: whom a mention means, by METRICS' rules."""

from __future__ import annotations

from bisect import bisect_left
from itertools import islice
from typing import TYPE_CHECKING, Final

from stream.core.addressed import ALL
from stream.core.found import Found
from stream.core.in_time import later
from stream.core.people import call
from stream.core.post import SHORTEST_BEGINNING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stream.core.item import Item
    from stream.core.people import Voice
    from stream.core.post import Post
    from stream.core.thread import Thread

LOOKED_BACK: Final = 32  # So many comments are looked at one after another.


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
            to = _beginning(post, said, c) or (on if own.startswith(said) else None)
        if to is None and said in thread.aliases:
            how, names = "alias", thread.aliases[said]
            to = _latest(post, names, c) or (on if own in names else None)
        if to is None:
            return Found(name, "unresolved", None, None, None)
    return _addressed(thread, post, c, Found(name, how, to, to.author, to))


def _theirs(thread: Thread, post: Post, author: Voice, before: Item) -> Iterator[Item]:
    """A person's comments on a post, under whatever name, from the latest earlier one back."""
    own = [said for said in map(post.own, calls(thread, author)) if said]
    ends = [bisect_left(said, before) for said in own]
    whose = thread.who(author)
    while True:
        latest = which = None
        for index, said in enumerate(own):
            end = ends[index]
            if end and (latest is None or latest < said[end - 1]):
                latest, which = said[end - 1], index
        if latest is None or which is None:
            return
        ends[which] -= 1
        if latest.author is not None and thread.who(latest.author) == whose:
            yield latest


def _latest(post: Post, names: Iterable[str], before: Item) -> Item | None:
    to = None
    for name in names:
        to = later(to, post.latest(name, before))
    return to


def _beginning(post: Post, start: str, before: Item) -> Item | None:
    """The latest earlier comment by one whose called name begins with ``start``."""
    names = list(islice(post.beginning(start), LOOKED_BACK + 1))
    if len(names) <= LOOKED_BACK:
        return _latest(post, names, before)
    end = bisect_left(post.said, before)  # Of so many, one has mostly spoken just before.
    for c in reversed(post.said[max(0, end - LOOKED_BACK) : end]):
        if c.author is not None and c.author.call.startswith(start):
            return c
    return _latest(post, post.beginning(start), before)


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
    latest = better = None
    for looked, said in enumerate(_theirs(thread, post, to.author, c)):
        latest = latest or said
        if _is_for(thread, said, c):
            better = said
            break
        if looked >= LOOKED_BACK and post.index is not None:
            whom = (None,) if c.author is None else tokens(thread, c.author)
            own, names = tokens(thread, to.author), calls(thread, to.author)
            better = post.index.addressing(names, own, (ALL, *whom), c)
            break
    if latest is None:
        return found
    return Found(found.name, found.how, latest, latest.author, better or latest)


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
    if thread.roots is None or thread.voices is None:
        return (voice.call,)
    return {voice.call, *(one.call for one in thread.voices.get(thread.who(voice), ()))}


def tokens(thread: Thread, voice: Voice) -> Iterable[str]:
    """The tokens of a person, likewise."""
    if thread.roots is None or thread.voices is None:
        return (voice.token,)
    return {voice.token, *(one.token for one in thread.voices.get(thread.who(voice), ()))}
