"""One run: the parts on their way, faults at their moments, and at the end all is well again."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from stream.kafka.topics import create
from stream.process.worker import Pace
from tests.brokers import free_ports
from tests.faults import parts
from tests.faults.admin import Altered
from tests.faults.community import Community
from tests.faults.mischief import Mischief
from tests.faults.plan import WORKERS, Fault, Plan
from tests.faults.proxy import Proxy
from tests.faults.witness import Witness
from tests.process.harness import caught_up

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from stream.config import Settings
    from tests.faults.zombies import Woken

REPLAYED_WITHIN_S: Final = 90.0
CAUGHT_UP_WITHIN_S: Final = 90.0
SHOWN_WITHIN_S: Final = 60.0
SETTLED_S: Final = 1.5  # In which whoever was woken would write what he must not.


class Broker(Protocol):
    """What a run does to a broker; the embedded one is never killed."""

    address: str
    copies: int  # Of each topic; one is there.

    @property
    def pid(self) -> int | None: ...
    async def start(self) -> None: ...
    async def kill(self) -> None: ...
    async def stop(self) -> None: ...


class Stage:
    """The parts of a run, each behind a proxy of its own, and what can be done to them."""

    def __init__(self, plan: Plan, settings: Settings, broker: Broker, folder: Path) -> None:
        self.plan = plan
        self.settings = settings
        self.broker = broker
        self.folder = folder
        self.community = Community(plan.seed, plan.threads)
        self.proxies: dict[str, Proxy] = {}
        self.parts: dict[str, parts.Part] = {}
        self.broker_turn = asyncio.Lock()
        self.missed: list[str] = []
        self.woken: list[Woken] = []
        self.rebalanced: list[str] = []  # While one restored.
        self.topics = Altered(settings)
        self._began = time.monotonic()
        self._done = (folder / "done.txt").open("w")

    @asynccontextmanager
    async def set(self) -> AsyncIterator[Stage]:
        """All is there to be started; in the end nothing is left."""
        async with AsyncExitStack() as stack:
            stack.callback(self._done.close)
            for name in (*WORKERS, "serve", "replay"):
                self.proxies[name] = await stack.enter_async_context(
                    Proxy(self.broker.address).running()
                )
            self._make()
            stack.callback(self._clear)
            yield self

    def _make(self) -> None:
        archive = self.community.write(self.folder / "archive.jsonl")
        (port,) = free_ports(1)
        url = f"http://127.0.0.1:{port}"
        self.settings = replace(self.settings, url=url)
        self.witness = Witness(self.community, url, self.plan.seed)
        for name in WORKERS:
            self.parts[name] = self.worker(name, name)
        self.parts["serve"] = parts.serve(self._through("serve"), self.folder, port)
        self.parts["tail"] = parts.tail(self.settings, self.folder)
        speed = self.plan.replay_s and self.community.span_s / self.plan.replay_s
        self.parts["replay"] = parts.replay(self._through("replay"), self.folder, archive, speed)

    def worker(self, label: str, name: str) -> parts.Part:
        through = self._through(name)
        if self.plan.shipped:
            return parts.shipped_worker(label, name, through, self.folder)
        impatient = Pace(
            session_s=self.plan.session_s, heartbeat_s=0.3, rebalance_s=4.0, run_records=200
        )
        return parts.worker(label, name, through, self.folder, impatient)

    def _through(self, name: str) -> Settings:
        return replace(self.settings, brokers=self.proxies[name].address)

    def _clear(self) -> None:
        for part in self.parts.values():
            part.clear()

    async def run(self) -> None:
        """Start all, let what is planned happen, heal, and wait until all has come through."""
        await create(self.settings)
        if self.plan.compacted:
            await self.topics.compact()
        self.parts["one"].start()
        if self.plan.two:
            self.parts["two"].start()
        self.parts["serve"].start()
        await self.parts["one"].says("works for")
        await self.parts["serve"].says("serving on")
        self.parts["tail"].start()
        self.parts["replay"].start()
        self._began = time.monotonic()
        async with self.witness.asking():
            await self._mischief()
            await self._heal()
            await self.parts["replay"].done(REPLAYED_WITHIN_S)
            self.tell("replayed")
            await caught_up(self.settings, within_s=CAUGHT_UP_WITHIN_S)
        self.tell(f"caught up; {len(self.witness.heard)} answers meanwhile")

    async def settle(self) -> None:
        """Whoever has woken gets the time to do harm; then all end, in good order."""
        await asyncio.sleep(SETTLED_S)
        await caught_up(self.settings, within_s=CAUGHT_UP_WITHIN_S)

    async def end(self) -> None:
        for name in [name for name in self.parts if name not in ("serve", "tail")]:
            await self.parts[name].end()
        self.tell("ended")

    @property
    def unwritten(self) -> int:
        """How often a write was refused as too few copies were in step."""
        return sum(proxy.heard.unwritten for proxy in self.proxies.values())

    def tell(self, what: str) -> None:
        """A line of what was done, with when."""
        self._done.write(f"{time.monotonic() - self._began:6.2f} s  {what}\n")
        self._done.flush()

    def miss(self, fault: Fault, why: str) -> None:
        """It did not come to what it was aimed at."""
        self.missed.append(f"{fault}: {why}")
        self.tell(why)

    async def _mischief(self) -> None:
        mischief = Mischief(self)
        async with asyncio.TaskGroup() as faults:
            for fault in self.plan.faults:
                faults.create_task(self._at_its_time(fault, mischief))

    async def _at_its_time(self, fault: Fault, mischief: Mischief) -> None:
        await asyncio.sleep(max(0.0, self._began + fault.at_s - time.monotonic()))
        self.tell(str(fault))
        await mischief.do(fault)
        self.tell(f"over: {fault.what} {fault.whom}")

    async def _heal(self) -> None:
        async with self.broker_turn:
            await self.broker.start()
        for proxy in self.proxies.values():
            proxy.heal()
        for name, part in self.parts.items():
            part.thaw()
            if name in ("one", "serve") or (name == "two" and self.plan.two):
                part.start()
            if name == "replay" and part.status != 0:
                part.start()
        self.tell("healed")
