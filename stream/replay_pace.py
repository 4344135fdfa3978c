"""When each event of a replay is due, where that goes at so many times real time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Pace:
    """Event time ``speed`` times as fast as real time; no silence takes longer than ``max_gap``.

    Everything is reckoned from the first event, so that what is late once is caught up with
    instead of adding up. Times of events in milliseconds, real ones in seconds from the start.
    """

    speed: float
    max_gap_ms: int | None = None
    _last: int | None = None
    _due_ms: int = 0  # Of the last event, in event time without what was skipped.

    def due_s(self, at: int) -> float:
        """When an event of ``at`` is due, which becomes the last."""
        if self._last is not None:
            gap = at - self._last
            self._due_ms += gap if self.max_gap_ms is None else min(gap, self.max_gap_ms)
        self._last = at
        return self._due_ms / 1000 / self.speed

    def wait_s(self, at: int) -> float:
        """When an event of ``at`` would be due, if it were the next."""
        return Pace(self.speed, self.max_gap_ms, self._last, self._due_ms).due_s(at)

    def now(self, real_s: float, coming: int) -> int:
        """The event time at ``real_s``: before ``coming``, which is the next to be published."""
        if self._last is None:
            return coming - 1
        passed = int(real_s * 1000 * self.speed) - self._due_ms
        return min(max(self._last, self._last + passed), coming - 1)
