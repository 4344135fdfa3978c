"""How far behind the log the shown views are: in records, and since when."""

from __future__ import annotations

import json
import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

SAMPLES_MAX: Final = 3_600  # Ends remembered for each partition: an hour of them.


class Ends:
    """The ends of all topics as last seen, kept in the database."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._samples: dict[int, deque[tuple[int, int]]] = defaultdict(
            lambda: deque(maxlen=SAMPLES_MAX)
        )
        self._goal_kept = False

    def keep(self, ends: Mapping[tuple[str, int], int]) -> None:
        """Keep what was seen; the first ends of the log are the goal of being ready."""
        shown = dict(self._db.execute("SELECT part, off FROM cuts").fetchall())
        now = int(time.time() * 1000)
        rows = [
            (topic, part, end, self._behind(part, end, shown.get(part, 0), now))
            if topic == "events"
            else (topic, part, end, None)
            for (topic, part), end in ends.items()
        ]
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("INSERT OR REPLACE INTO ends VALUES(?, ?, ?, ?)", rows)
        if not self._goal_kept:
            goal = {part: end for topic, part, end, _ in rows if topic == "events"}
            self._db.execute("INSERT OR REPLACE INTO meta VALUES('goal', ?)", (json.dumps(goal),))
            self._goal_kept = True
        self._db.execute("COMMIT")

    def keep_starts(self, starts: Mapping[int, int]) -> None:
        """Keep where the log begins: older cursors are refused."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES('starts', ?)", (json.dumps(starts),))

    def _behind(self, part: int, end: int, shown: int, now: int) -> int | None:
        """When the log was first seen to be longer than what is shown."""
        samples = self._samples[part]
        if not samples or samples[-1][1] != end:
            samples.append((now, end))
        while samples and samples[0][1] <= shown:
            samples.popleft()
        return samples[0][0] if samples else None
