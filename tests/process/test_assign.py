"""Partitions go by workers' names: who comes back finds his own."""

from __future__ import annotations

from itertools import islice

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.coordinator.protocol import (
    ConsumerProtocolMemberAssignment,
    ConsumerProtocolMemberMetadata,
)
from aiokafka.protocol.metadata import MetadataResponse_v1
from typing_extensions import override

from stream.kafka.connect import connection
from stream.kafka.topics import Topics, create
from stream.process.assign import assignor_of
from stream.process.commit import group_of
from tests.process.harness import caught_up, folded, publish, rows, workers
from tests.process.stories import crowd

PARTITIONS = 5


def cluster():
    found = ClusterMetadata()
    parts = [(0, part, 1, [1], [1]) for part in range(PARTITIONS)]
    brokers, topics = [(1, "127.0.0.1", 9092, None)], [(0, "log", False, parts)]
    found.update_metadata(MetadataResponse_v1(brokers, 1, topics))
    return found


def shares(**ids):
    """By name, what each gets who has this id; the first shares out."""
    names = list(ids)
    said = {id_: assignor_of(name).metadata(["log"]) for name, id_ in ids.items()}
    given = assignor_of(names[0]).assign(cluster(), said)
    return {name: given[id_].assignment for name, id_ in ids.items()}


def test_whatever_ids_they_have_workers_share_by_their_names():
    wanted = {"ann": [("log", [0, 3])], "bob": [("log", [1, 4])], "cid": [("log", [2])]}
    assert shares(ann="1", bob="2", cid="3") == wanted
    assert shares(cid="1", bob="2", ann="3") == wanted
    assert shares(bob="9", ann="ann-7", cid="bob-1") == wanted


def test_two_of_one_name_share_as_well():
    one = assignor_of("ann")
    given = one.assign(cluster(), {id_: one.metadata(["log"]) for id_ in ("x", "y")})
    assert [given[id_].assignment for id_ in ("x", "y")] == [
        [("log", [0, 2, 4])],
        [("log", [1, 3])],
    ]


@pytest.mark.long
@pytest.mark.broker
@pytest.mark.timeout(300)
async def test_one_of_two_who_is_killed_and_comes_back_leaves_no_partition_to_nobody(
    settings, tmp_path
):
    events = crowd(10)
    with workers(settings, tmp_path) as start:
        for name in ("one", "two"):
            start(name)
        await publish(settings, islice(events, 500))
        await caught_up(settings)
        for name in ("one", "two", "one", "two"):
            next(each for each in reversed(start.started) if each.name == name).kill()
            await publish(settings, islice(events, 500))
            start(name)
            await caught_up(settings)
    assert await rows(settings) == await folded(settings)


class LeavesOut(RoundRobinPartitionAssignor):
    """Of one who shares out as the embedded broker has him do it: at first without the others."""

    left_out = 0

    @classmethod
    @override
    def assign(cls, cluster, members):
        own = [member for member, said in members.items() if said.user_data == b"leader"]
        others = {member: said for member, said in members.items() if member not in own}
        nothing = {member: ConsumerProtocolMemberAssignment(0, [], b"") for member in own}
        if others and cls.left_out < 2:
            cls.left_out += 1
            return nothing
        return nothing | (super().assign(cluster, others) if others else {})

    @classmethod
    @override
    def metadata(cls, topics):
        return ConsumerProtocolMemberMetadata(cls.version, list(topics), b"leader")


@pytest.mark.long
@pytest.mark.broker
@pytest.mark.timeout(120)
async def test_one_to_whom_no_share_is_told_joins_again(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(LeavesOut, "left_out", 0)
    await create(settings)
    leader = AIOKafkaConsumer(
        Topics(settings.prefix).events,
        **connection(settings),
        group_id=group_of(settings),
        partition_assignment_strategy=[LeavesOut],
        enable_auto_commit=False,
        heartbeat_interval_ms=200,
    )
    await leader.start()
    try:
        await publish(settings, islice(crowd(11), 500))
        with workers(settings, tmp_path) as start:
            start("one")
            await caught_up(settings)
    finally:
        await leader.stop()
    assert LeavesOut.left_out == 2
    assert await rows(settings) == await folded(settings)
