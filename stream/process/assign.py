"""Which worker gets which partitions: by their names, so that one who comes back gets his own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberMetadata
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aiokafka.cluster import ClusterMetadata
    from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment


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


def _name(said: ConsumerProtocolMemberMetadata) -> str:
    return (said.user_data or b"").decode(errors="replace")
