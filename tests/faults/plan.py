"""What goes wrong in a run, and when: drawn from its seed, so that it can be drawn again."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from tests.faults.heard import Api

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

KINDS: Final = (
    *("kills", "zombies", "network", "broker", "members", "refusals"),
    *("zombies", "kills", "zombies", "broker"),
)  # Of ten runs in a row: first one of each, and in all three with zombies.
PHASES: Final = (
    Api.INIT_PRODUCER_ID,
    Api.ADD_PARTITIONS_TO_TXN,
    Api.PRODUCE,
    Api.ADD_OFFSETS_TO_TXN,
    Api.TXN_OFFSET_COMMIT,
    Api.END_TXN,
)
AROUND: Final = (*PHASES, Api.FETCH, Api.LIST_OFFSETS, Api.JOIN_GROUP, Api.SYNC_GROUP)
WORKERS: Final = ("one", "two")
BESIDE_SERVE: Final = ("follower", "writer")  # Its child, and that one's.
PROCESSES: Final = (*WORKERS, "serve", *BESIDE_SERVE, "replay")
COMES_OR_GOES: Final = ("join", "leave")
SESSION_S: Final = {"apache": 3.0, "embedded": 6.0}  # Of impatient workers: the least allowed.
SHIPPED_SESSION_S: Final = 10.0


@dataclass(frozen=True)
class Fault:
    """``what`` happens to ``whom`` at ``at_s``, for ``for_s``; more where it needs more."""

    at_s: float
    what: str
    whom: str
    for_s: float = 0.0
    phase: Api | None = None
    answer: bool = False  # The broker has acted on it: its answer is held back.
    lost: bool = False  # What was held back never arrives.
    delay_s: float = 0.0

    @override
    def __str__(self) -> str:
        said = f"{self.at_s:5.2f} s  {self.what} {self.whom}"
        if self.what in COMES_OR_GOES and self.phase is not None:
            said += " while one restores"
        elif self.phase is not None:
            way = "answer to" if self.answer else "request"
            said += f" at the {way} {self.phase.name}" + (" (lost)" if self.lost else "")
        if self.delay_s:
            said += f" by {self.delay_s:.2f} s a frame"
        return said + (f" for {self.for_s:.2f} s" if self.for_s else "")


@dataclass(frozen=True)
class Plan:
    """A run: how the parts are set up, and the faults in their order."""

    seed: int
    kind: str
    broker: str
    threads: int
    partitions: int
    replay_s: float | None  # None: as fast as goes.
    shipped: bool  # Workers as `threadline work` is, with its patience.
    two: bool  # Whether the second worker is there from the start.
    compacted: bool = False  # Whether the broker compacts all the time, not once in weeks.
    faults: list[Fault] = field(default_factory=list)

    @property
    def session_s(self) -> float:
        return SHIPPED_SESSION_S if self.shipped else SESSION_S[self.broker]

    @override
    def __str__(self) -> str:
        speed = "at once" if self.replay_s is None else f"over {self.replay_s:.1f} s"
        head = (
            f"seed {self.seed} on {self.broker}: {self.kind}; {self.threads} threads replayed "
            f"{speed} into {self.partitions} partitions; "
            f"{'two workers' if self.two else 'one worker'}, "
            f"{'as shipped' if self.shipped else 'impatient'}"
            f"{', topics compacted' if self.compacted else ''}"
        )
        return "\n".join([head, *(f"  {fault}" for fault in self.faults)])


def draw(seed: int, broker: str, attempt: int = 0) -> Plan:
    """The run of ``seed``; another of its kind at each ``attempt``."""
    again = f" {attempt}" if attempt else ""
    chance = random.Random(f"{seed} {broker}{again}")  # noqa: S311 # The same faults in every run.
    kind = KINDS[seed % len(KINDS)]
    length = chance.uniform(8.0, 12.0) if kind == "zombies" else chance.uniform(5.0, 9.0)
    plan = Plan(
        seed=seed,
        kind=kind,
        broker=broker,
        threads=chance.randint(150, 280),
        partitions=chance.choice((1, 2, 3, 4)),
        replay_s=None if kind != "zombies" and chance.random() < 0.15 else length,
        shipped=chance.random() < 0.25,
        two=chance.random() < 0.5,
        compacted=broker == "apache" and chance.random() < 0.4,
    )
    if kind == "members" or (kind == "zombies" and plan.two):  # Else one of them has nothing.
        plan = replace(plan, partitions=max(2, plan.partitions))
    faults = _Drawn(chance, plan, length).faults()
    plan.faults.extend(sorted(faults, key=lambda fault: fault.at_s))
    return plan


class _Drawn:
    """Faults of one plan, at random moments and in pairs."""

    def __init__(self, chance: random.Random, plan: Plan, length: float) -> None:
        self._chance = chance
        self._plan = plan
        self._length = length
        self._apache = plan.broker == "apache"

    def faults(self) -> list[Fault]:
        """Two to four moments; what the run is about at each, something else beside it at half."""
        chance = self._chance
        most = 2 if self._plan.kind == "zombies" else 4  # They take long.
        moments = [chance.uniform(0.2, self._length) for _ in range(chance.randint(2, most))]
        found = []
        about = self._about()
        for at in moments:
            found.append(chance.choice(about)(at))
            if chance.random() < 0.5:
                near = max(0.0, at + chance.uniform(-0.3, 0.6))
                found.append(chance.choice(self._any())(near))
        if self._plan.kind == "zombies" and not any(f.what == "zombie" for f in found):
            found.append(self._zombie(moments[0]))
        return found

    def _about(self) -> Sequence[Callable[[float], Fault]]:
        return {
            "kills": (self._kill, self._kill, self._held_kill),
            "zombies": (self._zombie,),
            "network": (self._slow, self._cut, self._stall, self._hold),
            "broker": (self._broker,),
            "members": (self._member, self._member, self._slow, self._kill),
            "refusals": (self._refuse, self._fill) if self._apache else (self._stall,),
        }[self._plan.kind]

    def _any(self) -> Sequence[Callable[[float], Fault]]:
        return (self._kill, self._held_kill, self._freeze, self._cut, self._slow, self._hold)

    def _worker(self) -> str:
        return self._chance.choice(WORKERS if self._plan.two else WORKERS[:1])

    def _kill(self, at: float) -> Fault:
        return Fault(at, "kill", self._chance.choice(PROCESSES), self._down())

    def _held_kill(self, at: float) -> Fault:
        """Killed at a known step of a transaction, whose request arrives after the death or not."""
        return Fault(
            at,
            "kill",
            self._worker(),
            self._down(),
            phase=self._chance.choice(PHASES),
            answer=self._chance.random() < 0.5,
            lost=self._chance.random() < 0.5,
        )

    def _zombie(self, at: float) -> Fault:
        """Stopped until another has taken over, or the transaction was given up; then woken."""
        return Fault(
            at,
            "zombie",
            self._worker(),
            self._plan.session_s + self._chance.uniform(1.0, 4.0),
            phase=self._chance.choice((*PHASES, None)),
            answer=self._chance.random() < 0.4,
            lost=self._chance.random() < 0.25,
        )

    def _freeze(self, at: float) -> Fault:
        who = self._chance.choice((*PROCESSES, "broker"))
        return Fault(at, "freeze", who, self._chance.uniform(0.2, 2.5))

    def _slow(self, at: float) -> Fault:
        delay = self._chance.choice((0.02, 0.1, 0.3))
        return Fault(at, "slow", self._line(), self._chance.uniform(1, 4), delay_s=delay)

    def _cut(self, at: float) -> Fault:
        return Fault(at, "cut", self._line())

    def _stall(self, at: float) -> Fault:
        return Fault(at, "stall", self._line(), self._chance.uniform(1, 6))

    def _hold(self, at: float) -> Fault:
        return Fault(
            at,
            "hold",
            self._worker(),
            self._chance.uniform(0.3, 4),
            phase=self._chance.choice(AROUND),
            answer=self._chance.random() < 0.5,
            lost=self._chance.random() < 0.5,
        )

    def _broker(self, at: float) -> Fault:
        """Killed, or asleep; the embedded one only that, as it loses what it has not saved."""
        if not self._apache or self._chance.random() < 0.2:
            return Fault(at, "freeze", "broker", self._chance.uniform(1, 5))
        return Fault(at, "kill", "broker", self._down())

    def _member(self, at: float) -> Fault:
        """The other worker comes, or goes in good order for a while; often while one restores."""
        restoring = self._plan.partitions > 1 and self._chance.random() < 0.5
        return Fault(
            at,
            "leave" if self._plan.two else "join",
            "two",
            self._down(),
            phase=Api.FETCH if restoring else None,
        )

    def _refuse(self, at: float) -> Fault:
        topics = ("items", "threads", "progress", "events", "all")
        return Fault(at, "refuse", self._chance.choice(topics), self._chance.uniform(1, 8))

    def _fill(self, at: float) -> Fault:
        """There is no room on the disk for another byte, at which Apache Kafka ends itself."""
        return Fault(at, "fill", "broker", self._chance.uniform(1, 4))

    def _line(self) -> str:
        return self._chance.choice((*WORKERS, "serve", "replay"))

    def _down(self) -> float:
        return self._chance.choice((0.0, 0.3, 1.0, 2.0))
