"""``python -m benchmarks.simulate``: the tables of docs/SCALE.md, from measured figures.

``--write docs/SCALE.md`` puts them where they belong there. Every figure follows from
`measured.toml` and the sites of `simulate_sites`; the formulas stand beside the tables.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from benchmarks.measured import Measured, measured
from benchmarks.simulate_fold import Cost, Machine, hot_loads, largest, speedup, zipf_loads
from benchmarks.simulate_sites import SITE, once, shared, sizes, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

BATCHES: Final = 40  # A partition, in the simulation of cores
DRAWS: Final = 5
EXPONENTS: Final = (0.0, 0.5, 0.8, 0.9, 1.1)
WORKERS: Final = (2, 4, 16, 64)
TIMES: Final = " \N{MULTIPLICATION SIGN}"
MARKED: Final = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def cores(figures: Measured) -> str:
    """Two workers against one, and four, where cores are short."""
    worker = figures.worker
    folds = {
        "interpreted": (worker.us, worker.broker_us),
        "compiled": (worker.compiled_us, worker.compiled_broker_us),
    }
    machines = {
        "2 cores, the broker on them too": Machine(2),
        "2 cores, the broker elsewhere": Machine(2, apart=True),
        "4 cores, the broker on them too": Machine(4),
        "4 cores, the broker elsewhere": Machine(4, apart=True),
    }
    rows = []
    for fold, costs in folds.items():
        cost = Cost(*(us * worker.batch_events / 1e6 for us in costs))
        for place, machine in machines.items():
            alone, *more = (machine.fold_s([BATCHES] * 4, n, cost) for n in (1, 2, 4))
            rate = 4 * BATCHES * worker.batch_events / alone
            rows.append([f"{fold}, {place}", f"{rate:,.0f}", *_times(alone / s for s in more)])
    return table(["", "1 worker, events/s", "2 workers", "4 workers"], rows)


def partitions(_: Measured) -> str:
    """Even threads: how far workers come that have so many partitions to share."""
    counts = (2, 3, 4, 6, 8, 16, 64)
    rows = {f"{many}": [1.0] * many for many in (4, 16, 64, 256)}
    return _speedups("partitions", counts, rows)


def hot(_: Measured) -> str:
    """One thread that has a share of everything, in 64 partitions."""
    shares = {
        "nothing much": 0.0,
        "1,000,000 of Stack Overflow's items": 1_000_000 / SITE.items,
        "2 %": 0.02,
        "10 %": 0.1,
        "25 %": 0.25,
    }
    rows = {name: hot_loads(64, share) for name, share in shares.items()}
    return _speedups("one thread has", WORKERS, rows)


def zipf(_: Measured) -> str:
    """Threads of which the n-th largest has 1/n^s; the median of some draws of names."""
    threads = int(SITE.threads)
    rows = []
    for exponent in EXPONENTS:
        drawn = [zipf_loads(64, exponent, threads, draw) for draw in range(DRAWS)]
        faster = [median(speedup(loads, count) for loads in drawn) for count in WORKERS]
        rows.append([f"{exponent}", f"{100 * largest(exponent, threads):.2f} %", *_times(faster)])
    return table(["*s*", "the largest has", *_heads(WORKERS)], rows)


def slow(_: Measured) -> str:
    """One worker on a machine that is slower than the others', 64 partitions."""
    rows = [
        [f"{100 * speed:.0f} %", *_times(speedup([1.0] * 64, count, speed) for count in WORKERS)]
        for speed in (1.0, 0.8, 0.5, 0.25)
    ]
    return table(["one worker's speed", *_heads(WORKERS)], rows)


TABLES: Final[dict[str, Callable[[Measured], str]]] = {
    each.__name__: each for each in (sizes, once, shared, partitions, cores, hot, zipf, slow)
}


def _speedups(head: str, counts: Sequence[int], rows: dict[str, list[float]]) -> str:
    lines = [
        [name, *_times(speedup(loads, count) for count in counts)] for name, loads in rows.items()
    ]
    return table([head, *_heads(counts)], lines)


def _heads(counts: Iterable[int]) -> list[str]:
    return [f"{count} workers" for count in counts]


def _times(faster: Iterable[float]) -> list[str]:
    return [f"{one:.3g}{TIMES}" for one in faster]


def written(text: str, figures: Measured) -> str:
    """``text`` with each table in it as it is now."""
    return MARKED.sub(lambda found: f"{found[1]}\n{TABLES[found[2]](figures)}\n{found[3]}", text)


def main() -> int:
    """Print them all, or put them into a document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE")
    into = parser.parse_args().write
    figures = measured()
    if into is not None:
        into.write_text(written(into.read_text("utf-8"), figures), "utf-8")
        return 0
    for name, each in TABLES.items():
        about = (each.__doc__ or "").partition("\n")[0]
        sys.stdout.write(f"{name}: {about}\n\n{each(figures)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
