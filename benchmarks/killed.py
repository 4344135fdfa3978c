"""What the embedded broker loses when it is killed with -9, and what worker and serve make of it.

``python -m benchmarks.killed --trials 10`` publishes events a few at a time, each awaited until the
broker has confirmed it, while a worker and the service run; kills the broker at a random moment,
starts it on the same folder, and counts what it had confirmed and no longer has. Then the same
events are replayed from a file, the worker is started again where it has ended, and `verify` says
whether the views are right.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from benchmarks import logs
from benchmarks.processes import EndedError, family, running
from stream.codec.events import Encoded, encode
from stream.config import Settings
from stream.kafka.embedded import embedded_broker
from stream.kafka.follow import open_reader
from stream.kafka.publish import open_publisher
from stream.kafka.records import partition_of
from stream.kafka.topics import Topics
from tests.brokers import free_ports, steady_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.processes import Child

EVENTS: Final = 40_000
TOGETHER: Final = 50
PAUSE_S: Final = 0.02
KILLED_AFTER_S: Final = (3.0, 12.0)
LISTENED_S: Final = 25.0
ENDS_WITHIN_S: Final = 180.0
PARTITIONS: Final = 4
QUIET_S: Final = 0.05


@dataclass(slots=True)
class Published:
    """What the broker has confirmed, by partition, and when."""

    ids: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    confirmed: list[tuple[float, dict[int, int]]] = field(default_factory=list)

    def add(self, events: list[Encoded]) -> None:
        for event in events:
            self.ids[partition_of(event.key or b"", PARTITIONS)].append(event.id)

    def confirm(self) -> None:
        ends = {part: len(ids) for part, ids in self.ids.items()}
        self.confirmed.append((time.monotonic(), ends))


class Trial(msgspec.Struct, kw_only=True):
    """What became of one; ``lost_s``: how long before the kill the first lost one was confirmed."""

    after_s: float
    confirmed: int
    lost: int
    lost_s: float
    readable: bool
    worker: list[str]
    worker_ended: bool
    serve: list[str]
    serve_ended: bool
    replayed: str = ""
    verified: str = ""


async def trial(folder: Path, chance: random.Random) -> Trial:
    """One broker, killed once."""
    data, port, archive = folder / "broker", steady_ports(1)[0], folder / "events.jsonl"
    events = [encode(event) for event in logs.community(EVENTS)]
    archive.write_bytes(b"".join(event.value + b"\n" for event in events))
    published, after_s = Published(), chance.uniform(*KILLED_AFTER_S)
    async with AsyncExitStack() as ending:
        async with embedded_broker(data, port) as address:
            settings = Settings(brokers=address, prefix="killed", partitions=PARTITIONS)
            worker = await ending.enter_async_context(running(_command(settings, "work")))
            await worker.says("", within_s=60)
            url, serve = _serve(settings, folder)
            service = await ending.enter_async_context(running(serve))
            publishing = asyncio.create_task(_publish(settings, events, published))
            await asyncio.sleep(after_s)
            os.kill(_broker(), signal.SIGKILL)
            killed_at, confirmed = time.monotonic(), dict(published.confirmed[-1][1])
            publishing.cancel()
            await asyncio.gather(publishing, return_exceptions=True)
        async with embedded_broker(data, port):
            there, readable = await _there(settings, published)
            lost = {part: max(0, end - there.get(part, 0)) for part, end in confirmed.items()}
            first = next(
                (at for at, ends in published.confirmed if _beyond(ends, there)), killed_at
            )
            told, ended = await _heard(worker)
            served, gone = await _heard(service, 1.0)
            found = Trial(
                after_s=after_s,
                confirmed=sum(confirmed.values()),
                lost=sum(lost.values()),
                lost_s=killed_at - first,
                readable=readable,
                worker=told,
                worker_ended=ended,
                serve=served,
                serve_ended=gone,
            )
            if ended:
                await ending.enter_async_context(running(_command(settings, "work")))
            found.replayed = await _ran(settings, "replay", str(archive))
            found.verified = await _verified(settings, archive, url)
            return found


async def _publish(settings: Settings, events: list[Encoded], published: Published) -> None:
    waiting = iter(events)
    async with open_publisher(settings) as publisher:
        while some := list(islice(waiting, TOGETHER)):
            published.add(some)
            await publisher.publish(some)
            await publisher.flush()
            published.confirm()
            await asyncio.sleep(PAUSE_S)


async def _there(settings: Settings, published: Published) -> tuple[dict[int, int], bool]:
    """How much of each partition is there, and whether it is how what was published begins."""
    topic = Topics(settings.prefix).events
    ids: dict[int, list[str]] = defaultdict(list)
    async with open_reader(settings, [topic], {}) as reader:
        ends = await reader.ends()
        async with asyncio.timeout(ENDS_WITHIN_S):
            while any(position < ends[at] for at, position in (await reader.positions()).items()):
                for (_, part), records in (await reader.batch(10_000, 200)).items():
                    ids[part] += [msgspec.json.decode(r.value or b"{}")["id"] for r in records]
    whole = all(found == published.ids[part][: len(found)] for part, found in ids.items())
    return {part: len(found) for part, found in ids.items()}, whole


def _beyond(ends: dict[int, int], there: dict[int, int]) -> bool:
    return any(end > there.get(part, 0) for part, end in ends.items())


async def _heard(child: Child, within_s: float = LISTENED_S) -> tuple[list[str], bool]:
    """What it says by then, and whether it has ended."""
    said: list[str] = []
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            said.append((await child.says("", within_s=QUIET_S)).strip())
        except TimeoutError:
            continue
        except EndedError:
            return said, True
    return said, False


def _command(settings: Settings, *words: str) -> list[str]:
    kafka = ("--brokers", settings.brokers, "--prefix", settings.prefix)
    return [sys.executable, "-m", "stream.cli", *words, *kafka]


def _serve(settings: Settings, folder: Path) -> tuple[str, list[str]]:
    (port,) = free_ports(1)
    words = ("serve", "--port", str(port), "--database", str(folder / "views.sqlite"))
    return f"http://127.0.0.1:{port}", _command(settings, *words)


async def _verified(settings: Settings, archive: Path, url: str) -> str:
    """What is said in the end: on a busy machine the service is not there yet at first."""
    until = time.monotonic() + ENDS_WITHIN_S
    while True:
        found = await _ran(settings, "verify", str(archive), "--url", url)
        if found.startswith("0: ") or time.monotonic() > until:
            return found
        await asyncio.sleep(QUIET_S)


async def _ran(settings: Settings, *words: str) -> str:
    """Its exit status and the last line that it said."""
    command = _command(settings, *words)
    try:
        done = await asyncio.to_thread(
            subprocess.run, command, capture_output=True, text=True, timeout=ENDS_WITHIN_S
        )
    except subprocess.TimeoutExpired:
        return f"no end after {ENDS_WITHIN_S:g} s"
    said = (done.stdout + done.stderr).strip().splitlines()
    return f"{done.returncode}: {said[-1] if said else ''}"


def _broker() -> int:
    """The process id of the program itself, not of its watchdog."""
    for pid in family(os.getpid()):
        with suppress(OSError):
            program = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
            if program.endswith(b"noida-db"):
                return pid
    msg = "the broker runs no more"
    raise EndedError(msg)


def main() -> int:
    """Print each trial as a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    for found in _trials(asked.trials, asked.seed):
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        sys.stdout.flush()
    return 0


def _trials(count: int, seed: int) -> Iterator[Trial]:
    chance = random.Random(seed)  # noqa: S311 # No secret.
    for _ in range(count):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            yield asyncio.run(trial(Path(folder), chance))


if __name__ == "__main__":
    sys.exit(main())
