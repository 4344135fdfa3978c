"""What was read from Kafka becomes rows: a batch and the position after it are one transaction.

Events of the log are stored at once. Records of the views wait until a cut covers them, so that
whoever reads sees them a cut at a time; too many of them wait in the table ``pending``.
"""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from stream.codec.cuts import Cut, decode_cut
from stream.errors import DecodeError
from stream.serve.log import Reader
from stream.serve.numbers import Numbers
from stream.serve.tables import Tables

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

VIEWS: Final = ("items", "threads", "replies", "activity", "people")
WAITING_MAX: Final = 100_000  # Records that wait in memory, some 70 MB; then in the database.
CUTS_MAX: Final = 1_000

log = logging.getLogger(__name__)


class Arrived(Protocol):
    """A record as `stream.kafka.follow` gives it."""

    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...


class Waiting(NamedTuple):
    """A view's record that no cut covers yet."""

    offset: int
    key: bytes
    value: bytes | None


class Said(NamedTuple):
    """A cut, and the record of ``progress`` that said it."""

    offset: int
    raw: bytes
    cut: Cut


def _reach(said: Said) -> int:
    return said.cut.offset + sum(said.cut.views.values())


def _cuts(part: int, records: Sequence[Arrived]) -> Iterator[Said]:
    for record in records:
        raw = record.value or b""
        try:
            cut = decode_cut(raw, where=f"progress[{part}]@{record.offset}")
        except DecodeError as error:
            log.warning("passed over: %s", error)
        else:
            yield Said(record.offset, raw, cut)


class Store:
    """The writing side of the database; one process has one."""

    def __init__(
        self, db: sqlite3.Connection, *, partitions: int, waiting_max: int = WAITING_MAX
    ) -> None:
        self._db = db
        self._partitions = partitions
        self._first = 0
        self._waiting_max = waiting_max
        self._threads = Numbers(db, "names", "key")
        self._communities = Numbers(db, "communities", "name")
        self._reader = Reader(self._threads, self._communities, partitions=partitions)
        self._tables = Tables(db, self._threads, self._communities)
        self._waiting: dict[tuple[str, int], list[Waiting]] = defaultdict(list)
        self._cuts: dict[int, list[Said]] = defaultdict(list)
        self._read: dict[tuple[str, int], int] = dict(self.positions())
        # Cuts that were there before we started may be older than what compaction left.
        self.cuts_from: Mapping[int, int] = {}

    def positions(self) -> dict[tuple[str, int], int]:
        """(topic's short name, partition) → the offset to go on from after a restart."""
        found = self._db.execute("SELECT topic, part, next FROM positions").fetchall()
        return {(topic, part): offset for topic, part, offset in found}

    def wanted(self, most: int) -> dict[tuple[str, int], int]:
        """How many records of which places to read next: of a partition, those up to a cut.

        Else what is read of some views would wait for what is not yet read of others. A whole
        cut of one partition comes before part of another's; some ``most`` in all.
        """
        wanted: dict[tuple[str, int], int] = {}
        left = most
        for part in self._in_turn():
            wanted["progress", part] = most
            if self._read.get(("progress", part), 0) < self.cuts_from.get(part, 0) or left <= 0:
                continue
            missing = self._missing(part, left)
            wanted |= missing
            if self._cuts.get(part):
                left -= sum(missing.values())
        return wanted

    def _in_turn(self) -> list[int]:
        """All partitions, each time another first."""
        self._first = (self._first + 1) % self._partitions
        return [(self._first + part) % self._partitions for part in range(self._partitions)]

    def _missing(self, part: int, most: int) -> dict[tuple[str, int], int]:
        """What is to be read up to the last cut within ``most`` records, or to the next one."""
        read = {topic: self._read.get((topic, part), 0) for topic in ("events", *VIEWS)}
        cuts = self._cuts.get(part)
        if not cuts:
            return {(topic, part): most for topic in read}
        within = bisect_right(cuts, sum(read.values()) + most, key=_reach)
        cut = cuts[max(within - 1, 0)].cut
        upto = {"events": cut.offset, **cut.views}
        return {
            (topic, part): min(end - read[topic], most)
            for topic, end in upto.items()
            if end > read[topic]
        }

    def apply(
        self,
        batch: Mapping[tuple[str, int], Sequence[Arrived]],
        positions: Mapping[tuple[str, int], int],
    ) -> None:
        """Store ``batch``, after which the reader stands at ``positions``."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._take(batch)
            self._read.update(positions)
            for part in sorted(self._cuts):
                self._show(part)
            if sum(map(len, self._waiting.values())) > self._waiting_max:
                self._spill()
            self._keep_positions()
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            self._threads.forget()
            self._communities.forget()
            raise

    def _take(self, batch: Mapping[tuple[str, int], Sequence[Arrived]]) -> None:
        for (topic, part), records in batch.items():
            if topic == "events":
                self._tables.add_events(self._reader.rows(part, records))
            elif topic == "progress":
                self._cuts[part] += _cuts(part, records)
                if len(self._cuts[part]) > CUTS_MAX:  # A later cut says all that one before says.
                    del self._cuts[part][:-1:2]
            else:
                self._waiting[topic, part] += [
                    Waiting(r.offset, r.key, r.value) for r in records if r.key is not None
                ]

    def _show(self, part: int) -> None:
        """Apply what the newest cut covers of which everything has been read."""
        if self._read.get(("progress", part), 0) < self.cuts_from.get(part, 0):
            return
        cuts = self._cuts[part]
        covered = [place for place, said in enumerate(cuts) if self._has_read(part, said.cut)]
        if not covered:
            return
        said = cuts[covered[-1]]
        cut = said.cut
        del cuts[: covered[-1] + 1]
        if cut.offset < self._tables.shown(part):
            return  # Read again after a restart.
        for view in VIEWS:
            self._apply_view(view, part, cut.views.get(view, 0))
        self._tables.move_clock(part, said)

    def _has_read(self, part: int, cut: Cut) -> bool:
        return self._read.get(("events", part), 0) >= cut.offset and all(
            self._read.get((view, part), 0) >= offset for view, offset in cut.views.items()
        )

    def _apply_view(self, view: str, part: int, end: int) -> None:
        self._tables.apply_spilled(view, part, end)
        waiting = self._waiting[view, part]
        covered = {record.key: record.value for record in waiting if record.offset < end}
        self._tables.apply(view, part, covered.items())
        self._waiting[view, part] = [record for record in waiting if record.offset >= end]

    def _spill(self) -> None:
        for (view, part), waiting in self._waiting.items():
            self._tables.spill(view, part, waiting)
        self._waiting.clear()

    def _keep_positions(self) -> None:
        """What waits in memory is read again after a restart."""
        for (topic, part), offset in self._read.items():
            waiting = self._waiting.get((topic, part))
            kept = waiting[0].offset if waiting else offset
            if topic == "progress" and self._cuts.get(part):
                continue  # Read again from the last one that was shown.
            self._tables.keep_position(topic, part, kept)
