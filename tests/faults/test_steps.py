"""Faults aimed at each step of a transaction, of an adoption and of a rebalance."""

from __future__ import annotations

import pytest

from stream.kafka.transactions import TRANSACTION_MS_MAX
from tests.faults.heard import Api
from tests.faults.plan import PHASES, SESSION_S, Fault, Plan
from tests.faults.play import WELL, play
from tests.faults.zombies import must_be_fenced

pytestmark = [pytest.mark.broker, pytest.mark.long, pytest.mark.timeout(400)]

ASLEEP_S = 3.0  # Longer than the session.
ATTEMPTS = 3


@pytest.fixture
def script(request, ground, broker_kind, folder):
    """Plays faults in turn, each beginning so long after the last; all of them must hit.

    Whatever hits, what comes of it must be exact. On a busy machine a step may come too late.
    Whoever sleeps as a zombie must be overtaken, and fenced where he was about to write.
    """

    async def played(*faults: Fault, length_s: float, two: bool = False, partitions: int = 2):
        plan = Plan(
            seed=7,
            kind="scripted",
            broker=broker_kind,
            threads=200,
            partitions=partitions,
            replay_s=length_s,
            shipped=False,
            two=two,
            faults=list(faults),
        )
        again = f"pytest '{request.node.nodeid}' --broker {broker_kind}"
        missed = []
        for attempt in range(ATTEMPTS):
            within = folder / str(attempt)
            within.mkdir()
            played = await play(plan, ground, within, again)
            missed = played.missed + unfenced(played)
            if not missed:
                break
        (folder / WELL).touch()
        assert missed == []

    return played


def unfenced(played):
    """Zombies of which a write had to be refused, and none was."""
    return [
        f"{each.fault}: only {each.refusal}"
        for each in played.woken
        if must_be_fenced(each.fault, reached=True) and not each.refusal.fenced
    ]


@pytest.mark.parametrize("answer", [False, True], ids=["request", "answer"])
@pytest.mark.parametrize("phases", [PHASES[:3], PHASES[3:]], ids=["begins", "ends"])
async def test_a_zombie_of_any_step_changes_nothing(script, broker_kind, phases, answer):
    """Stopped as the step is on its way; another takes over; then it arrives, and he wakes."""
    for_s = SESSION_S[broker_kind] + ASLEEP_S
    faults = [
        Fault(1.0 + n * (for_s + 3.0), "zombie", ("one", "two")[n % 2], for_s, phase, answer)
        for n, phase in enumerate(phases)
    ]
    await script(*faults, length_s=len(faults) * (for_s + 3.5), two=True)


@pytest.mark.parametrize("answer", [False, True], ids=["request", "answer"])
async def test_what_is_lost_at_any_step_changes_nothing(script, answer):
    """The line breaks with a request on it, or with an answer: then all of it had been done."""
    faults = [
        Fault(1.0 + 2.5 * n, "hold", "one", 0.5, phase, answer, lost=True)
        for n, phase in enumerate((*PHASES, Api.FETCH, Api.LIST_OFFSETS))
    ]
    await script(*faults, length_s=2.5 * len(faults) + 1)


@pytest.mark.parametrize("answer", [False, True], ids=["request", "answer"])
async def test_killed_at_any_step_changes_nothing(script, answer):
    """What was on its way when the worker died arrives after another has begun to adopt."""
    faults = [Fault(1.0 + 4 * n, "kill", "one", 0.0, each, answer) for n, each in enumerate(PHASES)]
    await script(*faults, length_s=4 * len(faults) + 1)


async def test_members_that_come_and_go_while_one_restores_change_nothing(script):
    """One waits amid its restoring when the other joins; and joins again as one is killed."""
    faults = [
        Fault(2.0, "join", "two", 1.0, Api.FETCH),
        Fault(7.0, "slow", "one", 4.0, delay_s=0.05),
        Fault(7.1, "join", "two", 0.5, Api.FETCH),
        Fault(16.0, "slow", "two", 4.0, delay_s=0.1),
        Fault(16.1, "join", "two", 2.0),
        Fault(17.0, "kill", "one", 0.5),
    ]
    await script(*faults, length_s=19, partitions=4)


async def test_members_that_are_back_while_one_restores_what_was_theirs_change_nothing(script):
    faults = [Fault(1.5 + 4 * n, "leave", "two", phase=Api.FETCH) for n in range(2)]
    await script(*faults, length_s=10, two=True, partitions=4)


@pytest.mark.apache
async def test_a_broker_and_a_worker_killed_together_lose_nothing(script):
    """At once; the worker a moment later; and amid a commit that the broker has not heard of."""
    await script(
        Fault(1.0, "kill", "broker", 0.3),
        Fault(1.0, "kill", "one", 0.3),
        Fault(11.0, "kill", "broker"),
        Fault(11.2, "kill", "one", 1.0),
        Fault(30.0, "kill", "one", 0.0, Api.END_TXN, lost=True),  # All is back on a busy machine.
        Fault(30.3, "kill", "broker", 0.3),
        length_s=33,
    )


async def test_one_who_slept_until_his_transaction_was_given_up_goes_on(script):
    """A lid that was closed: nobody takes over, and Kafka ends what was open."""
    for_s = TRANSACTION_MS_MAX / 1000 + 4
    await script(Fault(2.0, "freeze", "one", for_s, Api.END_TXN), length_s=5)


@pytest.mark.apache
async def test_a_broker_without_room_for_another_byte_loses_nothing_when_it_has_some(script):
    await script(Fault(2.0, "fill", "broker", 3.0), length_s=8)


@pytest.mark.apache
async def test_a_broker_that_refuses_writes_to_some_topics_or_to_all_loses_nothing(script):
    """Of one batch some are taken and some refused; so is the archive, or all; each again."""
    topics = ("events", "items", "progress", "all", "threads")
    faults = [Fault(4.0 + 3 * n, "refuse", topic, 2.0) for n, topic in enumerate(topics)]
    await script(*faults, length_s=18)


@pytest.mark.apache
async def test_a_broker_without_room_that_refuses_writes_besides_loses_nothing(script):
    """No room twice, one right behind the other; settings are changed while the broker is away."""
    await script(
        Fault(3.0, "refuse", "all", 4.0),
        Fault(5.0, "fill", "broker", 2.5),
        Fault(5.1, "fill", "broker", 1.0),
        length_s=12,
    )
