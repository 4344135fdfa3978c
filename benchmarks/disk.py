"""What an event takes on disk: in the log, in the views before and after compaction, in SQLite.

``python -m benchmarks.disk`` folds a made-up community on Apache Kafka, lets Kafka compact the
views, follows all of it into a database, and prints bytes. Compaction leaves the segment that is
being written alone, so segments are small here; a partition of 64 MiB segments keeps up to one of
them, and what has come since the last cleaning, beside what is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.request import urlopen

import msgspec
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from benchmarks import logs
from benchmarks.child import serve, work
from benchmarks.groups import group_on
from benchmarks.processes import running
from benchmarks.serve import ready
from stream.config import Settings
from stream.errors import BrokerError
from stream.kafka.connect import connection
from stream.kafka.topics import VIEWS, Topics, create
from stream.process.commit import group_of
from tests.brokers import ApacheBroker, Extra, free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.processes import Child

PARTITIONS: Final = 4
WITHIN_S: Final = 900.0
QUICK: Final = "log.cleaner.backoff.ms=500\nlog.segment.delete.delay.ms=100\n"
SEGMENT_BYTES: Final = str(1 << 20)
NEVER, AT_ONCE = "1.0", "0.01"  # min.cleanable.dirty.ratio
LOOKED_EVERY_S: Final = 2.0
ASKED: Final = 20
BY_TABLE: Final = (
    "SELECT tbl_name, sum(pgsize) FROM dbstat JOIN sqlite_master USING(name) GROUP BY tbl_name"
)
SETTLED: Final = 5  # looks in which nothing changed


class Taken(msgspec.Struct, kw_only=True):
    """``rows``: keys that have a value in the end; bytes are those of Kafka's log files."""

    what: str
    records: int
    written: int
    rows: int
    compacted: int


@contextmanager
def _apache(folder: Path) -> Iterator[str]:
    broker = ApacheBroker(folder, Extra(properties=QUICK))
    broker.start()
    try:
        yield broker.address
    finally:
        broker.stop()


async def topics(settings: Settings, data: Path, items: int) -> list[Taken]:
    """The log and the views of so many items, folded by one worker."""
    names = {"events": Topics(settings.prefix).events, "progress": Topics(settings.prefix).progress}
    names |= {view: Topics(settings.prefix).view(view) for view in VIEWS}
    await create(settings)
    await _compact(settings, NEVER)
    await logs.publish(settings, logs.items(items))
    async with running(work(settings)), group_on(settings, group_of(settings)) as group:
        await group.all_committed(within_s=WITHIN_S)
    written = {what: _bytes(data, topic) for what, topic in names.items()}
    counted = {what: await _counted(settings, topic) for what, topic in names.items()}
    await _compact(settings, AT_ONCE)
    async with asyncio.timeout(WITHIN_S):
        await _settled(data, list(names.values()))
    return [
        Taken(
            what=what,
            records=counted[what][0],
            written=written[what],
            rows=counted[what][1],
            compacted=_bytes(data, topic),
        )
        for what, topic in names.items()
    ]


async def database(settings: Settings, path: Path) -> dict[str, int]:
    """Bytes of each table, its indexes with it, and rows of the largest."""
    (port,) = free_ports(1)
    async with running(serve(settings, port, path)) as service:
        await ready(port)
        first_us = await _asking_us(service, port, 1)
        again_us = await _asking_us(service, port, ASKED)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        found = {f"{table}, bytes": size for table, size in db.execute(BY_TABLE)}
        for table in ("events", "items", "threads"):
            found[f"{table}, rows"] = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
    found["latency of all threads, the first time, CPU us"] = first_us
    found["latency of all threads, again, CPU us"] = again_us
    return found


async def _asking_us(service: Child, port: int, times: int) -> int:
    before = service.cpu_s
    for _ in range(times):
        await asyncio.to_thread(_asked, port)
    return round((service.cpu_s - before) / times * 1e6)


def _asked(port: int) -> None:
    address = f"http://127.0.0.1:{port}/v1/latency?metric=first_answer"
    with urlopen(address, timeout=WITHIN_S) as answer:
        answer.read()


async def _counted(settings: Settings, topic: str) -> tuple[int, int]:
    latest: dict[bytes, bool] = {}
    count = 0
    async for _, key, value in logs.records(settings, topic):
        count += 1
        latest[key] = bool(value)
    return count, sum(latest.values())


async def _compact(settings: Settings, dirty: str) -> None:
    """Have small segments, and those compacted of which a share of more than ``dirty`` is new."""
    more = {"segment.bytes": SEGMENT_BYTES, "min.cleanable.dirty.ratio": dirty}
    changed = [
        ConfigResource(ConfigResourceType.TOPIC, topic, configs={**configs, **more})
        for topic, configs in Topics(settings.prefix).settings().items()
        if configs["cleanup.policy"] == "compact"
    ]
    admin = AIOKafkaAdminClient(**connection(settings))
    await admin.start()
    try:
        for answer in await admin.alter_configs(changed):
            for code, why, _, topic in answer.resources:  # type: ignore[attr-defined] # Typed as any answer.
                if code:
                    msg = f"{topic} cannot be set: {why}"
                    raise BrokerError(msg)
    finally:
        await admin.close()


async def _settled(data: Path, topics: list[str]) -> None:
    same, before = 0, -1
    while same < SETTLED:
        await asyncio.sleep(LOOKED_EVERY_S)
        now = sum(_bytes(data, topic) for topic in topics)
        same, before = (same + 1 if now == before else 0), now


def _bytes(data: Path, topic: str) -> int:
    return sum(file.stat().st_size for file in data.glob(f"{topic}-*/*.log"))


def main() -> int:
    """Print a line of JSON for each topic, then one for the database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=200_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        folder = Path(made)
        with _apache(folder) as address:
            settings = Settings(brokers=address, prefix="disk", partitions=PARTITIONS)
            for taken in asyncio.run(topics(settings, folder / "data", asked.items)):
                sys.stdout.write(msgspec.json.encode(taken).decode() + "\n")
            found = asyncio.run(database(settings, folder / "views.db"))
            sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
