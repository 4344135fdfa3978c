"""What follows from the rows of a state that were put back, found out a little at a time.

Whoever goes through it has more to do: a partition of a million items takes many seconds.
"""

from __future__ import annotations

from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Final, TypeVar

from stream.core.firsts import look
from stream.core.fold import answers, find_out
from stream.core.hearing import untangle
from stream.core.replies import settle
from stream.core.sums import enter
from stream.core.thread import UNTANGLED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stream.core.fold import Partition
    from stream.core.item import Item
    from stream.core.thread import Thread

TOGETHER: Final = 500  # Items; some milliseconds.
SORTED: Final = 10  # So many times as many are sorted in that time.
T = TypeVar("T")
_place = attrgetter("at", "id")


def derived(partition: Partition, together: int = TOGETHER) -> Iterator[None]:
    """After all that was kept has been put back: derive the rest, and touch nothing.

    It stops after about so many items, which may be amid a thread; nothing is to be joined or
    told before its end.
    """
    done = 0
    for community in partition.communities.values():
        for thread in community.threads.values():
            thread.learn_names()
            thread.learn_erased()
            if len(thread.items) > together:
                yield from _in_parts(thread, together)
                continue
            thread.entering = list(thread.items.values())
            find_out(thread)
            thread.touched.clear()
            for item in thread.items.values():
                item.answering = answers(item)
            done += 1 + len(thread.items)
            if done >= together:
                done = 0
                yield
    partition.touched.clear()
    for community in partition.communities.values():
        community.told.clear()
        community.said.clear()


def _in_parts(thread: Thread, together: int) -> Iterator[None]:
    """The same of one thread that has many items: what looks at all of them does so once.

    They enter in their order, so that none is late; compaction has left their rows in another.
    """
    runs: list[list[Item]] = []
    for some in _some(thread.items.values(), SORTED * together):
        runs.append(sorted(some, key=_place))
        yield
    for some in _some(merge(*runs, key=_place), together):
        thread.entering = some
        enter(thread)
        yield
    if thread.tangled == UNTANGLED:
        untangle(thread)
        yield
    yield from _settled(thread, together)
    if thread.stale:
        look(thread)
    thread.touched.clear()
    for some in _some(thread.items.values(), SORTED * together):
        for item in some:
            item.answering = answers(item)
        yield


def _settled(thread: Thread, together: int) -> Iterator[None]:
    """What all comments mean; each rests on earlier ones, which all are in their places."""
    opened, thread.open = thread.open, []
    done = 0
    for post in opened:
        fresh, post.fresh = post.fresh or (), None
        for some in _some(fresh, together):
            post.fresh = some
            thread.open.append(post)
            settle(thread)
            done += len(some)
            if done >= together:
                done = 0
                yield


def _some(them: Iterable[T], most: int) -> Iterator[list[T]]:
    left = iter(them)
    while some := list(islice(left, most)):
        yield some
