"""One partition of the log in our hands: its job, and how far it has read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple

from stream.codec.cuts import fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream.codec.views import Told
    from stream.kafka.follow import Record
    from stream.process.job import DeadLetter, Job

SLICE: Final = 500  # Events folded before the event loop gets its turn.


class Batch(NamedTuple):
    """What a run of records has come to: one transaction."""

    rows: Told
    dead: list[DeadLetter]
    upto: int
    last: str  # The fingerprint of the record before it
    watermark: int | None


class Held:
    """The job of one partition, from its cut on."""

    def __init__(self, job: Job, offset: int) -> None:
        self.offset = offset  # the next to be folded
        self._job = job

    async def fold(self, records: Sequence[Record], upto: int) -> Batch:
        """Fold ``records``, which are all there are below ``upto``, and tell what has changed."""
        dead: list[DeadLetter] = []
        for start in range(0, len(records), SLICE):
            dead += self._job.fold(records[start : start + SLICE])
            await asyncio.sleep(0)
        self.offset = upto
        rows = {view: changed for view, changed in self._job.told().items() if changed}
        return Batch(rows, dead, upto, fingerprint(records[-1].value), self._job.watermark)
