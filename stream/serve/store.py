"""What was read from Kafka becomes rows: a batch and the position after it are one transaction.

Events of the log are stored at once. Records of the views wait until a cut covers them, so that
whoever reads sees them a cut at a time; too many of them wait in the table ``pending``. Rows are
only made here; `Tables` writes them, while the next ones are made.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from stream.codec.cuts import decode_cut
from stream.errors import DecodeError
from stream.serve.changes import ViewReader
from stream.serve.in_step import InStep
from stream.serve.log import Reader, stretches
from stream.serve.numbers import Numbers
from stream.serve.spans import spans
from stream.serve.tables import Move, Said, Spilled, Written

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

Place: TypeAlias = tuple[str, int]  # A topic's short name, and a partition.

Arrived: TypeAlias = tuple[int, bytes | None, bytes | None]
"""A record: offset, key, value."""

_Keyed: TypeAlias = tuple[int, bytes, bytes | None]

VIEWS: Final = ("items", "threads", "replies", "activity", "people")
WAITING_MAX: Final = 100_000  # Records that wait in memory, some 70 MB; then in the database.
CUTS_MAX: Final = 1_000
PATIENCE_S: Final = 1.0

log = logging.getLogger(__name__)


def _cuts(part: int, records: Sequence[Arrived]) -> Iterator[Said]:
    for offset, _, value in records:
        raw = value or b""
        try:
            cut = decode_cut(raw, where=f"progress[{part}]@{offset}")
        except DecodeError as error:
            log.warning("passed over: %s", error)
        else:
            yield Said(offset, raw, cut)


class Store:
    """What is made for one database, of which ``db`` sees what has been committed."""

    def __init__(
        self, db: sqlite3.Connection, *, partitions: int, waiting_max: int = WAITING_MAX
    ) -> None:
        self._waiting_max = waiting_max
        self._threads = Numbers(db, "names", "key")
        self._communities = Numbers(db, "communities", "name")
        self._reader = Reader(self._threads, self._communities, partitions=partitions)
        self._views = ViewReader(self._threads, self._communities)
        self._seq = int(db.execute("SELECT ifnull(max(seq), 0) + 1 FROM events").fetchone()[0])
        self._shown = dict(db.execute("SELECT part, off FROM cuts").fetchall())
        spilled = db.execute("SELECT view, part, max(off) FROM pending GROUP BY view, part")
        self._spilled: dict[Place, int] = {(v, part): off for v, part, off in spilled.fetchall()}
        self._waiting: dict[Place, list[_Keyed]] = defaultdict(list)
        self._cuts: dict[int, list[Said]] = defaultdict(list)
        kept = db.execute("SELECT topic, part, next FROM positions").fetchall()
        self._read: dict[Place, int] = {(topic, part): offset for topic, part, offset in kept}
        self._kept = dict(self._read)
        # Cuts that were there before we started may be older than what compaction left.
        self.cuts_from: Mapping[int, int] = {}
        self._steps = InStep(("events", *VIEWS), partitions)

    def positions(self) -> dict[Place, int]:
        """The offset of each place to go on from after a restart."""
        return dict(self._kept)

    def wanted(self, most: int, waited_s: float = 0.0) -> dict[Place, int]:
        """How many records of which places to read next, some ``most`` in all.

        Nothing of it having come for ``waited_s``, in the end a little of whatever there is.
        """
        if waited_s > PATIENCE_S:
            return self._steps.share(most)
        return self._steps.wanted(most, self._read, self._cuts, self.cuts_from)

    @property
    def alone(self) -> bool:
        """Whether what was made has to be written before the next is made."""
        return bool(self._spilled)

    def made(
        self, batch: Mapping[Place, Sequence[Arrived]], positions: Mapping[Place, int]
    ) -> Written:
        """The rows of ``batch``. All is lost for this store unless they are written, in turn."""
        written = Written()
        self._take(batch, written)
        self._read.update(positions)
        for part in sorted(self._cuts):
            self._show(part, written)
        if sum(map(len, self._waiting.values())) > self._waiting_max:
            self._spill(written)
        written.spans = spans(written.events)
        written.threads = self._threads.fresh()
        written.communities = self._communities.fresh()
        written.positions = list(self._moved())
        return written

    def _take(self, batch: Mapping[Place, Sequence[Arrived]], written: Written) -> None:
        for (topic, part), records in batch.items():
            if topic == "events":
                read = self._read.get((topic, part), 0)
                if records and records[0][0] < read:
                    records = [record for record in records if record[0] >= read]  # noqa: PLW2901
                rows = self._reader.rows(part, records, self._seq)
                written.events += rows
                written.stretches += stretches(rows)
                self._seq += len(rows)
            elif topic == "progress":
                self._cuts[part] += _cuts(part, records)
                if len(self._cuts[part]) > CUTS_MAX:  # A later cut says all that one before says.
                    del self._cuts[part][:-1:2]
            else:
                self._waiting[topic, part] += [
                    cast("_Keyed", record) for record in records if record[1] is not None
                ]

    def _show(self, part: int, written: Written) -> None:
        """Apply what the newest cut covers of which everything has been read."""
        if self._read.get(("progress", part), 0) < self.cuts_from.get(part, 0):
            return
        cuts = self._cuts[part]
        covered = [place for place, said in enumerate(cuts) if self._has_read(part, said)]
        if not covered:
            return
        said = cuts[covered[-1]]
        del cuts[: covered[-1] + 1]
        shown = self._shown.get(part, 0)
        if said.cut.offset < shown:
            return  # Read again after a restart.
        for view in VIEWS:
            self._apply_view(view, part, said.cut.views.get(view, 0), written)
        written.moves.append(Move(shown, said))
        self._shown[part] = said.cut.offset

    def _has_read(self, part: int, said: Said) -> bool:
        return self._read.get(("events", part), 0) >= said.cut.offset and all(
            self._read.get((view, part), 0) >= offset for view, offset in said.cut.views.items()
        )

    def _apply_view(self, view: str, part: int, end: int, written: Written) -> None:
        if (view, part) in self._spilled:
            written.spilled.append(Spilled(view, part, end))
            if self._spilled[view, part] < end:
                del self._spilled[view, part]
        waiting = self._waiting[view, part]
        latest = {key: value for offset, key, value in waiting if offset < end}
        self._views.read(view, part, latest.items(), written.changes)
        self._waiting[view, part] = [record for record in waiting if record[0] >= end]

    def _spill(self, written: Written) -> None:
        for (view, part), waiting in self._waiting.items():
            self._views.number(view, part, [key for _, key, _ in waiting])
            written.spills += [(part, view, *record) for record in waiting]
            if waiting:
                self._spilled[view, part] = waiting[-1][0]
        self._waiting.clear()

    def _moved(self) -> Iterator[tuple[str, int, int]]:
        """Positions that are others now. What waits in memory is read again after a restart."""
        for (topic, part), offset in self._read.items():
            if topic == "progress" and self._cuts.get(part):
                continue  # Read again from the last one that was shown.
            waiting = self._waiting.get((topic, part))
            kept = waiting[0][0] if waiting else offset
            if self._kept.get((topic, part)) != kept:
                self._kept[topic, part] = kept
                yield topic, part, kept
