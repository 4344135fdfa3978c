"""What must be so in the service after a run: its database, its answers, its stream."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Final

import httpx
import orjson

from stream.core.position import Position
from stream.kafka.records import partition_of
from tests.faults import reference
from tests.faults.judge import where
from tests.serve.test_store import tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stream.config import Settings
    from tests.faults.community import Community
    from tests.faults.judge import Read

SERVED_WITHIN_MS: Final = 30_000
OK: Final = 200
ROWS: Final = (
    *("threads", "waits", "waited", "spans", "items"),
    *("replies", "activity", "people", "clock"),
)
CHANGED: Final = "SELECT name, day FROM changed JOIN communities ON no = community"


def database(path: Path, undisturbed: Path, found: Read) -> Iterator[str]:
    """It holds the rows of an undisturbed run, and every record of the log once."""
    with closing(_opened(path)) as db, closing(_opened(undisturbed)) as reference_db:
        there, wanted = tables(db), tables(reference_db)
        events = db.execute("SELECT part, off, raw FROM events").fetchall()
        unchanged = set(reference_db.execute(CHANGED)) - set(db.execute(CHANGED))
    for name in ROWS:
        lost, more = Counter(wanted[name]), Counter(there[name])
        yield from (f"the table {name} lacks {row[:200]}" for row in lost - more)
        yield from (f"the table {name} has {row[:200]}" for row in more - lost)
    # Others may have changed meanwhile: an item was first put where nobody knew better.
    yield from (f"the day {day} of {name} never changed" for name, day in unchanged)
    logged = Counter(
        (part, record.offset, record.value)
        for part, records in found.log.items()
        for record in records
    )
    stored = Counter(events)
    if stored != logged:
        lost, more = logged - stored, stored - logged
        yield f"the database lacks {lost.total()} records of the log, and has {more.total()} others"
    if there["pending"]:
        yield f"{len(there['pending'])} records of views wait for a cut that does not come"


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True)


async def answers(
    community: Community, settings: Settings, found: Read, undisturbed: Path
) -> list[str]:
    """What is served is what an undisturbed run serves, to the byte."""
    position = Position({part: records[-1].offset + 1 for part, records in found.log.items()})
    params = {"min_position": position.token, "wait_ms": str(SERVED_WITHIN_MS)}
    async with (
        reference.service(settings.partitions, undisturbed) as wanted,
        httpx.AsyncClient(base_url=settings.url, timeout=90, trust_env=False) as service,
    ):
        waited = await service.get("/v1/positions", params=params)
        if waited.status_code != OK:
            return [f"the service does not come to the end of the log: {waited.text}"]
        return await differing(community, wanted, service)


async def differing(
    community: Community, wanted: httpx.AsyncClient, service: httpx.AsyncClient
) -> list[str]:
    """Where ``service`` answers otherwise than is ``wanted``."""
    found: list[str] = []
    async for path in reference.paths(wanted, community):
        right, answer = await wanted.get(path), await service.get(path)
        if (right.status_code, right.content) != (answer.status_code, answer.content):
            found.append(f"GET {path}: {where(right.content, answer.content)}")
    return found


def streamed(found: Read, partitions: int) -> Counter[str]:
    """The ids that a subscriber gets: each record of the log once, of a community's one copy."""
    ids: Counter[str] = Counter()
    for part, records in found.log.items():
        for record in records:
            body = orjson.loads(record.value or b"")
            if body.get("subject") or partition_of(record.key or b"", partitions) == part:
                ids[body["id"]] += 1
    return ids


def stream(wanted: Counter[str], out: Path) -> Iterator[str]:
    """A subscriber who was there all the time has had every event of the log once."""
    seen = Counter(orjson.loads(line)["id"] for line in out.read_bytes().splitlines() if line)
    if seen != wanted:
        lost, more = wanted - seen, seen - wanted
        yield f"the stream lacks {lost.total()} events and repeats {more.total()}"
