"""A batch of the worker is seen whole or not at all, and by one writer alone."""

from __future__ import annotations

import asyncio
import gc
import time

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from typing_extensions import override

from stream.config import Settings
from stream.kafka import transactions
from stream.kafka.batch import BATCH_BYTES
from stream.kafka.connect import connection
from stream.kafka.follow import open_reader
from stream.kafka.topics import VIEWS, Topics, create
from stream.kafka.transactions import Fenced, PartitionProducer, WentBackError
from tests.brokers import ApacheBroker
from tests.faults.admin import delete_topics
from tests.kafka.reading import read_all, read_to_end

pytestmark = pytest.mark.broker

NOON = 1_493_035_200_000
LIMIT_S = 2.0


@pytest.fixture
async def topics(settings) -> Topics:
    await create(settings)
    return Topics(settings.prefix)


@pytest.fixture
async def writer(settings, topics):  # noqa: ARG001 (which are to be there)
    producer = PartitionProducer(settings, 1)
    await producer.start()
    yield producer
    await producer.stop()


async def test_a_commit_is_its_records_its_cut_and_its_offset(settings, topics, writer):
    await _commit(writer, topics, items=5, threads=2, upto=7)

    found = await read_all(settings, topics.items, topics.threads, topics.progress)
    assert [r.key for r in found[topics.items, 1]] == [b"k0", b"k1", b"k2", b"k3", b"k4"]
    assert [r.timestamp for r in found[topics.items, 1]] == [NOON] * 5
    [cut] = found[topics.progress, 1]
    assert cut.key == b"1"
    assert orjson.loads(cut.value or b"") == dict.fromkeys(VIEWS, 0) | {"items": 5, "threads": 2}
    assert await _committed(settings, topics.events) == 7


async def test_the_next_cut_counts_on_over_the_markers_between(settings, topics, writer):
    await _commit(writer, topics, items=5, threads=2, upto=7)
    await _commit(writer, topics, items=3, upto=9)

    found = await read_all(settings, topics.items, topics.progress)
    newest = orjson.loads(found[topics.progress, 1][-1].value or b"")
    assert newest == writer.views == dict.fromkeys(VIEWS, 0) | {"items": 9, "threads": 2}
    assert found[topics.items, 1][-1].offset == 8


class _Watching(list[tuple[bytes, bytes, int]]):
    """Notes, whenever it is gone through, whether the writer's transaction runs."""

    def __init__(self, writer, records):
        super().__init__(records)
        self.seen: list[bool] = []
        self._transactions = writer._producer._txn_manager  # noqa: SLF001 (no public way)

    @override
    def __iter__(self):
        self.seen.append(self._transactions.is_in_transaction())
        return super().__iter__()


async def test_rows_are_made_ready_before_the_time_of_the_transaction_runs(topics, writer):
    records = _Watching(writer, [(b"k", b"v", NOON)])
    await writer.commit({topics.items: records}, _cut, _offsets(topics, 1), "group")
    assert records.seen == [False]


class _Slow(list[tuple[bytes, bytes, int]]):
    """Takes longer to be gone through than a transaction may."""

    @override
    def __iter__(self):
        time.sleep(LIMIT_S + 0.2)
        return super().__iter__()


async def test_however_long_that_takes(settings, topics, writer, monkeypatch):
    await _commit(writer, topics, items=1, threads=1, upto=1)
    monkeypatch.setattr(transactions, "COMMITTED_WITHIN_S", LIMIT_S)
    monkeypatch.setattr(transactions, "LET_GO_WITHIN_S", LIMIT_S)
    await writer.commit(
        {topics.items: _Slow([(b"k", b"v", NOON)])}, _cut, _offsets(topics, 2), "group"
    )
    found = await read_all(settings, topics.items)
    assert found[topics.items, 1][-1].key == b"k"


