"""What is stated when an item is created: joined with what else is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream.core import events as e
from stream.core.item import BOUNDED, EXACT, OPEN, Item
from stream.core.people import masked
from stream.core.statements import joined_voice
from stream.core.sums import leave
from stream.core.thread import silence
from stream.core.when import Moment, moment, ms

if TYPE_CHECKING:
    from stream.core.thread import Thread


def commented(thread: Thread, event: e.CommentCreated) -> bool:
    """A comment. Most events are one, of which nothing was known before: in one piece, therefore.

    It is not what `posted` calls, either: whose attributes Python has looked up once it finds
    sooner where they are of one class.
    """
    data, items = event.data, thread.items
    id_, on, at = data.item, data.on, data.when.at
    if id_ in items:
        return _agrees(thread, items[id_], event)
    if on is not None and on in items:
        on = items[on].id  # Equal strings are kept once.
    voice = thread.community.voice(data.author)
    item = items[id_] = Item(id_, "comment", on, voice, 0 if at is None else ms(at))
    names = data.mentions
    if names:
        item.said = thread.community.calling(names)
    if at is None:
        _bound(item, moment(data.when, event.time))
    if thread.hidden:
        hide(thread, item)
    thread.entering.append(item)
    thread.touched[id_] = item
    return True


def posted(thread: Thread, event: e.PostCreated) -> bool:
    """A question, an answer, or a post of a forum."""
    data, items, at = event.data, thread.items, event.data.when.at
    if data.item in items:
        return _agrees(thread, items[data.item], event)
    on = data.on
    if on is not None and on in items:
        on = items[on].id
    voice = thread.community.voice(data.author)
    item = items[data.item] = Item(data.item, data.kind, on, voice, 0 if at is None else ms(at))
    item.said = thread.community.calling(data.mentions)
    if at is None:
        _bound(item, moment(data.when, event.time))
    _describe(thread, item, data)
    hide(thread, item)
    thread.entering.append(item)
    thread.touched[item.id] = item
    return True


def _agrees(thread: Thread, item: Item, event: e.PostCreated | e.CommentCreated) -> bool:
    """Join one more statement of an item's creation; whether it says anything new."""
    data = event.data
    place = moment(data.when, event.time)
    if _says_no_more(thread, item, data, place):
        return False
    leave(thread, item)
    before = item.at
    _agree(thread, item, data, place)
    thread.stale |= item.at != before
    thread.touched[item.id] = item
    return True


def _bound(item: Item, place: Moment) -> None:
    """The same of a moment that is not known."""
    more = item.further
    more.after, item.at = place[:2]
    more.mode = OPEN if place.open else BOUNDED
    more.contested = not place.open and more.after > item.at


def _describe(thread: Thread, item: Item, data: e.PostData) -> None:
    """Join what only posts have: title, tags, and what the archive cannot tell of the thread."""
    if data.title is not None or data.tags or data.printed is not None:
        more = item.further
        more.title = item.agreed(more.title, data.title)
        more.tags = item.agreed(more.tags, data.tags or None)
        more.printed = item.agreed(more.printed, data.printed)
    if data.on is None and data.kind != "answer":
        silent = silence(data.silent_on or ())
        stated = thread.statements
        if stated.silent is None:
            stated.silent = silent
        elif stated.silent is not silent:
            stated.silent &= silent


def hide(thread: Thread, item: Item) -> None:
    """Forget who wrote it, where that person is erased; and mark that the words go too."""
    if item.author is not None and masked(item.author, thread.hidden):
        item.author = None
        item.further.erased = True


def _says_no_more(
    thread: Thread, item: Item, data: e.PostData | e.CommentData, place: Moment
) -> bool:
    """Whether a plain repetition; what is not recognised as one is joined, to the same effect."""
    mode_says = (item.mode == EXACT) == place.exact and (item.mode == OPEN) == place.open
    author = data.author
    held = item.author
    if (
        item.on != data.on
        or item.names != data.mentions
        or (item.after, item.at) != place[:2]
        or not mode_says
        or item.erased
        or (held is None) != (author is None)
    ):
        return False
    if held is not None and author is not None and (held.id, held.name) != (author.id, author.name):
        return False
    if isinstance(data, e.CommentData):
        return item.kind == "comment"
    more = item.more
    told = (None, None, None) if more is None else (more.title, more.tags, more.printed)
    stated = thread.stated
    silent = None if stated is None else stated.silent
    return (
        item.kind == data.kind
        and told == (data.title, data.tags or None, data.printed)
        and (data.on is not None or (silent is not None and silent <= {*(data.silent_on or ())}))
    )


def _agree(thread: Thread, item: Item, data: e.PostData | e.CommentData, place: Moment) -> None:
    kind = data.kind if isinstance(data, e.PostData) else "comment"
    item.kind = item.agreed(item.kind, kind)
    item.on = item.agreed(item.on, data.on)
    author = joined_voice(thread, item, item.author, thread.community.voice(data.author))
    if author is not item.author:
        item.author = author
        thread.mix_up()
    if item.names != data.mentions:
        item.further.names = item.agreed(item.names, data.mentions)
    item.place(place)
    if isinstance(data, e.PostData):
        _describe(thread, item, data)
    hide(thread, item)
    item.call()
