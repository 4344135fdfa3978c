"""Revisions of a dump's PostHistory until all of their rows are there.

The rows of one RevisionGUID are one revision, wherever they stand; those of one lie close together.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from stream.archive.stack_exchange_lines import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream.archive.stack_exchange_rows import Row

OPEN_MAX: Final = 4_096  # Revisions whose rows are waited for,
HELD_MAX: Final = 16 * 1024 * 1024  # and so many letters.


class Line(msgspec.Struct, frozen=True, gc=False):
    """What a usual line of PostHistory has, as it is written; b"" where it has no such column.

    ``text`` is as it is meant where that is something else, and then no bytes.
    """

    guid: str
    created: bytes
    at: int
    user: bytes
    name: bytes
    comment: bytes
    text: bytes | str

    def row(self, type_: int, post: int) -> Row:
        """The same as a row."""
        text = self.text if isinstance(self.text, str) else self.text.decode()
        columns = {
            "UserId": plain(self.user),
            "UserDisplayName": plain(self.name),
            "Comment": plain(self.comment),
            "Text": text,
        }
        return {
            "PostHistoryTypeId": str(type_),
            "PostId": str(post),
            "RevisionGUID": self.guid,
            "CreationDate": self.created.decode(),
        } | {name: value for name, value in columns.items() if value}


Entry: TypeAlias = "tuple[int, int, Row | Line]"
"""A row's type, how many letters its text has, and the row."""
Entries: TypeAlias = list[Entry]
"""The rows of a revision, in their order."""


class Waiting:
    """Those that are open, the oldest first."""

    def __init__(self) -> None:
        # A plain dictionary is gone through from its start for its oldest, over what was there.
        self._open: OrderedDict[tuple[str, int], Entries] = OrderedDict()
        self._held = 0

    def put(self, guid: str, post: int, entry: Entry) -> bool:
        """One more row; whether `due` has something now."""
        self._held += entry[1]
        entries = self._open.get((guid, post))
        if entries is not None:
            entries.append(entry)
            return False
        self._open[guid, post] = [entry]
        return len(self._open) > OPEN_MAX or self._held > HELD_MAX

    def due(self) -> Iterator[tuple[int, Entries]]:
        """Posts and what happened to them, for which nothing more is waited for."""
        while len(self._open) > OPEN_MAX or (self._held > HELD_MAX and len(self._open) > 1):
            (_, post), entries = self._open.popitem(last=False)
            for _, letters, _ in entries:
                self._held -= letters
            yield post, entries

    def rest(self) -> Iterator[tuple[int, Entries]]:
        """The same of all that are left: there are no more rows."""
        while self._open:
            (_, post), entries = self._open.popitem(last=False)
            yield post, entries
        self._held = 0
