"""What can be done to the parts of a run; each fault of a plan is one of these."""

from __future__ import annotations

import asyncio
import resource
import signal
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Final

from stream.kafka.topics import VIEWS, Topics
from tests.faults.heard import Api
from tests.faults.parts import send
from tests.faults.plan import BESIDE_SERVE
from tests.faults.zombies import ADOPTING, Zombies

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from tests.faults.campaign import Stage
    from tests.faults.plan import Fault
    from tests.faults.proxy import Gate

REACHED_WITHIN_S: Final = 4.0  # And where the worker is to start before, in this time:
STARTED_WITHIN_S: Final = 40.0
CHANGED_WITHIN_S: Final = 20.0  # From when one comes or goes until the others have shared anew.
RESTORING: Final = Api.FETCH  # Of view topics.


class Mischief:
    """Done to a stage; each returns when it is over."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._parts = stage.parts
        self._proxies = stage.proxies
        self._broker = stage.broker
        self._zombies = Zombies(stage)

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
                send(pid, signal.SIGKILL)
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
            send(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(for_s)
        finally:  # Nobody sleeps on where the run is given up.
            if gate is not None:
                gate.release()
            for pid in there:
                send(pid, signal.SIGCONT)

    async def _zombie(self, fault: Fault) -> None:
        async with self._zombies.turn:
            gate = await self._gate(fault)
            await self._zombies.sleep(fault, gate)

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
            self._stage.miss(fault, f"no {fault.phase.name} of {fault.whom} came")
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
        """The other comes for a while; where a step is named, while this one restores."""
        two = self._parts["two"]
        if fault.phase == RESTORING:
            async with self._restoring(fault) as gate:
                self._parts["one"].kill()
                self._parts["one"].start()
                await self._shared_anew(fault, gate)
        two.start()
        await asyncio.sleep(fault.for_s)
        await two.end()

    async def _leave(self, fault: Fault) -> None:
        """The other goes for a while; where a step is named, it is back while this one restores."""
        two = self._parts["two"]
        if fault.phase == RESTORING:
            async with self._restoring(fault) as gate:
                await two.end()
                await self._shared_anew(fault, gate)
            return
        await two.end()
        await asyncio.sleep(fault.for_s)
        two.start()

    @asynccontextmanager
    async def _restoring(self, fault: Fault) -> AsyncIterator[Gate]:
        """A gate at which the first restoring waits; after this it can go on."""
        names = Topics(self._stage.settings.prefix)
        views = [names.view(view).encode() for view in VIEWS]
        gate = self._proxies["one"].hold(RESTORING, naming=views)
        try:
            yield gate
        except TimeoutError:
            self._stage.miss(fault, "nobody restored, or the other did not come meanwhile")
        finally:
            gate.release()

    async def _shared_anew(self, fault: Fault, gate: Gate) -> None:
        """Wait until one restores; then the other comes and goes on with what it gets."""
        two = self._parts["two"]
        await asyncio.wait_for(gate.reached.wait(), STARTED_WITHIN_S)
        said = len(two.said)
        two.start()
        goes_on = two.says_one_of(["goes on from"], after=said)
        await asyncio.wait_for(goes_on, CHANGED_WITHIN_S)
        self._stage.tell("the other came while one restored")
        self._stage.rebalanced.append(str(fault))

    async def _refuse(self, fault: Fault) -> None:
        """Where the broker began anew meanwhile, it does so once more.

        Kafka tells nobody the end of a partition whose leader began with too few copies in step,
        until something more is written there.
        """
        before, pid = self._stage.unwritten, self._broker.pid
        async with self._stage.broker_turn:
            await self._stage.topics.refuse(fault.whom)
        await asyncio.sleep(fault.for_s)
        async with self._stage.broker_turn:
            await self._stage.topics.allow(fault.whom)
            if self._broker.pid != pid:
                await self._broker.stop()
                await self._broker.start()
        if self._stage.unwritten == before:
            self._stage.miss(fault, f"nothing of {fault.whom} was written meanwhile")


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
