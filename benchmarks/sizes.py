"""How much each figure is measured on: as the promises say, quickly, or just to see it run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Counts of events unless the name says otherwise."""

    worker: int  # the log that every engine of the simple job reads, and that of all views
    items: int  # restored, and followed by serve
    live_warm_s: float  # not counted
    live_s: float
    live_rate: float
    read_rate: float
    at_rest_s: float  # reads while nothing is followed
    scale: int  # the log that 1, 2 and 4 workers share
    hot: int  # the log of threads of one size
    one_thread: int  # items of the one that has everything
    trickle_rate: float  # what goes on beside it, in another partition
    trickle_s: float  # and alone
    sizes: tuple[int, ...]  # items a thread
    threads: tuple[int, ...]  # how many threads of `ITEMS_A_THREAD`
    replay_items: int


ITEMS_A_THREAD: Final = 4

FULL: Final = Sizes(
    worker=600_000,
    items=1_000_000,
    live_warm_s=90.0,
    live_s=60.0,
    live_rate=100.0,
    read_rate=100.0,
    at_rest_s=10.0,
    scale=600_000,
    hot=200_000,
    one_thread=1_000_000,
    trickle_rate=20.0,
    trickle_s=15.0,
    sizes=(1, 10, 100, 1_000, 10_000, 100_000),
    threads=(10_000, 100_000, 1_000_000),
    replay_items=1_000_000,
)
QUICK: Final = Sizes(
    worker=60_000,
    items=60_000,
    live_warm_s=10.0,
    live_s=10.0,
    live_rate=100.0,
    read_rate=100.0,
    at_rest_s=3.0,
    scale=60_000,
    hot=20_000,
    one_thread=100_000,
    trickle_rate=20.0,
    trickle_s=5.0,
    sizes=(1, 1_000, 10_000),
    threads=(1_000, 10_000),
    replay_items=50_000,
)
TINY: Final = Sizes(
    worker=2_000,
    items=2_000,
    live_warm_s=1.0,
    live_s=2.0,
    live_rate=20.0,
    read_rate=20.0,
    at_rest_s=1.0,
    scale=2_000,
    hot=1_000,
    one_thread=2_000,
    trickle_rate=20.0,
    trickle_s=1.0,
    sizes=(1, 100),
    threads=(100,),
    replay_items=1_000,
)
