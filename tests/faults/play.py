"""A plan from its start to its verdict."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final, NamedTuple

from stream.config import Settings
from tests.faults import judge, judge_served, reference, witness
from tests.faults.admin import delete_topics
from tests.faults.campaign import SHOWN_WITHIN_S, Broker, Stage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.plan import Plan
    from tests.faults.zombies import Woken

WELL: Final = "all-is-well"
PLAYED: Final = "played"  # What a run's report calls its counts.
SHOWN: Final = 30


class Played(NamedTuple):
    """A run after which all was as it must be, and what had really happened in it.

    A fault that is aimed at a step misses where the step does not come in time.
    """

    missed: list[str]
    woken: list[Woken]
    rebalanced: list[str]
    unwritten: int

    def counts(self) -> dict[str, int]:
        """For the campaign's last line."""
        fenced = sum(each.refusal.fenced for each in self.woken)
        return {
            "zombies fenced": fenced,
            "zombies expelled": len(self.woken) - fenced,
            "rebalances while restoring": len(self.rebalanced),
            "writes refused": self.unwritten,
            "faults that missed their step": len(self.missed),
        }


async def play(plan: Plan, broker: Broker, folder: Path, again: str) -> Played:
    """Fail with what differs, the plan and how to see it ``again``."""
    (folder / "plan.txt").write_text(f"{plan}\n")
    print(plan, f"logs: {folder}", f"again: {again}", sep="\n")  # noqa: T201 # Shown where it fails.
    await broker.start()
    settings = Settings(
        brokers=broker.address,
        prefix=f"faults-{plan.seed}-{uuid.uuid4().hex[:6]}",
        partitions=plan.partitions,
        replication=broker.copies,
    )
    async with Stage(plan, settings, broker, folder).set() as stage:
        await stage.run()
        await stage.settle()
        await stage.end()
        found = await differences(stage)
    (folder / "found.txt").write_text("\n".join(found))
    assert not found, "\n".join([*found[:SHOWN], f"{len(found)} in all, see {folder}"])
    await delete_topics(settings)
    (folder / WELL).touch()
    return Played(stage.missed, stage.woken, stage.rebalanced, stage.unwritten)


async def differences(stage: Stage) -> list[str]:
    """All that is not as it must be; in the end the service ends, too."""
    settings, community, folder = stage.settings, stage.community, stage.folder
    read = await judge.read(settings)
    undisturbed = reference.made(community, settings.partitions, folder / "undisturbed.sqlite")
    found = list(judge.log(community, settings.partitions, read, stage.parts["replay"].starts))
    found += judge.views(community.rows(settings.partitions), read)
    found += judge.cuts(read)
    found += await judge.ends(settings)
    found += await judge_served.answers(community, settings, read, undisturbed)
    wanted = judge_served.streamed(read, settings.partitions)
    await stage.parts["tail"].prints(wanted.total(), SHOWN_WITHIN_S)
    await stage.parts["serve"].end()
    stage.parts["tail"].kill()
    found += judge_served.database(folder / "views.sqlite", undisturbed, read)
    found += judge_served.stream(wanted, stage.parts["tail"].out)
    found += witness.backwards(stage.witness.heard)
    found += witness.untrue(stage.witness.heard, read, settings.partitions)
    for part in stage.parts.values():
        found += part.trouble()
    return found
