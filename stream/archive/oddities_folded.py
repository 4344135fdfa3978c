"""What is odd about a thread, and shows only once all of it is folded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream.archive.numbered_ids import InTurn, Numbered, number_of
from stream.core.item import EXACT, HORIZON
from stream.core.waits import waits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream.archive.oddities import Odd
    from stream.core.item import Item
    from stream.core.thread import Thread


def of_thread(thread: Thread) -> Iterator[Odd]:
    """What shows only once all of a thread is known."""
    where = f"{thread.community.name}/{thread.id}"
    for code, example in _of_thread(thread):
        yield code, f"{example} ({where})"


def _of_thread(thread: Thread) -> Iterator[Odd]:
    items = sorted(item for item in thread.items.values() if item.kind is not None)
    for item in items:
        yield from _of_item(thread, item)
    yield from _against_time(items)
    for metric, wait in waits(thread).items():
        if wait is not None and wait.status == "observed" and wait.after < 0:
            yield "negative-wait", f"{metric} took {wait.after:,} ms"
    if items and thread.root is None:
        yield "no-first-post", f"of {len(items):,} items none begins it"


def _of_item(thread: Thread, item: Item) -> Iterator[Odd]:
    root = thread.root
    if item.author is None and not item.erased:
        yield "nobody-named", f"{item.id} is by nobody who is named"
    if item.on is not None and _missing(thread, item.on):
        yield "orphan", f"{item.id} stands under {item.on}, which is not there"
    if root is not None and HORIZON > item.by < root.after:
        yield "before-its-thread", f"{item.id} is {root.after - item.by:,} ms before {root.id}"
    if item.contested:
        yield "contradiction", f"two statements about {item.id} differ"
    for found in item.found:
        if found.how == "unresolved":
            yield "unresolved-mention", f"@{found.name} in {item.id} is nobody's name"


def _missing(thread: Thread, id_: str) -> bool:
    item = thread.items.get(id_)
    return item is None or item.kind is None


def _against_time(items: list[Item]) -> Iterator[Odd]:
    """Items with smaller numbers than the one before, posts apart from comments."""
    ids: dict[str, InTurn] = {}
    for item in items:
        number = number_of(item.id)
        if number is None or item.mode != EXACT:
            continue
        this = Numbered(number[1], item.at, item.id)
        before = ids.setdefault(number[0], InTurn()).see(this)
        if before is not None:
            yield "id-order", f"{this.id} is later than {before}"
