"""Lists of items that are in order of time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from stream.core.item import Item

K = TypeVar("K")


def insert(items: list[Item], item: Item) -> None:
    """Put an item in its place."""
    if not items or items[-1].at < item.at:
        items.append(item)
    else:
        insort(items, item)


def put(lists: dict[K, list[Item]], key: K, item: Item) -> None:
    """Put an item in its place in the list of that key."""
    items = lists.get(key)
    if items is None:
        lists[key] = [item]
    else:
        insert(items, item)


def take(lists: dict[K, list[Item]], key: K, item: Item) -> None:
    """Take it out of there, and the key with the last."""
    items = lists[key]
    del items[bisect_left(items, item)]
    if not items:
        del lists[key]


def between(items: list[Item], since: Item, until: Item | None) -> list[Item]:
    """Those from ``since`` to ``until``, or to the end; both are in it."""
    first = bisect_left(items, since)
    return items[first : len(items) if until is None else bisect_right(items, until)]


def previous(items: list[Item], before: Item) -> Item | None:
    """The last of ``items`` that is earlier than ``before``."""
    last = items[-1]
    if last.at < before.at:
        return last
    index = bisect_left(items, before)
    return items[index - 1] if index else None


def later(one: Item | None, other: Item | None) -> Item | None:
    """The later of two; of one and none the one."""
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)
