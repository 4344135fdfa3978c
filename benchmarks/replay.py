"""How fast a dump is read, sorted and published, against a bare iteration over the same files.

``python -m benchmarks.replay --broker apache`` makes a Stack Exchange dump of a made-up community,
starts a broker of its own, and measures in one run: lxml and expat going over the dump's rows and
keeping nothing (the floor), reading alone (to sorted events, published nowhere), and the whole
replay. Each runs in a process of its own; CPU and memory are those of the process and of those it
starts, the broker's are not counted. Memory is the most that all of them held at one time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

import orjson
from typing_extensions import override

from benchmarks import logs, results
from benchmarks.bench import bare
from stream.archive.base import Options, Report
from stream.archive.detect import read_packed
from stream.archive.generate import generate
from stream.archive.made_up.stack_exchange import write_dump
from stream.config import Settings
from stream.replay import publish
from stream.replay_source import How, Source
from tests.brokers import apache, embedded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.bench import Bench

EVENTS_AN_ITEM: Final = 1.1
EVENTS_A_THREAD: Final = 22  # Few more are generated than wanted.
WATCHED_S: Final = 0.05
GOAL: Final = "goal: 60,000 events/s, 300 MB"


@dataclass(frozen=True, slots=True)
class Took:
    """What one run took; ``count``: of events, of rows where only these are gone over."""

    what: str
    count: int
    seconds: float
    cpu_s: float
    rss_mb: float
    unit: str = "events"

    @override
    def __str__(self) -> str:
        rate = self.count / self.seconds
        cpu_us = self.cpu_s / self.count * 1e6
        head = f"{self.what:14} {self.count:>9,} {self.unit:6} {self.seconds:6.1f} s"
        return f"{head} {rate:>9,.0f} /s, {cpu_us:5.1f} µs CPU each, peak {self.rss_mb:.0f} MB"


def main() -> None:
    """Measure, and print a line a run; with ``--run``, be the measured process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--broker", choices=("embedded", "apache"), default="embedded")
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--runs", type=int, default=1, help="of the whole replay")
    parser.add_argument("--dump", type=Path, help="one that is there already")
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        what, brokers = asked.run
        settings = Settings(brokers=brokers, prefix="bench", partitions=asked.partitions)
        sys.stdout.write(orjson.dumps(_RUNS[what](asked.dump, settings)).decode())
        return
    start = apache if asked.broker == "apache" else embedded
    with tempfile.TemporaryDirectory() as folder:
        dump = asked.dump or _dump(Path(folder, "dump"), asked.items)
        for what in ("lxml", "expat", "read"):
            _say(_measured(what, dump, "", asked.partitions))
        for run in range(asked.runs):
            data = Path(
                folder, f"broker-{run}"
            )  # A log of its own: else the first is gone on with.
            data.mkdir()
            with start(data) as brokers:
                _say(f"on {asked.broker}:")
                _say(_measured("replay", dump, brokers, asked.partitions))
    _say(GOAL)


def replay(bench: Bench) -> Iterator[results.Took]:
    """The same as a figure of ``python -m benchmarks``, the bare loop before and after it."""
    with bench.folder() as folder, bench.broker() as broker:
        noise = broker.named("noise")
        asyncio.run(logs.publish(noise, logs.community(bench.sizes.worker)))
        dump = _dump(folder / "dump", bench.sizes.replay_items)
        yield bare("replay", noise)
        for what in ("lxml", "expat", "read", "replay"):
            brokers = noise.brokers if what == "replay" else ""
            took = _measured(what, dump, brokers, noise.partitions)
            yield results.Took(
                figure="replay",
                what=took.what,
                count=took.count,
                seconds=took.seconds,
                cpu_s=took.cpu_s,
                peak_mb=took.rss_mb,
                unit=took.unit,
            )
        yield bare("replay", noise, after=True)


def _dump(folder: Path, items: int) -> Path:
    _say(f"writing a dump of {items:,} items")
    made = generate(
        threads=items // EVENTS_A_THREAD + 1000,
        seed=1,
        since=datetime(2010, 1, 1, tzinfo=UTC),
        until=datetime(2020, 1, 1, tzinfo=UTC),
    )
    written = write_dump(islice(made, int(items * EVENTS_AN_ITEM)), folder)
    size = sum(path.stat().st_size for path in folder.iterdir())
    _say(f"{written['Posts'] + written['Comments']:,} items, {size / 1e6:.0f} MB: {written}")
    return folder


def _lxml(dump: Path, _: Settings) -> int:
    from lxml import etree  # type: ignore[import-untyped]  # noqa: PLC0415  (here alone)

    rows = 0
    for path in sorted(dump.glob("*.xml")):
        for _event, row in etree.iterparse(str(path), tag="row"):
            rows += 1
            row.clear()
            while row.getprevious() is not None:
                del row.getparent()[0]
    return rows


def _expat(dump: Path, _: Settings) -> int:
    rows = 0

    def start(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal rows
        rows += 1

    for path in sorted(dump.glob("*.xml")):
        parser = expat.ParserCreate()
        parser.StartElementHandler = start
        with path.open("rb") as file:
            parser.ParseFile(file)
    return rows


def _read(dump: Path, _: Settings) -> int:
    return sum(1 for _event in read_packed([dump], Options(), Report()))


def _replay(dump: Path, settings: Settings) -> int:
    report = Report()
    source = Source(lambda: read_packed([dump], Options(), report), How(), report.ends)
    return asyncio.run(publish(settings, source)).events


_RUNS: Final = {"lxml": _lxml, "expat": _expat, "read": _read, "replay": _replay}


def _measured(what: str, dump: Path, brokers: str, partitions: int) -> Took:
    command = [sys.executable, "-m", "benchmarks.replay", "--dump", str(dump)]
    command += ["--partitions", str(partitions), "--run", what, brokers]
    began, before = time.perf_counter(), os.times()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603  (ourselves)
        memory = _Memory(process.pid)
        memory.start()
        said, _ = process.communicate()
        memory.stop()
    after = os.times()
    cpu_s = after.children_user + after.children_system
    cpu_s -= before.children_user + before.children_system
    unit = "rows" if what in {"lxml", "expat"} else "events"
    seconds = time.perf_counter() - began
    return Took(what, int(orjson.loads(said)), seconds, cpu_s, memory.peak_mb, unit)


class _Memory(threading.Thread):
    """The most that a process and those it started have held together."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peak_mb = 0.0
        self._pid = pid
        self._ended = threading.Event()

    @override
    def run(self) -> None:
        while not self._ended.wait(WATCHED_S):
            self.peak_mb = max(self.peak_mb, sum(map(_rss_mb, _family(self._pid))))

    def stop(self) -> None:
        self._ended.set()
        self.join()


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(one for child in children for one in _family(int(child)))]


def _rss_mb(pid: int) -> float:
    """What it holds resident."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def _say(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