async def test_more_than_a_batch_holds_goes_in_several(settings, topics, writer):
    value = b"x" * 1000
    count = 3 * BATCH_BYTES // len(value)
    records = [(b"k%d" % n, value, NOON) for n in range(count)]

    await writer.commit({topics.items: records}, _cut, _offsets(topics, count), "group")

    found = await read_all(settings, topics.items)
    assert [r.key for r in found[topics.items, 1]] == [key for key, _, _ in records]
    assert writer.views["items"] == count


async def test_a_tombstone_and_headers_of_its_own_arrive(settings, topics, writer):
    records = {
        topics.replies: [(b"k", None, NOON)],
        topics.dead_letters: [(b"k", b"?", NOON, [("threadline-problem", b"no event")])],
    }

    await writer.commit(records, _cut, _offsets(topics, 1), "group")

    found = await read_all(settings, topics.replies, topics.dead_letters)
    assert found[topics.replies, 1][0].value is None
    assert list(found[topics.dead_letters, 1][0].headers) == [("threadline-problem", b"no event")]
    assert writer.views["replies"] == 1


async def test_a_batch_without_records_still_moves_the_cut(settings, topics, writer):
    await writer.commit({}, _cut, _offsets(topics, 4), "group")

    found = await read_all(settings, topics.progress)
    assert len(found[topics.progress, 1]) == 1
    assert await _committed(settings, topics.events) == 4


