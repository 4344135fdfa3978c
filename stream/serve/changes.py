"""What records of the views change: rows to put, and places to empty, by view."""

from __future__ import annotations

import logging
from collections import defaultdict
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import unquote

import msgspec

from stream.codec.times import read_time
from stream.serve import rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream.serve.numbers import Numbers

Row: TypeAlias = tuple[object, ...]

QUARTERS_MAX: Final = 100_000  # Keys remembered, some 20 MB.
DAYS_MAX: Final = 10_000  # And their days, some 2 MB.

log = logging.getLogger(__name__)


class Changes:
    """First what is dropped, then what is put: a key is in one of them only."""

    def __init__(self) -> None:
        self.drops: dict[str, list[Row]] = defaultdict(list)
        self.puts: dict[str, list[Row]] = defaultdict(list)


class ViewReader:
    """Reads records of the views; those that nobody can read are passed over."""

    def __init__(self, threads: Numbers, communities: Numbers) -> None:
        self._threads = threads
        self._communities = communities
        self._head = b""  # The key of the thread below, whose items mostly come together.
        self._thread = self._community = 0
        self._quarters: dict[bytes, tuple[int, int]] = {}
        self._rows = {
            "items": self._item,
            "threads": self._summary,
            "replies": self._reply,
            "activity": self._counts,
            "people": self._person,
        }

    def read(
        self, view: str, part: int, records: Iterable[tuple[bytes, bytes | None]], into: Changes
    ) -> None:
        """Add what ``records``, the latest of each key, change."""
        row, puts, drops = self._rows[view], into.puts[view], into.drops[view]
        for key, value in records:
            try:
                if value is None:
                    drops.append(self._place(view, part, key))
                else:
                    puts.append(row(part, key, value))
            except (ValueError, KeyError, msgspec.MsgspecError) as error:
                log.warning("a record of %s[%s] passed over: %r: %s", view, part, key, error)

    def number(self, view: str, part: int, keys: Iterable[bytes]) -> None:
        """Let all that they name have its number."""
        for key in keys:
            with suppress(ValueError):
                if view == "threads":  # With its community's.
                    self._turn_to(key)
                else:
                    self._place(view, part, key)

    def _place(self, view: str, part: int, key: bytes) -> Row:
        """The columns that find a row."""
        if view == "threads":
            return (self._threads.of(key.decode()),)
        head, _, name = key.rpartition(b"/")
        if view in {"items", "replies"}:
            self._turn_to(head)
            return self._thread, _text(name)
        if view == "activity":
            return *self._quarter(key), part
        return self._communities.of(_text(head)), name.decode(), part

    def _summary(self, part: int, key: bytes, value: bytes) -> Row:
        """With the columns of ``waits`` behind its own."""
        self._turn_to(key)
        state, first_at, waits = rows.thread(value)
        text = key.decode()
        return self._thread, part, self._community, state, first_at, text, value, *waits

    def _item(self, _: int, key: bytes, value: bytes) -> Row:
        head, _slash, name = key.rpartition(b"/")
        if head != self._head:
            self._turn_to(head)
        return self._thread, _text(name), self._community, *rows.item(value), value

    def _reply(self, _: int, key: bytes, value: bytes) -> Row:
        head, _slash, name = key.rpartition(b"/")
        if head != self._head:
            self._turn_to(head)
        return self._thread, _text(name), value

    def _counts(self, part: int, key: bytes, value: bytes) -> Row:
        return *self._quarter(key), part, *rows.activity(value)

    def _person(self, part: int, key: bytes, value: bytes) -> Row:
        return *self._place("people", part, key), value

    def _turn_to(self, thread: bytes) -> None:
        number = self._threads.of(thread.decode())
        self._community = self._communities.of(_text(thread.partition(b"/")[0]))
        self._thread, self._head = number, thread

    def _quarter(self, key: bytes) -> tuple[int, int]:
        """Community and beginning; its rows come again and again, and from every partition."""
        quarter = self._quarters.get(key)
        if quarter is None:
            if len(self._quarters) >= QUARTERS_MAX:
                self._quarters.clear()
            community, _, start = key.rpartition(b"/")
            quarter = self._communities.of(_text(community)), _moment(start)
            self._quarters[key] = quarter
        return quarter


def _moment(start: bytes) -> int:
    """Of a quarter hour; those of one day begin alike, and most are of some days."""
    return _midnight(start[:10]) + _of_day(start[10:])


@lru_cache(maxsize=DAYS_MAX)
def _midnight(day: bytes) -> int:
    return read_time(day.decode())


@lru_cache(maxsize=DAYS_MAX)
def _of_day(time: bytes) -> int:
    """What comes behind the date, up to the zone."""
    return read_time(f"1970-01-01{time.decode()}")


def _text(part: bytes) -> str:
    """A part of a key."""
    text = part.decode()
    return unquote(text) if "%" in text else text  # In bytes it is looked for by way of an error.
