"""What rows are made of, as JSON: text, people, moments, waits."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import orjson

from stream.codec.times import stamp, stamp_again
from stream.core.item import EXACT, OPEN
from stream.core.when import LONG_AGO

if TYPE_CHECKING:
    from stream.core.item import Item
    from stream.core.moments import Happening
    from stream.core.people import Voice
    from stream.core.wait import Wait


def text(value: object) -> str:
    """Any plain value as JSON."""
    return orjson.dumps(value).decode()


@lru_cache(maxsize=65_536)
def quote(value: str) -> str:
    """A short string that comes again, such as a name, as JSON."""
    return orjson.dumps(value).decode()


def quote_id(id_: str) -> str:
    """An id as JSON: many are numbers that never come again, in which nothing is to be escaped."""
    return f'"{id_}"' if id_.isalnum() else quote(id_)


def person(voice: Voice | None) -> str:
    """A person; null where nobody is known."""
    if voice is None:
        return "null"
    if not voice.shown:
        voice.shown = person_of(voice.id, voice.name)
    return voice.shown


def person_of(id_: str | None, name: str | None) -> str:
    """A person of that id and name, either of which may be missing."""
    return text({k: v for k, v in (("id", id_), ("name", name)) if v})


def bounds(after: int, at: int, *, is_open: bool) -> str:
    """A moment of which only bounds are known."""
    lower = "null" if after == LONG_AGO else f'"{stamp(after)}"'
    upper = "null" if is_open else f'"{stamp(at)}"'
    return f'{{"after":{lower},"by":{upper}}}'


def when(item: Item) -> str:
    """When an item was made; null while only what refers to it has been read."""
    more = item.more
    if more is None or more.mode == EXACT:
        return f'{{"at":"{stamp(item.at)}"}}'
    if item.kind is None:
        return "null"
    return bounds(more.after, item.at, is_open=more.mode == OPEN)


def when_again(item: Item) -> str:
    """The same of one that other things are said of in a row, as the first post of a thread."""
    return when(item) if item.mode != EXACT else f'{{"at":"{stamp_again(item.at)}"}}'


def when_happened(one: Happening) -> str:
    """When something happened."""
    if one.exact:
        return f'{{"at":"{stamp(one.at)}"}}'
    return bounds(one.after, one.at, is_open=one.open)


def wait(one: Wait | None) -> str:
    """A wait; null where it has not begun."""
    if one is None:
        return "null"
    item = f',"item":{quote(one.item)}' if one.item is not None else ""
    if one.status == "observed":
        return f'{{"status":"observed","ms":{one.by}{item}}}'
    if one.status == "between":
        by = "null" if one.by is None else one.by
        return f'{{"status":"between","after_ms":{one.after},"by_ms":{by}{item}}}'
    if one.status == "waiting":
        return f'{{"status":"waiting","since":"{stamp_again(one.since)}"}}'
    return '{"status":"unknown"}'


def happening(one: Happening) -> str:
    """A deletion, closing or acceptance as it was stated; ``placed`` where only its place is."""
    rest = "" if one.who is None else f',"by":{person(one.who)}'
    if one.why is not None:
        rest += f',"why":{text(one.why)}'
    if one.open:
        rest += f',"placed":"{stamp(one.at)}"'
    return f'{{"when":{when_happened(one)}{rest}}}'