async def test_a_cut_that_cannot_be_made_takes_all_back(settings, topics, writer):
    with pytest.raises(ZeroDivisionError):
        await writer.commit(
            {topics.items: [(b"k", b"v", NOON)]},
            lambda _: b"%d" % (1 // 0),
            _offsets(topics, 1),
            "g",
        )
    assert (await read_all(settings, topics.items))[topics.items, 1] == []

    await writer.start()
    await _commit(writer, topics, items=1, upto=1)
    assert len((await read_all(settings, topics.items))[topics.items, 1]) == 1


async def test_a_reader_reaches_the_end_past_what_was_aborted(settings, topics, writer):
    await _commit(writer, topics, items=2, upto=2)
    with pytest.raises(ZeroDivisionError):
        await writer.commit(
            {topics.items: [(b"k", b"v", NOON)]},
            lambda _: b"%d" % (1 // 0),
            _offsets(topics, 1),
            "g",
        )

    async with open_reader(settings, [topics.items], {}) as reader:
        found = await read_to_end(reader)
        assert len(found[topics.items, 1]) == 2
        assert await reader.positions() == await reader.ends()
        assert (await reader.ends())[topics.items, 1] > 2


async def test_whoever_starts_second_fences_the_first(settings, topics, writer):
    await _commit(writer, topics, items=1, upto=1)
    second = PartitionProducer(settings, 1)
    await second.start()
    try:
        with pytest.raises(Fenced, match="partition 1 has another writer"):
            await _commit(writer, topics, items=1, upto=2)
        with pytest.raises(Fenced, match="adopt the partition again"):
            await _commit(writer, topics, items=1, upto=2)
        await _commit(second, topics, items=1, upto=2)
    finally:
        await second.stop()

    found = await read_all(settings, topics.items)
    assert len(found[topics.items, 1]) == 2
    assert await _committed(settings, topics.events) == 2


async def test_what_a_fenced_writer_had_open_is_never_seen(settings, topics, writer):
    producer = writer._producer  # noqa: SLF001 (a writer that dies amid its transaction)
    await producer.begin_transaction()
    await producer.send_and_wait(topics.items, b"half", key=b"k", partition=1, timestamp_ms=NOON)
    second = PartitionProducer(settings, 1)
    await second.start()
    try:
        await _commit(second, topics, items=1, upto=1)
    finally:
        await second.stop()

    found = await read_all(settings, topics.items)
    assert [r.value for r in found[topics.items, 1]] == [b"v"]


async def test_a_writer_that_was_stopped_says_so(topics, writer):
    await writer.stop()

    with pytest.raises(Fenced, match="adopt the partition again"):
        await _commit(writer, topics, items=1, upto=1)


async def test_writers_of_different_partitions_do_not_meet(settings, topics, writer):
    other = PartitionProducer(settings, 2)
    await other.start()
    try:
        await asyncio.gather(
            *(_commit(each, topics, items=3, upto=3) for each in (writer, other)),
        )
    finally:
        await other.stop()

    found = await read_all(settings, topics.items)
    assert [len(found[topics.items, p]) for p in range(3)] == [0, 3, 3]


@pytest.mark.apache
@pytest.mark.timeout(300)
async def test_a_broker_that_restarts_between_commits_is_waited_for(tmp_path):
    broker = ApacheBroker(tmp_path)
    broker.start()
    settings = Settings(brokers=broker.address, partitions=3)
    topics = Topics(settings.prefix)
    await create(settings)
    writer = PartitionProducer(settings, 1)
    try:
        await writer.start()
        await _commit(writer, topics, items=2, upto=2)
        broker.kill()
        broker.start()
        await _commit(writer, topics, items=1, upto=3)
        found = await read_all(settings, topics.items)
    finally:
        await writer.stop()
        broker.stop()

    # A broker that comes back marks the end of a transaction again where it is not sure it did.
    assert [r.key for r in found[topics.items, 1]] == [b"k0", b"k1", b"k0"]


async def _commit(writer, topics, *, items, upto, threads=0):
    records = {
        topics.items: [(b"k%d" % n, b"v", NOON) for n in range(items)],
        topics.threads: [(b"t%d" % n, b"v", NOON) for n in range(threads)],
    }
    await writer.commit(records, _cut, _offsets(topics, upto), "group")


def _offsets(topics, upto):
    return (topics.events, 1), upto


def _cut(views):
    return orjson.dumps(views)


async def _committed(settings, topic):
    consumer = AIOKafkaConsumer(**connection(settings), group_id="group", enable_auto_commit=False)
    await consumer.start()
    try:
        return await consumer.committed(TopicPartition(topic, 1))
    finally:
        await consumer.stop()


async def test_one_that_is_fenced_wherever_it_stands_is_told_so_and_logs_nothing(settings, topics):
    """The news may come while it still hands over: aiokafka only says "not in transaction"."""
    said: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context))
    views = [topics.view(view) for view in VIEWS]
    for size in (1, 3, 5) * 4:
        old, new = PartitionProducer(settings, 1), PartitionProducer(settings, 1)
        await old.start()
        await new.start()
        lot = {view: [(b"k", b"v" * 1000, NOON)] * 1000 for view in views[:size]}
        with pytest.raises(Fenced, match="partition 1 has another writer"):
            await old.commit(lot, _cut, _offsets(topics, 7), "group")
        await new.stop()
        del old, new
        gc.collect()  # A failure that nobody looked at is logged when it is forgotten.
    await asyncio.sleep(0)
    assert said == []


@pytest.mark.parametrize("with_rows", [True, False], ids=["rows", "a cut alone"])
async def test_a_broker_that_lost_what_it_had_confirmed_is_found_out(
    settings, topics, writer, with_rows
):
    """As the embedded one does that is killed; here the topics are made anew behind our back.

    (Which remembers what its producers wrote, and refuses what comes next.)
    """
    for upto in range(3):
        await _commit(writer, topics, items=5, upto=upto)
    await delete_topics(settings)
    await create(settings)
    with pytest.raises((WentBackError, Fenced)):
        await _commit(writer, topics, items=5 if with_rows else 0, upto=9)
    await writer.start()
    writer.views = dict.fromkeys(VIEWS, 0)  # As whoever adopts the partition finds them.
    await _commit(writer, topics, items=5, upto=1)
    assert len((await read_all(settings, topics.items))[topics.items, 1]) == 5
