"""How fast a worker folds a log with all views, against a bare loop that only decodes it.

``python -m benchmarks.worker --broker apache`` starts a broker of its own, publishes a made-up
community of half a million events, and measures in one run: the bare loop (`benchmarks.bare`), the
worker, and the bare loop again, for the noise. ``--compiled``: the worker's fold is machine code.
CPU is that of the measured process alone; the broker runs beside it on the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson
from typing_extensions import override

from stream.archive.generate import generate
from stream.codec.cuts import decode_cut
from stream.codec.events import encode
from stream.compiled import PACKAGE, compile_fold
from stream.config import Settings
from stream.kafka.follow import open_reader
from stream.kafka.publish import open_publisher
from stream.kafka.topics import Topics
from tests.brokers import apache, embedded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream.codec.events import Encoded

PUBLISHED_AT_ONCE: Final = 20_000
EVENTS_A_THREAD: Final = 22  # Few more are generated than wanted.
WITHIN_S: Final = 600.0
WORK: Final = """\
import logging, sys
from stream.config import Settings
from stream.process.worker import run
logging.basicConfig(level=logging.INFO, format="%(message)s")
brokers, prefix, partitions = sys.argv[1:]
run(Settings(brokers=brokers, prefix=prefix, partitions=int(partitions)))
"""


@dataclass(frozen=True, slots=True)
class Took:
    """What one run over the whole log took."""

    what: str
    events: int
    seconds: float
    cpu_s: float
    rss_mb: float | None = None

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds

    @override
    def __str__(self) -> str:
        cpu_us = self.cpu_s / self.events * 1e6
        memory = "" if self.rss_mb is None else f", peak {self.rss_mb:.0f} MB"
        return f"{self.what:12} {self.rate:>9,.0f} events/s, {cpu_us:5.1f} µs CPU an event{memory}"


def main() -> None:
    """Measure, and print a line a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--broker", choices=("embedded", "apache"), default="embedded")
    parser.add_argument("--events", type=int, default=500_000)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--compiled", action="store_true", help="the fold by `stream.compiled`")
    asked = parser.parse_args()
    start = apache if asked.broker == "apache" else embedded
    with tempfile.TemporaryDirectory() as folder, start(Path(folder)) as brokers:
        settings = Settings(brokers=brokers, prefix="bench", partitions=asked.partitions)
        _say(f"{asked.broker}: publishing {asked.events:,} events")
        asyncio.run(_publish(settings, asked.events))
        before = _bare(settings)
        _say(before)
        where = _compiled(Path(folder) / "compiled") if asked.compiled else Path.cwd()
        work = asyncio.run(_work(settings, asked.events, where))
        _say(work)
        after = _bare(settings)
        _say(after)
        bare = (before.rate + after.rate) / 2
        cpu = (before.cpu_s + after.cpu_s) / 2
        _say(
            f"worker / bare loop: {work.rate / bare:.2f} in events/s, {cpu / work.cpu_s:.2f} in CPU"
        )


def _compiled(folder: Path) -> Path:
    """A copy of the package whose fold is compiled."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, folder / PACKAGE.name, ignore=ignored)
    compile_fold(folder)
    return folder


async def _publish(settings: Settings, events: int) -> None:
    encoded = _encoded(events)
    async with open_publisher(settings) as publisher:
        while some := list(islice(encoded, PUBLISHED_AT_ONCE)):
            await publisher.publish(some)
        await publisher.flush()


def _encoded(events: int) -> Iterator[Encoded]:
    made = generate(
        threads=events // EVENTS_A_THREAD + 1000,
        seed=1,
        since=datetime(2010, 1, 1, tzinfo=UTC),
        until=datetime(2020, 1, 1, tzinfo=UTC),
    )
    threads = (event for event in made if event.subject)  # The rest goes to every partition.
    return (encode(event) for event in islice(threads, events))


def _bare(settings: Settings) -> Took:
    arguments = [settings.brokers, settings.prefix, str(settings.partitions)]
    done = subprocess.run(  # noqa: S603 # Ourselves.
        [sys.executable, "-m", "benchmarks.bare", *arguments], stdout=subprocess.PIPE, check=True
    )
    took = orjson.loads(done.stdout)
    return Took("bare loop", took["events"], took["seconds"], took["cpu_s"])


async def _work(settings: Settings, events: int, where: Path) -> Took:
    """From the moment at which the worker has its partitions until all is committed."""
    arguments = [settings.brokers, settings.prefix, str(settings.partitions)]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WORK, *arguments), cwd=where, stderr=subprocess.PIPE
    )
    assert process.stderr is not None  # noqa: S101 # Tells the type checker.
    while b"goes on" not in await process.stderr.readline():
        pass
    started, cpu = time.perf_counter(), _cpu_s(process.pid)
    await _committed(settings, events)
    took = Took(
        "worker",
        events,
        time.perf_counter() - started,
        _cpu_s(process.pid) - cpu,
        _peak_mb(process.pid),
    )
    process.terminate()
    await process.communicate()
    return took


async def _committed(settings: Settings, events: int) -> None:
    topic = Topics(settings.prefix).progress
    cuts: dict[int, int] = {}
    async with asyncio.timeout(WITHIN_S), open_reader(settings, [topic], {}) as reader:
        while sum(cuts.values()) < events:
            for (_, partition), records in (await reader.batch(1000, 100)).items():
                cuts[partition] = decode_cut(records[-1].value or b"", where=topic).offset


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def _say(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
