"""What is folded and not committed has an end, whatever it is; and becomes one transaction."""

import asyncio
from dataclasses import replace

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.structs import ConsumerRecord
from hypothesis import given
from hypothesis import strategies as st

from stream.codec.views import VIEWS
from stream.kafka.connect import connection
from stream.kafka.topics import Topics
from stream.process.held import Batch
from stream.process.job import DeadLetter
from stream.process.waiting import WAITING_BYTES_MAX, WAITING_ROWS_MAX, Waiting
from stream.process.worker import Pace
from tests.faults.heard import Api
from tests.faults.proxy import Proxy
from tests.process.harness import caught_up, folded, publish, rows, workers
from tests.process.test_worker import dead_letters
from tests.story import HOUR, answered, asked

RUN = 100
IN_RUNS = Pace(session_s=6.0, heartbeat_s=0.5, rebalance_s=6.0, run_records=RUN)
HOME = 1
HELD_S = 3.0
MIB = 1 << 20

keys = st.sampled_from([b"c/t1", b"c/t2", b"c/t3"])
values = st.none() | st.binary(max_size=9)
told = st.dictionaries(st.sampled_from(VIEWS), st.lists(st.tuples(keys, values, st.just(0))))


def letter(offset, value):
    record = ConsumerRecord("log", HOME, offset, 0, 0, b"key", value, None, 0, 0, [("head", b"er")])
    return DeadLetter(record, "unreadable")


letters = st.lists(st.builds(letter, st.integers(0, 9), values))
batches = st.builds(Batch, told, letters, st.integers(1, 99), st.just(""), st.none())


def waiting(*those):
    found = Waiting()
    for batch in those:
        found.add(batch)
    return found


def of(rows=(), dead=(), upto=1):
    return Batch({"items": list(rows)}, list(dead), upto, "", None)


@given(st.lists(batches, min_size=1), st.data())
def test_all_that_waits_becomes_one_in_its_order_and_nothing_else_is_changed(those, data):
    before = [(dict(batch.rows), list(batch.dead)) for batch in those]
    for _ in range(data.draw(st.integers(1, 2))):
        joined = waiting(*those).joined()
        assert joined.dead == [one for batch in those for one in batch.dead]
        for view in VIEWS:
            wanted = [row for batch in those for row in batch.rows.get(view, ())]
            assert joined.rows.get(view, []) == wanted
        assert joined.upto == those[-1].upto
    assert [(batch.rows, batch.dead) for batch in those] == before


@given(st.lists(batches))
def test_rows_and_letters_count_whenever_they_are_counted(those):
    now_and_then, at_last = Waiting(), waiting(*those)
    for batch in those:
        now_and_then.add(batch)
        assert not now_and_then.full
    assert not at_last.full
    assert (now_and_then.rows, now_and_then.bytes) == (at_last.rows, at_last.bytes)
    every = [row for batch in those for changed in batch.rows.values() for row in changed]
    dead = [one.record for batch in those for one in batch.dead]
    assert at_last.rows == len(every) + len(dead)
    held = sum(len(value or b"") for _, value, _ in every)
    held += sum(len(record.value or b"") for record in dead)
    assert held <= at_last.bytes <= held + 30 * len(dead) + len(b"c/t1") * len(every)


ROW = (b"key", b"value", 0)


@pytest.mark.parametrize(
    ("last", "one_less"),
    [
        pytest.param(
            of([ROW] * WAITING_ROWS_MAX), of([ROW] * (WAITING_ROWS_MAX - 1)), id="small rows"
        ),
        pytest.param(
            of(dead=[letter(0, None)] * WAITING_ROWS_MAX),
            of(dead=[letter(0, None)] * (WAITING_ROWS_MAX - 1)),
            id="small letters",
        ),
        pytest.param(
            of([(b"key", bytes(MIB), 0)] * 16), of([(b"", bytes(MIB), 0)] * 15), id="rows"
        ),
        pytest.param(
            of(dead=[letter(0, bytes(8 * MIB))] * 2),
            of(dead=[letter(0, bytes(8 * MIB))]),
            id="letters",
        ),
        pytest.param(
            of([(b"key", bytes(8 * MIB), 0)], [letter(0, bytes(8 * MIB))]),
            of([(b"key", bytes(8 * MIB), 0)], [letter(0, bytes(7 * MIB))]),
            id="both",
        ),
        pytest.param(
            of([(bytes(MIB), None, 0)] * 16), of([(bytes(MIB), None, 0)] * 15), id="no more rows"
        ),
    ],
)
def test_it_is_full(last, one_less):
    assert not Waiting().full
    assert not waiting(one_less).full
    assert waiting(last).full
    assert waiting(one_less, one_less).full


async def lay(settings, values):
    """Records that nobody can read, on the log; their offsets."""
    producer = AIOKafkaProducer(**connection(settings), linger_ms=20)
    await producer.start()
    try:
        topic = Topics(settings.prefix).events
        sent = [await producer.send(topic, value, partition=HOME) for value in values]
        return [(await one).offset for one in sent]
    finally:
        await producer.stop()


@pytest.mark.broker
@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("count", "size", "waiting_max"),
    [
        pytest.param(15_000, 1, WAITING_ROWS_MAX, id="many"),
        pytest.param(1_500, 40_000, WAITING_BYTES_MAX // 40_000, id="large"),
    ],
)
async def test_a_flood_of_what_nobody_can_read_waits_in_the_log_while_a_commit_is_held(
    settings, tmp_path, count, size, waiting_max
):
    async with Proxy(settings.brokers).running() as line:
        with workers(replace(settings, brokers=line.address), tmp_path) as start:
            worker = start("one", IN_RUNS)
            await worker.says("goes on", times=settings.partitions)
            gate = line.hold(Api.END_TXN)
            first = await lay(settings, [b"first"])
            await asyncio.wait_for(gate.reached.wait(), 20)
            flood = await lay(settings, [b"%d" % n + b" " * (size - 1) for n in range(count)])
            await asyncio.sleep(HELD_S)
            while_held = worker.said.count("dead letter")
            gate.release()
            await publish(settings, [asked(), answered(after=HOUR)])
            await caught_up(settings)
    # One batch is under way, what waits was nearly full before the last, and one has no room.
    assert waiting_max - RUN <= while_held <= waiting_max + 3 * RUN < count
    letters = [
        int(dict(each.headers)["threadline-offset"]) for each in await dead_letters(settings)
    ]
    assert letters == first + flood
    assert await rows(settings) == await folded(settings)
