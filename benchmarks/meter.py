"""A stretch of a run: how long it took, and the CPU and memory of whom it is about."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.results import Took

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.bench import Broker
    from benchmarks.processes import Child


class Meter:
    """Begins when it is made; ``children`` are whom it is about."""

    def __init__(self, broker: Broker, *children: Child, from_start: bool = False) -> None:
        self._broker = broker
        self._children = children
        self._cpu_s = 0.0 if from_start else self._spent_s()
        self._broker_s = broker.cpu_s
        self._began = time.perf_counter()

    def took(
        self, figure: str, what: str, count: int, more: Mapping[str, float] | None = None
    ) -> Took:
        """What it has been up to now."""
        return Took(
            figure=figure,
            what=what,
            count=count,
            seconds=time.perf_counter() - self._began,
            cpu_s=self._spent_s() - self._cpu_s,
            broker_cpu_s=self._broker.cpu_s - self._broker_s,
            peak_mb=sum(child.peak_mb for child in self._children),
            held_mb=sum(child.rss_mb for child in self._children),
            more=dict(more or {}),
        )

    def _spent_s(self) -> float:
        return sum(child.cpu_s for child in self._children)
