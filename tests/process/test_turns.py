"""Partitions of one worker do not wait for one another, whatever becomes of one of them."""

import asyncio
import time
from dataclasses import replace
from itertools import count
from statistics import median

import pytest

from stream.codec.cuts import decode_cut
from stream.codec.events import encode
from stream.codec.keys import thread_key
from stream.kafka.follow import open_reader
from stream.kafka.publish import open_publisher
from stream.kafka.records import partition_of
from stream.kafka.topics import Topics
from tests.faults.heard import Api
from tests.faults.proxy import Proxy
from tests.process.harness import IMPATIENT, caught_up, folded, publish, rows, workers
from tests.story import COMMUNITY, SECOND, asked, commented

pytestmark = [pytest.mark.broker, pytest.mark.long, pytest.mark.timeout(300)]
BACKLOG = 150_000
HOT = "t1"
RUN = 5_000


class Cuts:
    """How far the committed views of each partition are known to hold the log."""

    def __init__(self, reader):
        self.upto: dict[int, int] = {}
        self._reader = reader

    async def reach(self, partition, offset):
        deadline = time.monotonic() + 60
        while self.upto.get(partition, 0) < offset:
            assert time.monotonic() < deadline, self.upto
            for (_, at), records in (await self._reader.batch(1000, 50)).items():
                self.upto[at] = decode_cut(records[-1].value or b"", where="progress").offset


async def test_a_live_event_is_committed_while_another_partition_has_much_to_catch_up_with(
    settings, tmp_path
):
    """It was folded after all that had been fetched of that: 45,000 events, or a second."""
    hot = partition_of(thread_key(COMMUNITY, HOT), settings.partitions)
    live = next(t for t in map(str, count()) if _home(settings, t) != hot)
    await publish(settings, [asked(), *_comments(HOT, BACKLOG)])
    meanwhile = []
    with workers(settings, tmp_path) as start:
        start("one", replace(IMPATIENT, run_records=RUN))
        async with (
            open_publisher(settings) as publisher,
            open_reader(settings, [Topics(settings.prefix).progress], {}) as reader,
        ):
            cuts = Cuts(reader)
            await cuts.reach(hot, 1)
            for n, comment in enumerate(_comments(live, BACKLOG), start=1):
                before = cuts.upto[hot]
                await publisher.publish([encode(comment)])
                await publisher.flush()
                await cuts.reach(_home(settings, live), n)
                if cuts.upto[hot] > BACKLOG:
                    break
                meanwhile.append(cuts.upto[hot] - before)
        await caught_up(settings)
    assert len(meanwhile) >= 5
    assert median(meanwhile) <= 4 * RUN
    assert await rows(settings) == await folded(settings)


async def test_a_commit_that_takes_long_keeps_no_other_partition_waiting_however_much_comes(
    settings, tmp_path
):
    """Its lane fills, and it is not read; the others are, and are committed."""
    slow = partition_of(thread_key(COMMUNITY, HOT), settings.partitions)
    live = next(t for t in map(str, count()) if _home(settings, t) != slow)
    async with Proxy(settings.brokers).running() as proxy:
        writer = f"{settings.prefix}-{slow}"
        gate = proxy.hold(Api.END_TXN, naming=[writer.encode()])
        with workers(replace(settings, brokers=proxy.address), tmp_path) as start:
            start()
            await publish(settings, [asked(), *_comments(HOT, 100 * IMPATIENT.run_records)])
            await asyncio.wait_for(gate.reached.wait(), 60)
            asked_at = proxy.heard.asked[writer]
            async with open_reader(settings, [Topics(settings.prefix).progress], {}) as reader:
                cuts = Cuts(reader)
                for n, comment in enumerate(_comments(live, 20), start=1):
                    await publish(settings, [comment])
                    await cuts.reach(_home(settings, live), n)
                assert slow not in cuts.upto
            assert proxy.heard.asked[writer] == asked_at, "the others went on once it was given up"
            gate.release()
            await caught_up(settings)
    assert await rows(settings) == await folded(settings)


def _home(settings, thread):
    return partition_of(thread_key(COMMUNITY, thread), settings.partitions)


def _comments(thread, many):
    return (commented(f"q.c{n}", after=n * SECOND, thread=thread) for n in range(many))
