"""The fold: events are statements, and a partition's state is the join of all statements made.

A join commutes, associates and repeats without effect, so neither order nor repetition matters.
What the statements of a batch touched is settled once, by `settled`, before it is told.
"""

from __future__ import annotations

from sys import intern

from stream.core import events as e
from stream.core import statements as s
from stream.core.community import Community
from stream.core.identity import state_community
from stream.core.item import EXACT, OPEN, Item
from stream.core.people import masked
from stream.core.replies import settle
from stream.core.sums import enter, leave, look, untangle
from stream.core.thread import UNTANGLED, Thread
from stream.core.when import Moment, moment


class Partition:
    """The threads of one partition of the log."""

    def __init__(self) -> None:
        self.communities: dict[str, Community] = {}
        self.touched: dict[int, Thread] = {}

    def join(self, event: e.Event) -> None:
        """One more statement; where it says nothing new, nothing is touched."""
        if isinstance(event, e.CREATIONS):
            self._create(event)
        elif event.subject:
            thread = self.thread(event.source, event.subject)
            if s.STATE[type(event)](thread, event):
                self.touched[id(thread)] = thread
        else:
            for thread in state_community(self.community(event.source), event):
                self.touched[id(thread)] = thread

    def community(self, name: str) -> Community:
        """The community of that name."""
        community = self.communities.get(name)
        if community is None:
            community = self.communities[name] = Community(name)
        return community

    def thread(self, community: str, id_: str) -> Thread:
        """The thread of that id in a community."""
        held = self.communities.get(community) or self.community(community)
        thread = held.threads.get(id_)
        if thread is None:
            thread = held.threads[id_] = Thread(held, id_)
        return thread

    def settled(self) -> list[Thread]:
        """The touched threads, with all that follows from what was joined."""
        threads = list(self.touched.values())
        for thread in threads:
            if thread.tangled == UNTANGLED:
                untangle(thread)
            if thread.open:
                settle(thread)
            if thread.stale:
                look(thread)
        return threads

    def restored(self) -> None:
        """After all that was kept has been put back: derive the rest, and touch nothing."""
        for community in self.communities.values():
            for thread in community.threads.values():
                thread.learn_names()
                thread.learn_erased()
                for item in sorted(thread.items.values()):
                    enter(thread, item)
                self.touched[id(thread)] = thread
        for thread in self.settled():
            thread.touched.clear()
            for item in thread.items.values():
                item.answering = answers(item)
        self.touched.clear()
        for community in self.communities.values():
            community.told.clear()
            community.said.clear()

    def _create(self, event: e.PostCreated | e.CommentCreated) -> None:
        thread = self.thread(event.source, event.subject)
        data = event.data
        item = thread.items.get(data.item)
        place = moment(data.when, event.time)
        if item is None:
            item = _new(thread, data, place)
            enter(thread, item)
        elif _says_no_more(thread, item, data, place):
            return
        else:
            leave(thread, item)
            before = item.at
            _agree(thread, item, data, place)
            thread.stale |= item.at != before
            enter(thread, item)
        thread.touched[item.id] = item
        self.touched[id(thread)] = thread


def _new(thread: Thread, data: e.PostData | e.CommentData, place: Moment) -> Item:
    """An item of which nothing was known before."""
    items = thread.items
    item = items[data.item] = Item(data.item)
    if data.on is not None:
        under = items.get(data.on)
        item.on = data.on if under is None else under.id  # Equal strings are kept once.
    if data.mentions:
        item.names = item.said = tuple([intern(name) for name in data.mentions])
    else:
        item.names = ()
    item.author = thread.community.voice(data.author)
    item.stand(place)
    if isinstance(data, e.PostData):
        item.kind = data.kind
        describe(thread, item, data)
    else:
        item.kind = "comment"
    if thread.hidden:
        hide(thread, item)
    return item


def answers(item: Item) -> bool:
    """Whether an item answers anybody, by any policy."""
    if item.unsaid is not None:
        return True
    return bool(item.found) and any(found.to is not None for found in item.found)


def describe(thread: Thread, item: Item, data: e.PostData) -> None:
    """Join what only posts have: title, tags, and what the archive cannot tell of the thread."""
    if data.title is not None or data.tags or data.printed is not None:
        more = item.further
        more.title = item.agreed(more.title, data.title)
        more.tags = item.agreed(more.tags, data.tags or None)
        more.printed = item.agreed(more.printed, data.printed)
    if data.on is None and data.kind != "answer":
        silent = frozenset(data.silent_on or ())
        stated = thread.statements
        stated.silent = silent if stated.silent is None else stated.silent & silent


def hide(thread: Thread, item: Item) -> None:
    """Forget who wrote it, where that person is erased; and mark that the words go too."""
    if item.author is not None and masked(item.author, thread.hidden):
        item.author = None
        item.erased = True


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
    author = s.joined_voice(thread, item, item.author, thread.community.voice(data.author))
    if author is not item.author:
        item.author = author
        thread.mix_up()
    item.names = item.agreed(item.names, data.mentions)
    item.place(place)
    if isinstance(data, e.PostData):
        describe(thread, item, data)
    hide(thread, item)
    item.call()
