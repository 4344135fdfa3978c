"""``python -m benchmarks``: every figure in one run, as a table and as JSON; README.md says how."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import pytest

from benchmarks import hot, live, replay, restore, scale, serve, worker
from benchmarks.bench import Bench
from benchmarks.goals import goals
from benchmarks.machine import machine
from benchmarks.processes import EndedError
from benchmarks.results import Took, lines, more_said, noise, show
from benchmarks.sizes import FULL, QUICK, TINY
from stream.errors import StreamError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

FIGURES: Final[dict[str, Sequence[Callable[[Bench], Iterator[Took]]]]] = {
    "worker": (worker.simple, worker.whole),
    "restore": (restore.restore,),
    "serve": (serve.serve,),
    "live": (live.live,),
    "scale": (scale.workers, scale.items_a_thread, scale.threads),
    "hot": (hot.hot,),
    "replay": (replay.replay,),
}
ON_FOLDED: Final = {"restore", "serve"}  # Those measured on one log, folded once.
SIZES: Final = {"full": FULL, "quick": QUICK, "tiny": TINY}
FAILED: Final = 3
WRONG: Final = 1


def main() -> int:
    """Measure what was asked for; 1 where an output was wrong, 3 where something failed.

    What could be measured is told all the same.
    """
    asked = _asked()
    began = time.perf_counter()
    told = machine(asked.broker)
    _say(f"{told['cpu']}, {told['cores']} cores, {told['broker']}, load {told['load_1m']}")
    runs: list[Took] = []
    bench = Bench(
        kind=asked.broker,
        sizes=SIZES[asked.size],
        peers=asked.peers,
        compiled=asked.compiled if asked.compiled is not None else asked.size == "full",
    )
    failed = False
    with bench:
        for name in asked.figures or FIGURES:
            try:
                for took in _measured(bench, name, asked.runs):
                    runs.append(took)  # noqa: PERF402 # It may end half way.
            except (StreamError, EndedError, OSError, pytest.fail.Exception) as error:
                failed = True
                _say(f"error: {name} has failed: {str(error) or type(error).__name__}")
            except KeyboardInterrupt:
                failed = True
                _say("stopped")
                break
    found, noises = lines(runs), noise(runs)
    promised = goals(found)
    report = {
        "measured_at": datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds"),
        "took_s": round(time.perf_counter() - began, 1),
        "machine": told,
        "sizes": {name: getattr(bench.sizes, name) for name in bench.sizes.__slots__},
        "lines": found,
        "noise": noises,
        "goals": promised,
        "runs": runs,
    }
    asked.out.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    _say("")
    show(found, noises, promised)
    if asked.size != "full":
        _say(
            "The goals are meant for the full sizes: at these, what it takes to begin counts most."
        )
    _say(f"written to {asked.out}")
    if failed:
        return FAILED
    return WRONG if any(took.right is False for took in runs) else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("figures", nargs="*", metavar="FIGURE", help=f"of {', '.join(FIGURES)}; default: all")
    add("--broker", choices=("apache", "embedded"), default="apache", help="default: apache")
    sizes = parser.add_mutually_exclusive_group()
    quick, tiny = "a few minutes for all of it", "only to see that it runs"
    sizes.add_argument("--quick", dest="size", action="store_const", const="quick", help=quick)
    sizes.add_argument("--tiny", dest="size", action="store_const", const="tiny", help=tiny)
    add("--runs", type=int, default=1, help="of each figure, for medians; default: 1")
    add("--out", type=Path, default=Path("benchmarks.json"), help="default: benchmarks.json")
    both = argparse.BooleanOptionalAction
    add("--peers", action=both, default=True, help="the other engines, where they are installed")
    add("--compiled", action=both, help="the fold as machine code; default: at full size")
    parser.set_defaults(size="full")
    asked = parser.parse_args()
    unknown = [figure for figure in asked.figures if figure not in FIGURES]
    if unknown:
        parser.error(f"there is no figure {unknown[0]!r}; give some of {', '.join(FIGURES)}")
    if asked.runs < 1:
        parser.error("--runs is at least 1")
    return asked


def _measured(bench: Bench, name: str, runs: int) -> Iterator[Took]:
    if name not in ON_FOLDED:
        bench.forget()
    for measure in FIGURES[name]:
        for _ in range(runs):
            for took in measure(bench):
                _say(_line(took))
                yield took


def _line(took: Took) -> str:
    verdict = {None: "", True: ", right", False: ", WRONG"}[took.right]
    memory = "" if took.peak_mb is None else f", {took.peak_mb:,.0f} MB"
    more = f", {more_said(took.more)}" if took.more else ""
    return (
        f"{took.figure}: {took.what}: {took.rate:,.0f} {took.unit}/s, "
        f"{took.cpu_us:,.1f} µs CPU each{memory}{verdict}{more}"
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
