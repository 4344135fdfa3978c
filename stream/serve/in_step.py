"""Which topics to read next, so that what is read of one does not wait for long for another."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stream.serve.store import Place
    from stream.serve.tables import Said


class InStep:
    """Of a partition, its log and all views are read up to one cut, then to the next.

    Else a view would run ahead by all that Kafka hands over, and wait for the rest of its cut.
    """

    def __init__(self, topics: Sequence[str], partitions: int) -> None:
        self._topics = topics
        self._partitions = partitions
        self._first = 0

    def wanted(
        self,
        most: int,
        read: Mapping[Place, int],
        cuts: Mapping[int, Sequence[Said]],
        cuts_from: Mapping[int, int],
    ) -> dict[Place, int]:
        """How many records of each place; a cut of one partition comes before another's."""
        wanted: dict[Place, int] = {}
        left = most
        for part in self._in_turn():
            wanted["progress", part] = most
            if read.get(("progress", part), 0) < cuts_from.get(part, 0) or left <= 0:
                continue
            ahead = cuts.get(part)
            missing = self._missing(part, left, read, ahead)
            wanted |= missing
            if ahead:
                left -= sum(missing.values())
        return wanted

    def share(self, most: int) -> dict[Place, int]:
        """As many records of every place, ``most`` in all: what is early has to wait."""
        places = [
            (t, part) for t in (*self._topics, "progress") for part in range(self._partitions)
        ]
        return dict.fromkeys(places, max(most // len(places), 1))

    def _in_turn(self) -> list[int]:
        """All partitions, each time another first."""
        self._first = (self._first + 1) % self._partitions
        return [(self._first + part) % self._partitions for part in range(self._partitions)]

    def _missing(
        self, part: int, most: int, read: Mapping[Place, int], cuts: Sequence[Said] | None
    ) -> dict[Place, int]:
        """What is to be read up to the last cut within ``most`` records, or to the next one."""
        held = {topic: read.get((topic, part), 0) for topic in self._topics}
        if not cuts:
            return {(topic, part): most for topic in held}
        within = bisect_right(cuts, sum(held.values()) + most, key=_reach)
        cut = cuts[max(within - 1, 0)].cut
        upto = {"events": cut.offset, **cut.views}
        return {
            (topic, part): min(end - held[topic], most)
            for topic, end in upto.items()
            if end > held[topic]
        }


def _reach(said: Said) -> int:
    return said.cut.offset + sum(said.cut.views.values())
