"""What a fold tells, kept as a compacted topic keeps it; and in the words of the clean fold."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import orjson

from stream.codec.keys import split_key, thread_key
from stream.codec.views import restore, tell
from stream.core.fold import Partition
from stream.core.restore import derived
from stream.core.robots import robots_items
from tests.laws import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from random import Random

    from stream.core import events as e

MOST_TOGETHER = 20  # Fewer items than many threads have, and more than others.
Topics = dict[tuple[str, bytes], bytes]


def fold(batches: Iterable[Sequence[e.Event]], topics: Topics | None = None) -> Topics:
    """The latest row of each key after all batches, going on from ``topics`` where given.

    With them, as if it were a view, ``robots``: the items of each thread that robots wrote.
    """
    partition = Partition()
    kept: Topics = dict(topics or {})
    for (view, key), value in kept.items():
        restore(partition, view, key, value)
    deque(derived(partition, 1 + len(kept) % MOST_TOGETHER), maxlen=0)
    for batch in batches:
        for event in batch:
            partition.join(event)
        for view, key, told, _ in tell(partition):
            if told is None:
                kept.pop((view, key), None)
            else:
                kept[view, key] = told
    for community in partition.communities.values():
        for id_, thread in community.threads.items():
            kept["robots", thread_key(community.name, id_)] = orjson.dumps(
                sorted(robots_items(thread))
            )
    return kept


def fold_with_stops(events: Sequence[e.Event], rng: Random) -> Topics:
    """The same in small batches, after many of which another worker goes on."""
    kept: Topics = {}
    since_stop: list[Sequence[e.Event]] = []
    for batch in cut(events, rng, most=rng.choice((1, 2, 3, 8))):
        since_stop.append(batch)
        if rng.random() < 0.3:
            kept, since_stop = fold(since_stop, _mixed(kept, rng)), []
    return fold(since_stop, _mixed(kept, rng))


def _mixed(topics: Topics, rng: Random) -> Topics:
    rows = list(topics.items())
    rng.shuffle(rows)
    return dict(rows)


def cut(events: Sequence[e.Event], rng: Random, most: int = 12) -> list[Sequence[e.Event]]:
    """The same events in batches."""
    batches, at = [], 0
    while at < len(events):
        end = at + rng.randint(1, most)
        batches.append(events[at:end])
        at = end
    return batches


def shuffled(events: Sequence[e.Event], rng: Random) -> list[e.Event]:
    """In another order, a third of them twice."""
    again = [*events, *rng.choices(events, k=len(events) // 3)]
    rng.shuffle(again)
    return again


def plain(topics: Topics) -> dict[tuple[str, str, str], Any]:
    """The rows as the clean fold gives them."""
    rows: dict[tuple[str, str, str], Any] = {}
    for (view, key), value in topics.items():
        row, parts = orjson.loads(value), split_key(key)
        if view == "activity":
            counts = {k: n for k, n in row.items() if k not in ("community", "start") and n}
            rows[view, parts[0], parts[1]] = counts
        elif view == "robots":
            rows.update({(view, parts[1], ""): row} if row else {})
        elif view != "people":
            rows[view, parts[1], parts[2] if len(parts) > 2 else ""] = _plain(view, row)
    return rows


def _plain(view: str, row: dict[str, Any]) -> dict[str, Any]:
    del row["community"], row["thread"]
    if view == "threads":
        row.pop("stated", None)
    if view == "items":
        keys = ("item", "kind", "on", "author", "attributed", "when", "printed", "score")
        out = {key: row[key] for key in (*keys, "mentions")}
        edit = ("revision", "at", "by", "changes", "rollback", "note")
        out["edits"] = [{key: one[key] for key in edit} for one in row["edits"]]
        out["is_deleted"] = row["deleted"] is not None
        out["conflict"] = row.get("conflict", False)
        return out
    return row


def truth(events: Sequence[e.Event]) -> dict[tuple[str, str, str], Any]:
    """The clean fold's rows."""
    return {key: row for key, row in clean.views(list(events)).items() if row}
