"""A thread to read: its items in order, how deep each stands, and their current texts."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from stream.core.events import CommentCreated, CommentEdited, Event, PostCreated, PostEdited
from stream.core.when import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Item = dict[str, Any]


class Text(NamedTuple):
    """``format``: text, html or markdown."""

    text: str | None
    format: str


def readable(items: Iterable[Item], events: Iterable[Event]) -> list[Item]:
    """``items`` in reading order, each with its current text and its depth."""
    texts = current_texts(events)
    unknown = Text(None, "text")
    return [
        {**item, **_shown(item, texts.get(item["item"], unknown)), "depth": depth}
        for item, depth in in_order(items)
    ]


def _shown(item: Item, text: Text) -> dict[str, str | None]:
    """The words of somebody who is erased are gone with the name."""
    return {"text": None if item.get("erased") else text.text, "format": text.format}


def in_order(items: Iterable[Item]) -> Iterator[tuple[Item, int]]:
    """Each item with its depth: a post, its comments by time, then what else stands under it.

    What stands under an item that is not there begins a tree of its own; an item of which only
    is known what refers to it is not there yet.
    """
    known = {item["item"]: item for item in items if item["kind"] is not None}
    under: dict[str | None, list[Item]] = defaultdict(list)
    for item in known.values():
        under[item["on"] if item["on"] in known else None].append(item)
    for siblings in under.values():
        siblings.sort(key=_place, reverse=True)
    # What begins a thread comes before what stands under something that is not there.
    roots = sorted(under.pop(None, []), key=lambda item: item["on"] is not None, reverse=True)
    stack = [(item, 0) for item in roots]
    while stack or under:
        if not stack:  # What is left stands under itself, over some corners.
            stack = [(min((i for s in under.values() for i in s), key=_place), 0)]
        item, depth = stack.pop()
        yield item, depth
        stack += [(child, depth + 1) for child in under.pop(item["item"], [])]


def _place(item: Item) -> tuple[bool, str, str]:
    return item["kind"] != "comment", at_of(item), item["item"]


def at_of(row: Mapping[str, Any]) -> str:
    """The moment at which it stands in a timeline, as printed; "" where there is none."""
    when = row["when"] or {}
    return str(when.get("at") or when.get("by") or row.get("placed") or when.get("after") or "")


def current_texts(events: Iterable[Event]) -> dict[str, Text]:
    """Item → the text of its latest revision by (time, id), else the one it was made with.

    Of two statements of one revision that contradict each other the smaller one holds.
    """
    made: dict[str, Text] = {}
    revised: dict[str, dict[tuple[int, str], str]] = defaultdict(dict)
    for event in events:
        match event:
            case PostCreated(data=data) | CommentCreated(data=data) if data.text is not None:
                text = Text(data.text, data.format)
                made[data.item] = min(made.get(data.item, text), text)
            case PostEdited(data=data) | CommentEdited(data=data):
                if data.changes.text is not None:
                    revision = (moment(data.when, event.time).at, data.revision)
                    held = revised[data.item].get(revision, data.changes.text)
                    revised[data.item][revision] = min(held, data.changes.text)
            case _:
                pass
    for item, revisions in revised.items():
        made[item] = Text(revisions[max(revisions)], made[item].format if item in made else "text")
    return made
