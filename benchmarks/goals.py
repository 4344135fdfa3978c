"""What was promised of these figures, beside what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks.hot import FIGURE as HOT
from benchmarks.hot import ONE_THREAD
from benchmarks.live import FIGURE as LIVE
from benchmarks.restore import FIGURE as RESTORE
from benchmarks.results import Goal
from benchmarks.scale import A_THREAD, ON_ONE_POST, SHORT, SIZES, THREADS, WORKERS, size_of
from benchmarks.serve import FIGURE as SERVE
from benchmarks.serve import READ
from benchmarks.worker import OURS, SIMPLE, WHOLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.results import Line

QUIX_TIMES: Final = 1.8
KAFKA_STREAMS_TIMES: Final = 1.2
OF_BARE: Final = 0.22  # 60,000 events/s where the bare loop makes 270,000: of what follows, too
WORKED: Final = 60_000.0
RESTORED_S: Final = 15.0
ITEM_BYTES: Final = 700.0
FOLLOWED: Final = 60_000.0
READ_P99_MS: Final = 20.0
LIVE_P50_MS: Final = 150.0
LIVE_P99_MS: Final = 400.0
TWO_WORKERS_TIMES: Final = 1.7
GROWN_TIMES: Final = 1.3  # What an event may cost more in the longest threads.
REPLAYED: Final = 60_000.0
REPLAY_MB: Final = 300.0
MILLION: Final = 1_000_000


class _Found(NamedTuple):
    lines: Sequence[Line]

    def all(self, figure: str, beginning: str = "") -> list[Line]:
        return [
            line
            for line in self.lines
            if line.figure == figure and line.what.startswith(beginning) and line.right is not False
        ]

    def best(self, figure: str, beginning: str) -> Line | None:
        return max(self.all(figure, beginning), key=lambda line: line.rate, default=None)


def goals(lines: Sequence[Line]) -> list[Goal]:
    """Those of which there is something measured, and right."""
    found = _Found(lines)
    told = [_worker, _restore, _serve, _live, _scale, _hot, _replay]
    return [goal for tell in told for goal in tell(found)]


def _worker(found: _Found) -> list[Goal]:
    told = []
    ours = found.best(SIMPLE, OURS)
    rivals = (
        ("Quix Streams", QUIX_TIMES),
        ("Kafka Streams, exactly-once", KAFKA_STREAMS_TIMES),
    )
    for rival, times in rivals:
        theirs = found.best(SIMPLE, rival)
        if ours is not None and theirs is not None:
            what = f"simple job, times {rival}"
            told.append(_at_least(what, times, ours.rate / theirs.rate))
    for line in found.all(WHOLE, "threadline"):
        how = "compiled" if line.what.endswith("compiled") else "interpreted"
        what = f"all views, {how}"
        told.append(_at_least(f"{what}, events/s", WORKED, line.rate))
        if line.rate_ratio is not None:
            told.append(_at_least(f"{what}, times the bare loop", OF_BARE, line.rate_ratio))
    return told


def _restore(found: _Found) -> list[Goal]:
    told = []
    ready = found.best(RESTORE, "until ready")
    if ready is not None:
        told.append(_at_most("restoring a million items, s", RESTORED_S, MILLION / ready.rate))
    for line in found.all(RESTORE):
        if "memory_B/item" in line.more:
            how = "restored" if line is ready else "folded"
            what = f"memory an item, {how}, B"
            told.append(_at_most(what, ITEM_BYTES, line.more["memory_B/item"]))
    return told


def _serve(found: _Found) -> list[Goal]:
    line = found.best(SERVE, READ)
    if line is None:
        return []
    told = [_at_least("following while it is read, events/s", FOLLOWED, line.rate)]
    if line.rate_ratio is not None:
        what = "following while it is read, times the bare loop"
        told.append(_at_least(what, OF_BARE, line.rate_ratio))
    return [*told, _at_most("reads meanwhile, p99 ms", READ_P99_MS, line.more["p99_ms"])]


def _live(found: _Found) -> list[Goal]:
    line = found.best(LIVE, "100 events/s")
    if line is None:
        return []
    return [
        _at_most("live, p50 ms", LIVE_P50_MS, line.more["p50_ms"]),
        _at_most("live, p99 ms", LIVE_P99_MS, line.more["p99_ms"]),
    ]


def _scale(found: _Found) -> list[Goal]:
    line = found.best(WORKERS, "2 workers")
    told = []
    if line is not None:
        told.append(_at_least("two workers, times one", TWO_WORKERS_TIMES, line.more["speedup_x"]))
    for shape in (A_THREAD, ON_ONE_POST):
        sizes = {size_of(line): line for line in found.all(SIZES) if line.what.endswith(shape)}
        longest = max(sizes, default=0)
        if SHORT in sizes and longest > SHORT:
            what = f"CPU an event, {longest:,} {shape}, times {SHORT:,}"
            grown = sizes[longest].cpu_us / sizes[SHORT].cpu_us
            told.append(_at_most(what, GROWN_TIMES, grown))
    many = [line for line in found.all(THREADS) if line.more]
    return [*told, *_memory(max(many, key=size_of))] if many else told


def _hot(found: _Found) -> list[Goal]:
    return [goal for line in found.all(HOT) if ONE_THREAD in line.what for goal in _memory(line)]


def _memory(line: Line) -> list[Goal]:
    return [_at_most(f"memory an item, {line.what}, B", ITEM_BYTES, line.more["memory_B/item"])]


def _replay(found: _Found) -> list[Goal]:
    line = found.best("replay", "replay")
    if line is None or line.peak_mb is None:
        return []
    told = [_at_least("replaying a dump, events/s", REPLAYED, line.rate)]
    if line.rate_ratio is not None:
        told.append(_at_least("replaying a dump, times the bare loop", OF_BARE, line.rate_ratio))
    return [*told, _at_most("replaying a dump, MB", REPLAY_MB, line.peak_mb)]


def _at_least(what: str, goal: float, measured: float) -> Goal:
    return Goal(what=what, goal=goal, measured=measured, at_least=True)


def _at_most(what: str, goal: float, measured: float) -> Goal:
    return Goal(what=what, goal=goal, measured=measured, at_least=False)
