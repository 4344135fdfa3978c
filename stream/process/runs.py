"""Runs: what travels through Faust is a stretch of a partition, not one record at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from faust.types import TP, ConsumerMessage
from faust.types.transports import SchedulingStrategyT
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stream.kafka.follow import Record


class Run(NamedTuple):
    """All records of a partition from ``after`` up to ``upto``; gaps in between hold none.

    That stays true whatever the consumer is made to seek meanwhile. ``seeks`` tells runs
    that were fetched before a seek from those after it.
    """

    after: int
    upto: int
    records: list[Record]
    seeks: int


class RunMessage(ConsumerMessage):
    """A run on its way through Faust; its offset is that of its last record."""

    __slots__ = ("run",)
    run: Run

    @classmethod
    def of(cls, run: Run, tp: TP, generation: int) -> RunMessage:
        """The message that carries ``run`` in this generation of the group."""
        last = run.records[-1]
        message = cls(
            topic=tp.topic,
            partition=tp.partition,
            offset=last.offset,
            timestamp=last.timestamp / 1000,
            timestamp_type=0,  # By who made it; nobody asks.
            headers=None,
            key=None,
            value=None,
            checksum=None,
            tp=tp,
            generation_id=generation,
        )
        message.run = run
        return message


class InTurn(SchedulingStrategyT):
    """Runs of all partitions in turn, none longer than ``records``."""

    def __init__(self, records: int) -> None:
        self._records = records

    @override
    def iterate(self, records: Mapping[TP, Run]) -> Iterator[tuple[TP, Run]]:  # type: ignore[override] # For Faust, lists of records.
        parts = {tp: self._cut(run) for tp, run in records.items()}
        while parts:
            for tp, runs in list(parts.items()):
                run = next(runs, None)
                if run is None:
                    del parts[tp]
                else:
                    yield tp, run

    def _cut(self, run: Run) -> Iterator[Run]:
        after = run.after
        for start in range(0, len(run.records), self._records):
            records = run.records[start : start + self._records]
            upto = records[-1].offset + 1
            yield Run(after, upto, records, run.seeks)
            after = upto


class Forgetful(dict[TP, int | None]):
    """Faust's memory of offsets, which would drop what is read again after a seek."""

    def __missing__(self, tp: TP) -> None:
        return None

    @override
    def __setitem__(self, tp: TP, offset: object) -> None:
        """Forget it."""
