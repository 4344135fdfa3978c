"""A thread to read: its items in order, how deep each stands, and their current texts.

What the views hold of an item, and its text, go from their rows to the answer as they are: only
what puts them in order is looked at.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import orjson

from stream.core.when import Time, When, moment
from stream.serve.log import EDITIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class Text(NamedTuple):
    """JSON of a text, or null; ``format``: text, html or markdown."""

    text: bytes
    format: str


class _When(msgspec.Struct, gc=False):
    at: str | None = None
    by: str | None = None
    after: str | None = None


class _Edit(msgspec.Struct, gc=False):
    at: str


class Item(msgspec.Struct, gc=False):
    """What puts an item in its place, and what is counted of it."""

    item: str
    kind: str | None = None
    on: str | None = None
    when: _When | None = None
    placed: str | None = None
    deleted: Any = None
    erased: bool = False
    edits: list[_Edit] = []


class _Made(msgspec.Struct, gc=False):
    item: str
    text: msgspec.Raw = msgspec.Raw()
    format: str = "text"


class _Changes(msgspec.Struct, gc=False):
    text: msgspec.Raw = msgspec.Raw()


class _Revision(msgspec.Struct, gc=False):
    item: str
    revision: str
    when: When
    changes: _Changes = msgspec.field(default_factory=_Changes)


class _Creation(msgspec.Struct, gc=False):
    data: _Made


class _Edition(msgspec.Struct, gc=False):
    time: Time
    data: _Revision


NULL: Final = b"null"
NONE: Final = frozenset((b"", NULL))

_item: Final = msgspec.json.Decoder(Item).decode
_creation: Final = msgspec.json.Decoder(_Creation).decode
_edition: Final = msgspec.json.Decoder(_Edition).decode


def readable(rows: Iterable[bytes], said: Iterable[tuple[int, bytes]]) -> bytes:
    """A list of ``rows`` in reading order, each with its current text, its depth and figures.

    ``said``: as `Shown.said` gives it. ``edited`` is when it was last edited, null where it never
    was; ``comments`` how many stand under it. Whose author is erased has no words any more.
    """
    items = [(_item(row), row) for row in rows]
    raws = {item.item: row for item, row in items}
    comments = Counter(item.on for item, _ in items if item.kind == "comment" and not item.deleted)
    texts = current_texts(said)
    shown = []
    for item, depth in in_order([item for item, _ in items]):
        text, form = texts.get(item.item, (NULL, "text"))
        edited = max((edit.at for edit in item.edits), default=None)
        shown.append(
            b'%b,"text":%b,"format":"%b","depth":%d,"edited":%b,"comments":%d}'
            % (
                raws[item.item][:-1],
                NULL if item.erased else text,
                form.encode(),
                depth,
                NULL if edited is None else orjson.dumps(edited),
                comments[item.item],
            )
        )
    return b"[%b]" % b",".join(shown)


def in_order(items: Iterable[Item]) -> Iterator[tuple[Item, int]]:
    """Each item with its depth: a post, its comments by time, then what else stands under it.

    What stands under an item that is not there begins a tree of its own; an item of which only
    is known what refers to it is not there yet.
    """
    known = {item.item: item for item in items if item.kind is not None}
    under: dict[str | None, list[Item]] = defaultdict(list)
    for item in known.values():
        under[item.on if item.on in known else None].append(item)
    for siblings in under.values():
        siblings.sort(key=_place, reverse=True)
    # What begins a thread comes before what stands under something that is not there.
    roots = sorted(under.pop(None, []), key=lambda item: item.on is not None, reverse=True)
    stack = [(item, 0) for item in roots]
    while stack or under:
        if not stack:  # What is left stands under itself, over some corners.
            stack = [(min((i for s in under.values() for i in s), key=_place), 0)]
        item, depth = stack.pop()
        yield item, depth
        stack += [(child, depth + 1) for child in under.pop(item.item, [])]


def _place(item: Item) -> tuple[bool, str, str]:
    when = item.when
    known = None if when is None else when.at or when.by
    if not known:
        known = item.placed or (None if when is None else when.after) or ""
    return item.kind != "comment", known, item.item


def at_of(row: Mapping[str, Any]) -> str:
    """The moment at which it stands in a timeline, as printed; "" where there is none."""
    when = row["when"] or {}
    return str(when.get("at") or when.get("by") or row.get("placed") or when.get("after") or "")


def current_texts(said: Iterable[tuple[int, bytes]]) -> dict[str, Text]:
    """Item → the text of its latest revision by (time, id), else the one it was made with.

    Of two statements of one revision that contradict each other the smaller one holds.
    """
    made: dict[str, Text] = {}
    revised: dict[str, dict[tuple[int, str], bytes]] = defaultdict(dict)
    for kind, raw in said:
        if kind in EDITIONS:
            edition = _edition(raw)
            data, text = edition.data, bytes(edition.data.changes.text)
            if text not in NONE:
                revision = (moment(data.when, edition.time).at, data.revision)
                held = revised[data.item].get(revision)
                if held is None or _words(text) < _words(held):
                    revised[data.item][revision] = text
        else:
            first = _creation(raw).data
            if bytes(first.text) not in NONE:
                one, other = Text(bytes(first.text), first.format), made.get(first.item)
                if other is None or _smaller(one, other):
                    made[first.item] = one
    for item, revisions in revised.items():
        made[item] = Text(revisions[max(revisions)], made[item].format if item in made else "text")
    return made


def _smaller(one: Text, other: Text) -> bool:
    return (_words(one.text), one.format) < (_words(other.text), other.format)


def _words(text: bytes) -> str:
    return str(orjson.loads(text))
