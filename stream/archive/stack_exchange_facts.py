"""What the second reader of a dump finds out, left in a file for the store of the first."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from stream.archive.stack_exchange_store import ROWS, Store, opened

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from stream.archive.stack_exchange_tables import PostRow

# By table, as `Store.take` puts them in
_LEFT: Final = {
    "posts": "id, kind, thread, at, owner, owner_name, title, tags, score, views, accepted, closed,"
    " edited, editor, editor_name, told",
    "votes": "answer, day",
}


class Facts(Store):
    """Knows what another store has told, and leaves what is put in to it, doubled rows too."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._facts: list[tuple[Any, ...]] = []

    @override
    def put_post(self, post: PostRow) -> bool:
        return self._leave(post)

    @override
    def put_accepted(self, answer: int, day: int) -> None:
        self._leave((answer, day))

    def leave(self) -> None:
        """All that was put in so far is in the file."""
        if self._facts:
            values = ", ".join("?" * len(self._facts[0]))
            self._db.executemany(f"INSERT INTO facts VALUES ({values})", self._facts)  # noqa: S608
            self._facts.clear()

    def _leave(self, fact: tuple[Any, ...]) -> bool:
        self._facts.append(fact)
        if len(self._facts) >= ROWS:
            self.leave()
        return True


@contextmanager
def opened_facts(table: str, path: Path, known: Path) -> Iterator[Facts]:
    """For the rows of one table; ``path``: where they are left, but for comments.

    ``known``: where a store has told posts, unless these are the rows.
    """
    with opened(str(path)) as connection:
        if known.exists():
            connection.execute("ATTACH ? AS known", (str(known),))
        if table in _LEFT:
            connection.execute(f"CREATE TABLE facts ({_LEFT[table]})")
        connection.execute("BEGIN")
        facts = Facts(connection)
        yield facts
        facts.leave()
        connection.execute("COMMIT")
