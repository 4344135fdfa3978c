"""Reads at a steady rate, whatever becomes of them: ``python -m benchmarks.load``.

An open loop: each request is due at its moment, and its wait is counted from then on, also where
it was sent late because others were not answered (no coordinated omission). Its input is an order
on one line; it ends when that does, and prints one JSON object: the waits by kind, and how many
went wrong. Threads are drawn from all that are there: every answer says how far the service has
come, and the order where each thread begins on the log.
"""

from __future__ import annotations

import asyncio
import random
import sys
from bisect import bisect_left
from collections import Counter, defaultdict
from datetime import date
from operator import itemgetter
from typing import Final

import msgspec

from benchmarks.http import Http
from stream.core.position import Position

SHARES: Final = {"thread": 60, "list": 25, "activity": 10, "latency": 5}
STATES: Final = ("waiting", "answered", "accepted", "closed")
METRICS: Final = ("first_response", "first_answer", "accepted")
YEARS: Final = (2010, 2020)  # Those of the log.
OK: Final = 200
SENT_MAX: Final = 500_000  # Whatever becomes of who started it.


class Order(msgspec.Struct, kw_only=True):
    """Where, how often a second, and of whom.

    ``threads``: the key of each, its partition, and the offset of its first event;
    ``position``: how far the service has come as it begins.
    """

    port: int
    rate: float
    community: str
    threads: list[tuple[str, int, int]]
    position: str = ""


class Said(msgspec.Struct, kw_only=True):
    """What is printed."""

    waited_ms: dict[str, list[float]]
    given_up: int  # After `http.WITHIN_S`; their waits are among those above.
    wrong: dict[str, int]
    threads: int  # How many have been asked for, each counted once.


class There:
    """The threads that are there at a position."""

    def __init__(self, threads: list[tuple[str, int, int]]) -> None:
        self._keys: dict[int, list[str]] = defaultdict(list)  # By partition, as they begin.
        self._begin: dict[int, list[int]] = defaultdict(list)
        self._there: list[tuple[list[str], int]] = []
        self._token = ""
        for key, partition, offset in sorted(threads, key=itemgetter(2)):
            self._keys[partition].append(key)
            self._begin[partition].append(offset)

    def at(self, token: str) -> None:
        """From now on those whose first event lies before this position."""
        if token == self._token:
            return
        self._token = token
        reached = Position.parse(token)
        self._there = [
            (keys, bisect_left(self._begin[partition], reached.get(partition, 0)))
            for partition, keys in self._keys.items()
        ]

    def drawn(self, draw: random.Random) -> str | None:
        """One of them, each as likely; None where there is none."""
        count = sum(count for _, count in self._there)
        n = draw.randrange(count) if count else 0
        for keys, many in self._there:
            if n < many:
                return keys[n]
            n -= many
        return None


class Load:
    """One run of it."""

    def __init__(self, order: Order) -> None:
        self.waited_ms: dict[str, list[float]] = defaultdict(list)
        self.given_up = 0
        self.wrong: Counter[str] = Counter()
        self.asked: set[str] = set()  # Threads
        self._order = order
        self._there = There(order.threads)
        self._there.at(order.position)
        self._http = Http(order.port)
        self._random = random.Random(1)  # noqa: S311 # The same reads in every run.

    async def run(self, ended: asyncio.Event) -> None:
        """Until ``ended``, then until all are answered."""
        clock = asyncio.get_running_loop().time
        began, sent = clock(), 0
        asked: set[asyncio.Task[None]] = set()
        while not ended.is_set() and sent < SENT_MAX:
            due = began + sent / self._order.rate
            await asyncio.sleep(max(0.0, due - clock()))
            task = asyncio.create_task(self._ask(due))
            asked.add(task)
            task.add_done_callback(asked.discard)
            sent += 1
        await asyncio.gather(*asked)
        await self._http.close()

    async def _ask(self, due: float) -> None:
        kind = self._random.choices(list(SHARES), list(SHARES.values()))[0]
        try:
            status, _ = await self._http.get(self._path(kind))
        except TimeoutError:
            self.given_up += 1
            self._waited(kind, due)
        except (OSError, asyncio.IncompleteReadError) as error:
            self.wrong[type(error).__name__] += 1
        else:
            if status == OK:
                self._waited(kind, due)
            else:
                self.wrong[f"{kind} {status}"] += 1

    def _waited(self, kind: str, due: float) -> None:
        waited_s = asyncio.get_running_loop().time() - due
        self.waited_ms[kind].append(waited_s * 1000)

    def _path(self, kind: str) -> str:
        community = self._order.community
        self._there.at(self._http.position or self._order.position)
        thread = self._there.drawn(self._random) if kind == "thread" else None
        if thread is not None:
            self.asked.add(thread)
            return f"/v1/threads/{thread}"
        if kind in {"list", "thread"}:
            state = self._random.choice(STATES)
            return f"/v1/threads?community={community}&state={state}"
        if kind == "latency":
            metric = self._random.choice(METRICS)
            return f"/v1/latency?community={community}&metric={metric}"
        return f"/v1/activity?community={community}&bucket=day&{self._two_months()}"

    def _two_months(self) -> str:
        since = date(self._random.randrange(*YEARS), self._random.randrange(1, 11), 1)
        return f"since={since}&until={since.replace(month=since.month + 2)}"


async def _run(order: Order) -> None:
    load, ended = Load(order), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    await load.run(ended)
    said = Said(
        waited_ms=load.waited_ms,
        given_up=load.given_up,
        wrong=load.wrong,
        threads=len(load.asked),
    )
    sys.stdout.write(msgspec.json.encode(said).decode() + "\n")


if __name__ == "__main__":
    asyncio.run(_run(msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)))
