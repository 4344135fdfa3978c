"""What a batch touched, as rows of the views: topic by topic, key and bytes.

Rows are written from templates, as most of a worker's time goes here; a test holds them against
the schemas and against plain dictionaries.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from stream.codec.events import encode
from stream.codec.keys import quoted, thread_key
from stream.codec.parts import quote, when
from stream.codec.restore import restore
from stream.codec.rows import item_row, reply_row
from stream.codec.summary import thread_row
from stream.codec.times import stamp, stamp_quarter
from stream.core.community import QUARTER_MS, counts
from stream.core.fold import answers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream.core.community import Community
    from stream.core.fold import Partition
    from stream.core.thread import Thread

VIEWS: Final = ("items", "threads", "replies", "activity", "people")

Row = tuple[str, bytes, bytes | None, int]
"""View, key, value (None: the row is no more), and its record's time."""

Told = dict[str, list[tuple[bytes, bytes | None, int]]]
"""View → its rows."""


def tell(partition: Partition) -> Iterator[Row]:
    """The rows that changed since the last call, each once, as they are now."""
    for view, rows in told(partition).items():
        for key, value, at in rows:
            yield view, key, value, at


def told(partition: Partition) -> Told:
    """The same by view, which is how a worker sends them."""
    rows: Told = {view: [] for view in VIEWS}
    for thread in partition.settled():
        _tell_thread(thread, rows)
    partition.touched.clear()
    for community in partition.communities.values():
        if community.told:
            rows["activity"] += _tell_activity(community)
        if community.said:
            rows["people"] += _tell_people(community)
    return rows


def _tell_thread(thread: Thread, rows: Told) -> None:
    if not thread.key:
        community = thread.community
        thread.key = thread_key(community.name, thread.id)
        head = f'{{"community":{quote(community.name)},"thread":{quote(thread.id)}'
        thread.head = head
    prefix = thread.key.decode() + "/"
    items, replies = rows["items"], rows["replies"]
    for id_, item in thread.touched.items():
        if id_.isalnum() or id_.replace(".", "").isalnum():  # Nothing in it is to be escaped.
            key, name = (prefix + id_).encode(), f'"{id_}"'
        else:
            key, name = (prefix + quoted(id_)).encode(), quote(id_)
        at, found = item.at, item.found
        if item.more is None:
            made = f'{{"at":"{stamp(at)}"}}'
        else:
            at, made = 0 if item.kind is None else at, when(item)
        if item.unsaid is not None or (found and (found[0].to is not None or answers(item))):
            item.answering = True
            replies.append((key, reply_row(thread, item, name, made), at))
        elif item.answering:
            item.answering = False
            replies.append((key, None, at))
        items.append((key, item_row(thread, item, name, made), at))
    thread.touched.clear()
    rows["threads"].append((thread.key, thread_row(thread), max(0, thread.last_at)))


def _tell_activity(community: Community) -> Iterator[tuple[bytes, bytes | None, int]]:
    head = f'{{"community":{quote(community.name)},"start":"'
    prefix = quoted(community.name) + "/"
    quarters = community.quarters
    for quarter in community.told:
        happened = quarters[quarter]
        start = stamp_quarter(quarter)
        key = (prefix + start).encode()
        if happened:
            yield key, f'{head}{start}",{_counts(happened)}}}'.encode(), quarter * QUARTER_MS
        else:
            del quarters[quarter]
            yield key, None, quarter * QUARTER_MS
    community.told.clear()


@lru_cache(maxsize=4096)
def _counts(happened: int) -> str:
    """A quarter's counts; most have those of many others."""
    return ",".join([f'"{name}":{n}' for name, n in counts(happened).items()])


def _tell_people(community: Community) -> Iterator[tuple[bytes, bytes | None, int]]:
    prefix = quoted(community.name) + "/"
    for event in community.said:
        said = encode(event)
        yield (prefix + said.id).encode(), said.value, said.at
    community.said.clear()


__all__ = ["VIEWS", "Row", "restore", "tell", "told"]
