"""Which days each transaction changes: who has counted a day need not count it again until then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stream.serve.bulk import put

if TYPE_CHECKING:
    import sqlite3

    from stream.serve.changes import Changes

DAY_MS: Final = 86_400_000

# What is replaced goes first, so that this sees both where an item was and where it went. It is
# the writer's alone, and costs nothing where a row is new, which most are.
_WATCH: Final = (
    "CREATE TEMP TABLE IF NOT EXISTS gone(community INT, at INT)",
    """CREATE TEMP TRIGGER IF NOT EXISTS going AFTER DELETE ON main.items
    BEGIN INSERT INTO gone VALUES(old.community, old.at); END""",
    "PRAGMA recursive_triggers=1",  # Else nothing is told of rows that are replaced.
)


class ChangedDays:
    """Those of the transaction that is being written; each community's days are numbered in UTC."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._days: set[tuple[int, int]] = set()
        for statement in _WATCH:
            db.execute(statement)

    def see(self, changes: Changes) -> None:
        """Note where ``changes`` put something, and which counts they take away."""
        days = self._days
        days.update((row[2], row[3] // DAY_MS) for row in changes.puts.get("items", ()))  # type: ignore[misc,operator]
        for rows in (changes.puts, changes.drops):
            days.update((row[0], row[1] // DAY_MS) for row in rows.get("activity", ()))  # type: ignore[misc,operator]

    def write(self, version: int) -> None:
        """Give all of them the version of the transaction."""
        for community, at in self._db.execute("SELECT community, at FROM gone").fetchall():
            self._days.add((community, at // DAY_MS))
        self._db.execute("DELETE FROM gone")
        rows = [(*day, version) for day in sorted(self._days)]
        put(self._db, "INSERT OR REPLACE INTO changed", rows)
        self._days.clear()
