"""The fold: events are statements, and a partition's state is the join of all statements made.

A join commutes, associates and repeats without effect, so neither order nor repetition matters.
What the statements of a batch touched is settled once, by `settled`, before it is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stream.core import events as e
from stream.core.community import Community
from stream.core.creation import commented, posted
from stream.core.firsts import look
from stream.core.hearing import untangle
from stream.core.identity import state_community
from stream.core.replies import settle
from stream.core.statements import STATE
from stream.core.sums import enter
from stream.core.thread import UNTANGLED, Thread
from stream.errors import NoRoomError

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream.core.item import Item

JOINED: Final[dict[type, Callable[[Thread, Any], bool]]] = {
    **STATE,
    e.CommentCreated: commented,
    e.PostCreated: posted,
}
"""What joins a statement of each type, and says whether it was news.

`NoRoomError` where its row has no room for it; then nothing has changed.
"""


class Partition:
    """The threads of one partition of the log."""

    def __init__(self) -> None:
        self.communities: dict[str, Community] = {}
        self.touched: dict[Thread, None] = {}

    def join(self, event: e.Event) -> str | None:
        """One more statement; where it says nothing new, nothing is touched.

        Where a row has no room for it, it is left out: why, else None.
        """
        if event.subject:
            thread = self.thread(event.source, event.subject)
            try:
                if JOINED[type(event)](thread, event):
                    self.touched[thread] = None
            except NoRoomError as error:
                return error.problem
            return None
        for thread in state_community(self.community(event.source), event):
            self.touched[thread] = None
        return None

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
        threads = list(self.touched)
        for thread in threads:
            find_out(thread)
        return threads


def find_out(thread: Thread, *, replies: bool = True) -> None:
    """All that follows from what was joined; without ``replies``, but for whom a comment answers.

    That takes a third of the time, and no wait rests on it.
    """
    if thread.unlearned:
        thread.learn_names()
    if thread.entering:
        enter(thread)
    if thread.tangled == UNTANGLED:
        untangle(thread)
    if replies and thread.open:
        settle(thread)
    if thread.stale:
        look(thread)


def answers(item: Item) -> bool:
    """Whether an item answers anybody, by any policy."""
    if item.unsaid is not None:
        return True
    for found in item.found:  # noqa: SIM110 - a generator is dear, and most have one
        if found.to is not None:
            return True
    return False
