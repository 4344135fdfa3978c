"""Serve: how fast it follows from an empty database, and how long reads wait meanwhile.

Reads come at a steady rate whatever becomes of them, of all threads that are there by then
(`load.py`); the database is then compared
with what was published.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from benchmarks.bench import bare
from benchmarks.child import serve as serving
from benchmarks.http import Http
from benchmarks.load import OK, Order, Said
from benchmarks.meter import Meter
from benchmarks.processes import python, running
from benchmarks.restore import folded
from benchmarks.results import quantile
from stream.codec.keys import split_key
from tests.brokers import free_ports

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterator

    from benchmarks.bench import Bench
    from benchmarks.processes import Child
    from benchmarks.restore import Folded
    from benchmarks.results import Took

FIGURE: Final = "serve"
ALONE: Final = "following alone"
READ: Final = "following, read meanwhile"
AT_REST: Final = "reads at rest"
STARTED_WITHIN_S: Final = 60.0
WITHIN_S: Final = 1800.0
LOOKED_EVERY_S: Final = 0.1


def serve(bench: Bench) -> Iterator[Took]:
    """Follow alone, follow while it is read, and be read at rest."""
    made = bench.folded or bench.keep(folded(bench))
    yield bare(FIGURE, made.settings)
    with bench.folder() as folder:
        for measure in (_alone, _read):
            database = folder / f"{measure.__name__}.db"
            took = asyncio.run(measure(made, bench, database))
            rows = _rows(database) == (made.counted.events, made.counted.items)
            for each in took:
                right = rows and not each.more.get("wrong_times")
                yield msgspec.structs.replace(each, right=right)
    yield bare(FIGURE, made.settings, after=True)


async def _alone(made: Folded, _: Bench, database: Path) -> list[Took]:
    async with _serving(made, database) as (port, service):
        meter = Meter(made.broker, service)
        await ready(port)
        return [meter.took(FIGURE, ALONE, made.counted.events)]


async def _read(made: Folded, bench: Bench, database: Path) -> list[Took]:
    async with _serving(made, database) as (port, service):
        began = [(key.decode(), *at) for key, at in made.counted.began.items()]
        order = Order(
            port=port,
            rate=bench.sizes.read_rate,
            community=split_key(next(iter(made.counted.began)))[0],
            threads=began,
        )
        meter = Meter(made.broker, service)
        order.position = await _begun(port, order)
        more = await _read_until(bench, ready(port), order)
        meanwhile = meter.took(FIGURE, READ, made.counted.events, more)
        meter = Meter(made.broker, service)
        more = await _read_until(bench, asyncio.sleep(bench.sizes.at_rest_s), order)
        count = int(bench.sizes.at_rest_s * bench.sizes.read_rate)
        at_rest = meter.took(FIGURE, AT_REST, count, more)
    return [meanwhile, msgspec.structs.replace(at_rest, unit="requests")]


@asynccontextmanager
async def _serving(made: Folded, database: Path) -> AsyncIterator[tuple[int, Child]]:
    """The service that follows into an empty database, and its port."""
    (port,) = free_ports(1)
    async with running(serving(made.settings, port, database)) as service:
        await service.says("serving on", within_s=STARTED_WITHIN_S)
        watching = asyncio.create_task(service.watch())
        try:
            yield port, service
        finally:
            watching.cancel()


async def ready(port: int) -> None:
    """Once the views hold what the log held at the start."""
    await _answered(port, "/readyz")


async def _begun(port: int, order: Order) -> str:
    """Once the first thread of each partition is there: how far the service has come."""
    first = [key for key, _, offset in order.threads if offset == 0]
    return [await _answered(port, f"/v1/threads/{key}") for key in first][-1]


async def _answered(port: int, path: str) -> str:
    """Ask for it until it is there; the answer's position."""
    http = Http(port)
    status = 0
    async with asyncio.timeout(WITHIN_S):
        while status != OK:
            with suppress(OSError):  # It says that it serves a moment before it listens.
                status, _ = await http.get(path)
            await asyncio.sleep(0 if status == OK else LOOKED_EVERY_S)
    await http.close()
    return http.position


async def _read_until(bench: Bench, ended: Awaitable[None], order: Order) -> dict[str, float]:
    """The waits of reads until then."""
    loading = await asyncio.create_subprocess_exec(
        *python("benchmarks.load"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[1],
    )
    assert loading.stdin is not None  # noqa: S101 # A pipe was asked for.
    loading.stdin.write(msgspec.json.encode(order) + b"\n")
    await ended
    said, _ = await loading.communicate(b"")  # Its input ends, and so does it.
    told = msgspec.json.decode(said, type=Said)
    if told.wrong:
        bench.say(f"reads that went wrong: {told.wrong}")
    return waits(told)


def waits(said: Said) -> dict[str, float]:
    """Quantiles of all reads, the 99th of each kind, and what went wrong."""
    by_kind = {kind: sorted(waited) for kind, waited in said.waited_ms.items()}
    together = sorted(one for waited in by_kind.values() for one in waited)
    found = {
        "p50_ms": quantile(together, 0.5),
        "p99_ms": quantile(together, 0.99),
        "p99.9_ms": quantile(together, 0.999),
    }
    found |= {f"{kind}_p99_ms": quantile(waited, 0.99) for kind, waited in sorted(by_kind.items())}
    return found | {
        "read_times": len(together),
        "given_up_times": said.given_up,
        "wrong_times": sum(said.wrong.values()),
        "read_threads": float(said.threads),
    }


def _rows(database: Path) -> tuple[int, int]:
    """Events and items that are in it."""
    with sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True) as db:
        counts = [db.execute(f"SELECT count(*) FROM {t}").fetchone() for t in ("events", "items")]  # noqa: S608 # Ours.
    db.close()
    return counts[0][0], counts[1][0]
