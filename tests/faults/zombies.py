"""Workers that sleep until others have taken their place, and wake as if they still had it."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.faults.heard import WRITES, Api
from tests.faults.parts import send

if TYPE_CHECKING:
    from tests.faults.campaign import Stage
    from tests.faults.heard import Refusal
    from tests.faults.parts import Part
    from tests.faults.plan import Fault
    from tests.faults.proxy import Gate

OVERTAKEN_WITHIN_S: Final = 12.0  # Beyond the sleep that was planned; a busy machine is slow.
TOLD_WITHIN_S: Final = 6.0
HARM_S: Final = 1.5  # In which one who has woken would do it.
ADOPTING: Final = (Api.INIT_PRODUCER_ID, Api.LIST_OFFSETS)  # They come then only.


class Woken(NamedTuple):
    """A zombie of which somebody else had a partition by the time when he woke.

    He was told so at ``refusal``: a write of his was refused, or he was no member any more. Which
    of them it must be says `must_be_fenced`.
    """

    fault: Fault
    refusal: Refusal


def must_be_fenced(fault: Fault, *, reached: bool) -> bool:
    """Whether a write of this one is on its way when he falls asleep, or comes at once after.

    Who has just heard that all is committed may have nothing more to write; who adopts has not
    begun; and where the line is lost, nobody need send it again.
    """
    if not reached or fault.lost or fault.phase not in WRITES:
        return False
    return not (fault.answer and fault.phase == Api.END_TXN)


class Zombies:
    """One after the other: so that there is somebody awake to take over."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._spares = 0
        self.turn = asyncio.Lock()

    async def sleep(self, fault: Fault, gate: Gate | None) -> None:
        """Stop one (whose step waits at ``gate``) until he is overtaken; wake him, and listen."""
        zombie, heard = self._stage.parts[fault.whom], self._stage.proxies[fault.whom].heard
        pid, held = zombie.pid, self._held(fault.whom)
        zombie.freeze()
        lines, refusals = range(heard.lines), len(heard.refusals)
        overtaken = await self._overtaken(self._successor(fault.whom), held, fault.for_s)
        if gate is not None:
            gate.drop() if fault.lost else gate.release()
            await asyncio.sleep(0.1)  # It arrives while the one who sent it still sleeps.
        if pid is not None:
            send(pid, signal.SIGCONT)
        if not overtaken:
            self._stage.miss(fault, f"nobody took over from {fault.whom}, who had {sorted(held)}")
        else:
            fenced = must_be_fenced(fault, reached=gate is not None)
            told = await heard.refusal(lines, refusals, TOLD_WITHIN_S, fenced=fenced)
            self._note(fault, told)
        if zombie.retired:
            await asyncio.sleep(HARM_S)
            zombie.kill()

    def _note(self, fault: Fault, told: Refusal | None) -> None:
        if told is None:
            self._stage.miss(fault, f"{fault.whom} woke, and was refused nothing")
            return
        what = "fenced" if told.fenced else "no member any more"
        self._stage.tell(f"overtaken and woken: {fault.whom} is {what} ({told.api.name})")
        self._stage.woken.append(Woken(fault, told))

    def _held(self, whom: str) -> set[str]:
        """The partitions of which ``whom`` was the last who asked to be the writer."""
        asked = {name: proxy.heard.asked for name, proxy in self._stage.proxies.items()}
        return {
            writer.rpartition("-")[2]
            for writer, at in asked[whom].items()
            if all(at >= other.get(writer, 0.0) for other in asked.values())
        }

    async def _overtaken(self, other: Part, held: set[str], for_s: float) -> bool:
        """Sleep so long, and on until ``other`` goes on with one of these partitions."""
        after = len(other.said)  # It may have had them before.
        other.start()
        words = tuple(f"partition {partition} goes on from" for partition in held)
        try:
            async with asyncio.timeout(for_s + OVERTAKEN_WITHIN_S):
                async with asyncio.TaskGroup() as both:
                    both.create_task(asyncio.sleep(for_s))
                    both.create_task(other.says_one_of(words, after=after))
        except TimeoutError:
            return False
        return True

    def _successor(self, whom: str) -> Part:
        """Who takes over: the other worker.

        The embedded broker gives up no member: there another comes by the same name, and the
        one who slept is ended after he has woken.
        """
        parts = self._stage.parts
        if self._stage.plan.broker == "apache":
            return parts["two" if whom == "one" else "one"]
        self._spares += 1
        before = parts[whom]
        before.retire()
        parts[f"{whom}-{self._spares}"] = before
        parts[whom] = self._stage.worker(f"{whom}-after-{self._spares}", whom)
        return parts[whom]
