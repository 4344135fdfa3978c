"""Who is who among those who write in a thread, found again where tokens do not say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream.core.people import roots
from stream.core.replies import review
from stream.core.thread import TANGLED, UNTANGLED

if TYPE_CHECKING:
    from stream.core.people import Voice
    from stream.core.thread import Thread


def hear(thread: Thread, voice: Voice) -> None:
    """Notice where a token does not say who somebody is."""
    if thread.tangled:
        if thread.heard is not None and voice not in thread.heard:
            thread.heard.add(voice)
            thread.joining = {voice, *(thread.joining or ())}
            thread.tangled = UNTANGLED
    elif _doubtful(thread, voice):
        thread.tangled = UNTANGLED
        thread.heard = writers(thread)
        thread.joining = {voice} if thread.people[voice.token] == 1 else None


def _doubtful(thread: Thread, voice: Voice) -> bool:
    community, call = thread.community, voice.call
    if call in (community.names if thread.names is None else thread.names):
        return True
    if voice.id is not None:
        return f"@{call}" in thread.people or voice.token in community.renamed
    bearers = community.bearers.get(call)
    if isinstance(bearers, str):
        return bearers in thread.people
    return bearers is not None and not bearers.isdisjoint(thread.people)


def untangle(thread: Thread) -> None:
    """Find again who is who, and where that differs, look at everything again."""
    joining = (thread.joining or set()) - _returning(thread)
    known = None if thread.heard is None else thread.heard - joining
    heard = thread.heard = writers(thread) if thread.heard is None else thread.heard
    found = roots(heard, thread.aliases)
    thread.stale |= any(found[voice.token] != voice.token for voice in joining & heard)
    thread.joining = None
    voices: dict[str, set[Voice]] = {}
    for voice in heard:
        voices.setdefault(found[voice.token], set()).add(voice)
    thread.voices = voices
    plain = all(len({voice.call for voice in own}) == 1 for own in voices.values())
    trivial = plain and all(token == root for token, root in found.items())
    held, thread.roots = thread.roots or {}, None if trivial else found
    thread.tangled = TANGLED
    if known is not None and all(found[v.token] == held.get(v.token, v.token) for v in known):
        return
    thread.stale = True
    for on in thread.posts:
        review(thread, on)


def _returning(thread: Thread) -> set[Voice | None]:
    """Whose comments this batch has taken out and put in again: they only seem to be new."""
    items = thread.items
    return {items[id_].author for post in thread.open for id_ in post.moved or ()}


def writers(thread: Thread) -> set[Voice]:
    """Who has written in a thread."""
    return {
        item.author for item in thread.items.values() if item.author and item.kind and item.entered
    }
