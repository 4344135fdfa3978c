"""The items on the pages of the Stack Exchange API, and which question each belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from stream.archive.json_rows import Row, Unfit, decoded, rows
from stream.archive.stack_exchange_api_rows import Answer, Item

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from stream.archive.base import Options, Report
    from stream.archive.opening import File

_answers: Final = msgspec.json.Decoder(Answer)
_items: Final = msgspec.json.Decoder(Item)


class Found(NamedTuple):
    """An item, and the one that it was inside of."""

    row: Row
    item: Item
    inside: Item | None


class Pages:
    """The items of the pages, those inside others too."""

    def __init__(self, options: Options, report: Report) -> None:
        self._options = options
        self._report = report
        self._more = 0
        self._ends = False

    def items(self, file: File) -> Iterator[Found]:
        """Each as it stands in the file, what is inside of it after it."""
        for row in rows([file], self._options, self._report):
            try:
                page = decoded(row, _answers, self._options, self._report)
            except Unfit:
                continue
            if page.error_id is not None:
                problem = f"the API's error {page.error_name}: {page.error_message}"
                self._report.fault(row.where, row.row, problem, self._options)
            elif page.items is None:
                yield from self._inside(row, None)
            else:
                self._more += bool(page.has_more)
                self._ends |= not page.has_more
                for number, item in enumerate(page.items, row.row):
                    yield from self._inside(Row(row.where, number, bytes(item)), None)

    def tell_missing(self, path: Path) -> None:
        """Say so where there is a page that has others after it, and none that is the last."""
        if self._more and not self._ends:
            self._report.odd("pages-missing", f"{path}: the last page says that there are more")

    def _inside(self, row: Row, outer: Item | None) -> Iterator[Found]:
        try:
            item = decoded(row, _items, self._options, self._report)
        except Unfit:
            return
        yield Found(row, item, outer)
        answers = item.answers if item.kind == "question" and outer is None else None
        comments = item.comments if item.kind in ("question", "answer") else None
        for part in (*(answers or ()), *(comments or ())):
            yield from self._inside(row._replace(data=bytes(part)), item)


class Register:
    """On disk: which question a post belongs to, and first revisions."""

    def __init__(self, disk: sqlite3.Connection) -> None:
        self._disk = disk
        disk.execute("PRAGMA journal_mode = OFF")
        disk.execute("CREATE TABLE posts (id INTEGER PRIMARY KEY, question INTEGER)")
        disk.execute("CREATE TABLE revised (id INTEGER PRIMARY KEY, first BLOB)")
        disk.execute("BEGIN")

    def enter(self, found: Found) -> None:
        """Take what the item says of where others belong."""
        item = found.item
        if item.kind == "answer" and item.question_id not in (None, item.answer_id):
            self._disk.execute(
                "INSERT OR REPLACE INTO posts VALUES (?, ?)", (item.answer_id, item.question_id)
            )
        elif item.kind == "question":
            row = (item.question_id, item.question_id)
            self._disk.execute("INSERT OR IGNORE INTO posts VALUES (?, ?)", row)
        elif item.kind == "revision":
            first = found.row.data if item.revision_number == 1 else None
            self._disk.execute(
                "INSERT INTO revised VALUES (?, ?) ON CONFLICT (id)"
                " DO UPDATE SET first = coalesce(first, excluded.first)",
                (item.post_id, first),
            )

    def question(self, post: int) -> int | None:
        """The question that a post is or answers; None where that is not there."""
        row = self._disk.execute("SELECT question FROM posts WHERE id = ?", (post,)).fetchone()
        return None if row is None else int(row[0])

    def revised(self, post: int) -> tuple[bool, Item | None]:
        """Whether its revisions are there, and its first one."""
        row = self._disk.execute("SELECT first FROM revised WHERE id = ?", (post,)).fetchone()
        return row is not None, _items.decode(row[0]) if row and row[0] else None
