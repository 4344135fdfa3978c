"""Which worker gets which partitions: by their names, so that one who comes back gets his own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.coordinator.protocol import (
    ConsumerProtocolMemberAssignment,
    ConsumerProtocolMemberMetadata,
)
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aiokafka.cluster import ClusterMetadata

NOTHING: Final = ConsumerProtocolMemberAssignment(0, [], b"").encode()
AGAIN_S: Final = 0.5


def assignor_of(name: str) -> type[RoundRobinPartitionAssignor]:
    """The round robin of the worker called ``name``, in the order of all workers' names.

    aiokafka's goes by the ids that Kafka makes up anew at each start: partitions would wander
    without need. And the embedded broker lets one who comes back under his name share out alone,
    while the others keep what they have: by ids, two would have one partition and nobody another.
    """

    class ByName(RoundRobinPartitionAssignor):
        @classmethod
        @override
        def assign(
            cls, cluster: ClusterMetadata, members: Mapping[str, ConsumerProtocolMemberMetadata]
        ) -> dict[str, ConsumerProtocolMemberAssignment]:
            ids = {f"{_name(said)}\0{member}": member for member, said in members.items()}
            ranked = {rank: members[member] for rank, member in ids.items()}
            shares = super().assign(cluster, ranked)
            return {ids[rank]: share for rank, share in shares.items()}

        @classmethod
        @override
        def metadata(cls, topics: Iterable[str]) -> ConsumerProtocolMemberMetadata:
            return ConsumerProtocolMemberMetadata(cls.version, list(topics), name.encode())

    return ByName


def ask_again_when_left_out(coordinator: Any) -> None:  # noqa: ANN401 # aiokafka's; no public way.
    """Have a member to whom nobody has said what is his, not even nothing, join again.

    aiokafka ends on that. The embedded broker does it to most of a group of which one joins in the
    very moment in which it shares out: the one who shares out is told of that one alone.
    """
    complete = coordinator._on_join_complete  # noqa: SLF001 # As above.

    async def completed(generation: int, member: str, protocol: str, share: bytes) -> None:
        await complete(generation, member, protocol, share or NOTHING)
        if not share:
            await asyncio.sleep(AGAIN_S)
            coordinator.request_rejoin()

    coordinator._on_join_complete = completed  # noqa: SLF001 # As above.


def _name(said: ConsumerProtocolMemberMetadata) -> str:
    return (said.user_data or b"").decode(errors="replace")
