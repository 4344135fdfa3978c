"""What can be done to the parts of a run; each fault of a plan is one of these."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from collections import defaultdict
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from tests.faults.plan import BESIDE_SERVE
from tests.faults.proxy import Api, Gate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.faults.campaign import Stage
    from tests.faults.parts import Part
    from tests.faults.plan import Fault

REACHED_WITHIN_S: Final = 4.0  # And where the worker is to start before, in this time:
STARTED_WITHIN_S: Final = 40.0
HARM_S: Final = 1.5  # In which one who has woken would do it.
ADOPTING: Final = (Api.INIT_PRODUCER_ID, Api.LIST_OFFSETS)  # They come then only.


class Mischief:
    """Done to a stage; each returns when it is over."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._parts = stage.parts
        self._proxies = stage.proxies
        self._broker = stage.broker
        self._spares = 0
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # Nobody sleeps twice.

    async def do(self, fault: Fault) -> None:
        await getattr(self, f"_{fault.what}")(fault)

    async def _kill(self, fault: Fault) -> None:
        if fault.whom == "broker":
            async with self._stage.broker_turn:
                await self._broker.kill()
                await asyncio.sleep(fault.for_s)
                await self._broker.start()
            return
        if fault.whom in BESIDE_SERVE:
            for pid in self._beside(fault.whom):
                _signal(pid, signal.SIGKILL)
            return
        part = self._parts[fault.whom]
        if fault.whom == "replay" and part.status == 0:
            return
        gate = await self._gate(fault)
        part.kill()
        if gate is not None:
            gate.drop() if fault.lost else gate.release()
        await asyncio.sleep(fault.for_s)
        part.start()

    async def _fill(self, fault: Fault) -> None:
        """By a quota on what a file may grow to: none of the broker's may grow any more."""
        async with self._stage.broker_turn:
            pid = self._broker.pid
            if pid is not None:
                with _no_room(pid):
                    await asyncio.sleep(fault.for_s)
                self._stage.tell("the broker has ended" if self._broker.pid is None else "it runs")
            await self._broker.kill()
            await self._broker.start()

    async def _freeze(self, fault: Fault) -> None:
        if fault.whom == "broker":
            async with self._stage.broker_turn:
                await self._asleep([self._broker.pid], fault.for_s)
        elif fault.whom in BESIDE_SERVE:
            await self._asleep(self._beside(fault.whom), fault.for_s)
        else:
            gate = await self._gate(fault)
            await self._asleep([self._parts[fault.whom].pid], fault.for_s, gate)

    def _beside(self, whom: str) -> list[int]:
        serve = self._parts["serve"]
        return serve.children() if whom == "follower" else serve.grandchildren()

    async def _asleep(
        self, pids: Sequence[int | None], for_s: float, gate: Gate | None = None
    ) -> None:
        there = [pid for pid in pids if pid is not None]
        for pid in there:
            _signal(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(for_s)
        finally:  # Nobody sleeps on where the run is given up.
            if gate is not None:
                gate.release()
            for pid in there:
                _signal(pid, signal.SIGCONT)

    async def _zombie(self, fault: Fault) -> None:
        async with self._turns[fault.whom]:
            gate = await self._gate(fault)
            zombie = self._parts[fault.whom]
            pid = zombie.pid
            zombie.freeze()
            other = self._successor(fault.whom)
            asleep = asyncio.create_task(asyncio.sleep(fault.for_s))
            other.start()
            with suppress(TimeoutError):
                await asyncio.wait_for(other.says("goes on"), fault.for_s)
            await asleep
            if gate is not None:
                gate.drop() if fault.lost else gate.release()
                await asyncio.sleep(0.1)  # It arrives while the one who sent it still sleeps.
            if pid is not None:
                _signal(pid, signal.SIGCONT)
            if zombie.retired:
                await asyncio.sleep(HARM_S)
                zombie.kill()

    def _successor(self, whom: str) -> Part:
        """Who takes over: the other worker.

        The embedded broker gives up no member: there another comes by the same name, and the
        one who slept is ended after he has woken.
        """
        if self._stage.plan.broker == "apache":
            return self._parts["two" if whom == "one" else "one"]
        self._spares += 1
        before = self._parts[whom]
        before.retire()
        self._parts[f"{whom}-{self._spares}"] = before
        self._parts[whom] = self._stage.worker(f"{whom}-after-{self._spares}", whom)
        return self._parts[whom]

    async def _hold(self, fault: Fault) -> None:
        gate = await self._gate(fault)
        if gate is not None:
            await asyncio.sleep(fault.for_s)
            gate.drop() if fault.lost else gate.release()

    async def _gate(self, fault: Fault) -> Gate | None:
        """The gate at which a request of the fault's phase waits; None where there came none."""
        if fault.phase is None:
            return None
        gate = self._proxies[fault.whom].hold(fault.phase, answer=fault.answer)
        adopts = fault.phase in ADOPTING
        if adopts:
            self._parts[fault.whom].kill()
        self._parts[fault.whom].start()
        within_s = STARTED_WITHIN_S if adopts else REACHED_WITHIN_S
        try:
            await asyncio.wait_for(gate.reached.wait(), within_s)
        except TimeoutError:
            gate.release()
            self._stage.missed.append(str(fault))
            self._stage.tell(f"no {fault.phase.name} of {fault.whom} came")
            return None
        self._stage.tell(f"reached: {fault.phase.name} of {fault.whom}")
        return gate

    async def _slow(self, fault: Fault) -> None:
        self._proxies[fault.whom].delay_s = fault.delay_s
        await asyncio.sleep(fault.for_s)
        self._proxies[fault.whom].delay_s = 0.0

    async def _cut(self, fault: Fault) -> None:
        self._proxies[fault.whom].cut()

    async def _stall(self, fault: Fault) -> None:
        self._proxies[fault.whom].stall()
        await asyncio.sleep(fault.for_s)
        self._proxies[fault.whom].go_on()

    async def _join(self, fault: Fault) -> None:
        self._parts["two"].start()
        await asyncio.sleep(fault.for_s)
        await self._parts["two"].end()

    async def _leave(self, fault: Fault) -> None:
        await self._parts["two"].end()
        await asyncio.sleep(fault.for_s)
        self._parts["two"].start()

    async def _refuse(self, fault: Fault) -> None:
        async with self._stage.topics.refusing(fault.whom):
            await asyncio.sleep(fault.for_s)


@contextmanager
def _no_room(pid: int) -> Iterator[None]:
    """No file of this process may grow; there is room again afterwards, if it is still there."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
