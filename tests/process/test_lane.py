"""What waits of a partition while its commits are slow, and that no other waits with it."""

import asyncio
from typing import ClassVar

from aiokafka.structs import ConsumerRecord
from typing_extensions import override

from stream.process.held import Batch, Held
from stream.process.job import Job
from stream.process.lane import RUNS_MAX, Lane
from stream.process.runs import Run
from tests.process.test_owner import Consumer


class Remembering(Job):
    """Which records it was given."""

    kept_in: ClassVar = ()
    watermark = None

    def __init__(self):
        self.offsets = []

    @override
    def restore(self, view, key, value):
        """Nothing is kept."""

    @override
    def restored(self, watermark):
        return iter(())

    @override
    def fold(self, records):
        self.offsets += [record.offset for record in records]
        return []

    @override
    def told(self):
        return {}


class Slow:
    """Commits that have room for a batch as long as they are `open`."""

    def __init__(self, partition):
        self.partition = partition
        self.open = asyncio.Event()
        self.upto = []

    async def add(self, batch: Batch):
        await self.open.wait()
        self.upto.append(batch.upto)
        return True


class Worker:
    """The lanes of two partitions."""

    def __init__(self):
        self.reader = Consumer()
        self.jobs = [Remembering(), Remembering()]
        self.commits = [Slow(0), Slow(1)]
        self.lanes = [
            Lane(Held(job, 0), commits, self.reader, lambda: None)  # type: ignore[arg-type] # All that a lane needs.
            for job, commits in zip(self.jobs, self.commits, strict=True)
        ]
        self.working = [asyncio.create_task(lane.work()) for lane in self.lanes]

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        for task in self.working:
            task.cancel()
        await asyncio.wait(self.working)


async def quiet():
    """All that can be done now has been."""
    for _ in range(100):
        await asyncio.sleep(0)


def run(offset):
    record = ConsumerRecord("log", 0, offset, 0, 0, b"", b"", None, 0, 0, ())
    return Run(offset, offset + 1, [record], seeks=1)


async def test_a_partition_whose_commits_take_long_keeps_no_other_from_being_folded():
    """All partitions of a worker stood still for as long as a transaction of one took."""
    async with Worker() as worker:
        slow, quick = worker.lanes
        worker.commits[1].open.set()
        for n in range(5):
            slow.put(run(n))
            quick.put(run(n))
            await quiet()
        assert worker.commits[1].upto == [1, 2, 3, 4, 5]
        assert worker.commits[0].upto == []


async def test_nothing_is_folded_that_has_no_room_to_be_committed():
    async with Worker() as worker:
        for n in range(5):
            worker.lanes[0].put(run(n))
        await quiet()
        assert worker.jobs[0].offsets == [0]
        worker.commits[0].open.set()
        await quiet()
        assert worker.jobs[0].offsets == [0, 1, 2, 3, 4]


async def test_a_full_lane_is_not_read_and_loses_nothing_of_what_was_on_its_way():
    async with Worker() as worker:
        lane, reader = worker.lanes[0], worker.reader
        lane.put(run(0))
        await quiet()
        assert reader.told == []
        for n in range(1, RUNS_MAX + 3):
            lane.put(run(n))
        assert set(reader.told) == {("hold", 0)}
        worker.commits[0].open.set()
        await quiet()
        assert reader.told[-1] == ("read on", 0)
        assert reader.told.count(("read on", 0)) == 1
        assert worker.commits[0].upto == [n + 1 for n in range(RUNS_MAX + 3)]


async def test_one_that_keeps_up_is_never_held():
    async with Worker() as worker:
        worker.commits[0].open.set()
        for n in range(5):
            worker.lanes[0].put(run(n))
            await quiet()
        assert worker.reader.told == []


async def test_what_is_forgotten_leaves_a_gap_that_is_read_again_from_where_the_fold_stands():
    async with Worker() as worker:
        lane = worker.lanes[0]
        lane.put(run(0))
        await quiet()
        lane.put(run(1))
        lane.clear()
        worker.commits[0].open.set()
        lane.put(run(2))
        await quiet()
        assert ("read again", 0, 1, 2) in worker.reader.told
        for n in range(4):
            lane.put(run(n))
        await quiet()
        assert worker.jobs[0].offsets == [0, 1, 2, 3]


async def test_a_full_lane_that_is_cleared_before_its_turn_is_read_on():
    """It stayed held, with nothing in it that could have ended that."""
    async with Worker() as worker:
        lane = worker.lanes[0]
        for n in range(RUNS_MAX):
            lane.put(run(n))
        lane.clear()
        await quiet()
        assert worker.reader.told == [("hold", 0), ("read on", 0)]
