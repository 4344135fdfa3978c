"""Statements on people: who is called what, and whom nobody may see any more.

Either holds in a thread, or in a whole community.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from stream.core import events as e
from stream.core.people import masked, tokens_of, unite
from stream.core.replies import review
from stream.core.room import of_names, with_more
from stream.core.sums import unname
from stream.core.thread import UNTANGLED

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from stream.core.community import Community
    from stream.core.edits import Edit
    from stream.core.item import Item, More
    from stream.core.moments import Happenings
    from stream.core.people import Voice
    from stream.core.thread import Stated, Thread

T = TypeVar("T")


def seen(thread: Thread, person: e.Person | None) -> Voice | None:
    """Who it is; None where nobody may see."""
    voice = thread.community.voice(person)
    return None if voice is None or masked(voice, thread.hidden) else voice


def aliased(thread: Thread, event: e.PersonAliased) -> bool:
    """Join an alias of one thread."""
    data, stated = event.data, thread.statements
    said = (tuple(sorted(set(data.names))), data.by, data.evidence or "")
    if said in stated.aliases:
        return False
    stated.taken = with_more(stated, "aliases", of_names((*said[0], *said[1:])))
    stated.aliases = added(stated.aliases, said)
    rename(thread)
    return True


def rename(thread: Thread) -> None:
    """Who is called what has changed: everything said is looked at again."""
    if thread.unlearned:
        return  # It will be: these names are put together when the batch is settled.
    thread.unlearned = True
    thread.tangled, thread.heard = UNTANGLED, None
    for on in thread.posts:
        review(thread, on)


def erased(thread: Thread, event: e.PersonErased) -> bool:
    """Join an erasure of one thread."""
    person, stated = event.data.person, thread.statements
    said = (person.id or "", person.name or "")
    if said in stated.erased:
        return False
    stated.taken = with_more(stated, "erasures", of_names(said))
    stated.erased = added(stated.erased, said)
    thread.hidden |= tokens_of((said,))
    forget(thread, _gone({item.author for item in thread.items.values()}, thread.hidden))
    return True


def added(held: AbstractSet[T], one: T) -> AbstractSet[T]:
    """What is held, with one more; a set of its own where it was the nothing of all."""
    own = held if isinstance(held, set) else set(held)
    own.add(one)
    return own


def forget(thread: Thread, gone: AbstractSet[Voice]) -> bool:
    """Take out of everything said who nobody may see any more; whether that changed anything.

    ``gone``: all of those who wrote anything here, and perhaps others.
    """
    stated, touched = thread.stated, thread.touched
    unnamed: list[Item] = []
    changed = stated is not None and _veil_happened(stated, thread.hidden)
    for item in thread.items.values():
        if item.author in gone:
            unnamed.append(item)
        if item.more is not None and _veil(thread, item.more):
            touched[item.id], changed = item, True
    if unnamed:
        unname(thread, unnamed)
        thread.mix_up()
    return changed or bool(unnamed)


def _gone(voices: Iterable[Voice | None], hidden: frozenset[str]) -> set[Voice]:
    return {voice for voice in voices if voice is not None and masked(voice, hidden)}


def _veil_happened(stated: Stated, hidden: frozenset[str]) -> bool:
    """Whether anybody had to be taken out of what happened to a thread."""
    happened = stated.happened
    veiled = {verb: _all_veiled(done, hidden) for verb, done in happened.items()}
    if veiled == happened:
        return False
    stated.happened, stated.taken = veiled, None
    return True


def _veil(thread: Thread, more: More) -> bool:
    """The same of what happened to an item."""
    hidden, before = thread.hidden, (more.edits, more.deletions, more.restorations)
    edits, deletions, restorations = after = (
        {key: _veiled(edit, hidden) for key, edit in more.edits.items()},
        _all_veiled(more.deletions, hidden),
        _all_veiled(more.restorations, hidden),
    )
    changed = after != before
    if changed:
        more.edits, more.deletions, more.restorations = edits, deletions, restorations
        more.taken = None
    if more.attributed is not None:
        voice = thread.community.voice(e.Person(*more.attributed[:2]))
        if voice is not None and masked(voice, hidden):
            more.attributed, changed = None, True
    return changed


def _veiled(edit: Edit, hidden: frozenset[str]) -> Edit:
    return edit._replace(by=None) if edit.by is not None and masked(edit.by, hidden) else edit


def _all_veiled(happened: Happenings, hidden: frozenset[str]) -> Happenings:
    return tuple(
        [
            one._replace(who=None) if one.who is not None and masked(one.who, hidden) else one
            for one in happened
        ]
    )


def state_community(community: Community, event: e.Event) -> Iterable[Thread]:
    """Join what concerns a whole community; the threads that it touches."""
    if not isinstance(event, e.OF_PEOPLE) or event in community.stated:
        return []
    community.stated[event] = None
    community.said[event] = None
    if isinstance(event, e.PersonFlagged):
        return _flag(community, event.data)
    if isinstance(event, e.PersonAliased):
        return _rename_all(community, event.data.names)
    return _forget_all(community, event.data.person)


def _flag(community: Community, data: e.FlagData) -> list[Thread]:
    """Join who is a robot, or is none. No view leaves robots out, so no thread is touched."""
    tokens = tokens_of([(data.person.id or "", data.person.name or "")])
    if data.robot:
        community.robots |= tokens
    else:
        community.humans |= tokens
    return []


def _rename_all(community: Community, names: tuple[str, ...]) -> list[Thread]:
    together = unite(community.names, names)
    tokens = community.tokens(together)
    threads = []
    for thread in community.threads.values():
        stated = thread.stated
        if (
            (stated is not None and stated.aliases)  # Which may lead on to others.
            or not tokens.isdisjoint(thread.people)
            or (thread.tangled and _was_heard(thread, tokens))
        ):
            rename(thread)
            threads.append(thread)
    return threads


def _was_heard(thread: Thread, tokens: set[str]) -> bool:
    """Whether one of them is known here, all of whose items this batch may have taken out."""
    return any(voice.token in tokens for voice in thread.heard or ())


def _forget_all(community: Community, person: e.Person) -> list[Thread]:
    community.erasures.add((person.id or "", person.name or ""))
    community.erased = tokens_of(community.erasures)
    gone = _gone((*community.accounts.values(), *community.others.values()), community.erased)
    threads = []
    for thread in community.threads.values():
        thread.learn_erased()
        if forget(thread, gone):
            threads.append(thread)
    return threads
