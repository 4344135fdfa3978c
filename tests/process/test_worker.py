"""What a worker does with a log, on a real broker."""

import asyncio
import signal
from dataclasses import replace

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from stream.codec.events import encode
from stream.kafka.connect import connection
from stream.kafka.follow import Record, open_reader
from stream.kafka.publish import open_publisher
from stream.kafka.topics import VIEWS, Topics, create
from stream.process.adopt import CUT_WITHIN, last_cut
from stream.process.commit import group_of
from tests.faults.admin import delete_topics
from tests.process.harness import IMPATIENT, caught_up, folded, publish, rows, workers
from tests.story import HOUR, NOON, aliased, answered, asked, commented, progressed

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]
STORY = [
    asked(),
    commented("q.c1", after=HOUR, mentions=("Ann",)),
    answered("a1", after=2 * HOUR),
]


@pytest.fixture
def start(settings, tmp_path):
    with workers(settings, tmp_path) as starter:
        yield starter


async def put(settings, *records, topic=None):
    """Lay records of (partition, key, value) on the log, as another program might."""
    await create(settings)
    producer = AIOKafkaProducer(**connection(settings))
    await producer.start()
    for partition, key, value in records:
        await producer.send_and_wait(
            topic or Topics(settings.prefix).events, value, key=key, partition=partition
        )
    await producer.stop()


async def records(settings, *topics):
    """All committed records of ``topics``, by topic and partition."""
    found: dict[tuple[str, int], list[Record]] = {}
    async with open_reader(settings, topics, {}) as reader:
        ends = await reader.ends()
        while any(position < ends[at] for at, position in (await reader.positions()).items()):
            for at, batch in (await reader.batch(1000, 100)).items():
                found.setdefault(at, []).extend(batch)
    return found


async def dead_letters(settings):
    found = await records(settings, Topics(settings.prefix).dead_letters)
    return [letter for batch in found.values() for letter in batch]


async def test_the_views_are_those_of_the_log_folded_at_once(settings, start):
    start()
    await publish(settings, [*STORY, aliased("Ann", "Anna"), progressed(until=3 * HOUR)])
    await caught_up(settings)
    views = await rows(settings)
    assert views == await folded(settings)
    assert {view for view, _ in views} == {"items", "threads", "replies", "activity", "people"}


async def test_a_cut_tells_up_to_when_its_partition_is_told(settings, start):
    start()
    await publish(settings, [*STORY, progressed(until=5 * HOUR)])
    cuts = await caught_up(settings)
    assert {cut.watermark for cut in cuts.values()} == {NOON + 5 * HOUR}


async def test_a_cut_says_up_to_where_its_view_topics_are_written(settings, start):
    start()
    await publish(settings, STORY)
    cuts = await caught_up(settings)
    topics = Topics(settings.prefix)
    written = await records(settings, *(topics.view(view) for view in VIEWS))
    for (topic, partition), batch in written.items():
        view = topic.rpartition(".")[2]
        assert cuts[partition].views[view] == batch[-1].offset + 1


async def test_a_record_of_a_view_carries_its_events_time(settings, start):
    start()
    await publish(settings, STORY)
    await caught_up(settings)
    (items,) = (await records(settings, Topics(settings.prefix).items)).values()
    assert [record.timestamp for record in items] == [NOON, NOON + HOUR, NOON + 2 * HOUR]


async def test_the_groups_offset_is_that_of_the_cut(settings, start):
    start()
    await publish(settings, STORY)
    cuts = await caught_up(settings)
    assert await committed(settings) == {p: cut.offset for p, cut in cuts.items()}


async def committed(settings):
    topic = Topics(settings.prefix).events
    consumer = AIOKafkaConsumer(
        **connection(settings), group_id=group_of(settings), enable_auto_commit=False
    )
    await consumer.start()
    found = {p: await consumer.committed(TopicPartition(topic, p)) for p in range(3)}
    await consumer.stop()
    return {partition: offset for partition, offset in found.items() if offset is not None}


@pytest.mark.long
async def test_an_error_of_ours_ends_the_worker_and_loses_nothing(settings, start):
    await publish(settings, STORY)
    worker = start("breaks")
    assert await worker.ends() not in {0, 3}
    assert "RuntimeError: no fold is without faults" in worker.said
    assert await committed(settings) == {}
    start()
    await caught_up(settings)
    assert await rows(settings) == await folded(settings)


@pytest.mark.long
async def test_a_worker_that_starts_again_goes_on_from_its_cut(settings, start):
    first = start()
    await publish(settings, STORY)
    cuts = await caught_up(settings)
    first.process.terminate()
    assert await first.ends() == 0
    second = start()
    await publish(settings, [commented("a1.c1", after=3 * HOUR), *STORY])
    await caught_up(settings)
    for partition, cut in cuts.items():
        await second.says(f"partition {partition} goes on from offset {cut.offset}")
    assert await rows(settings) == await folded(settings)


async def test_what_nobody_can_read_is_set_aside_and_the_rest_goes_on(settings, start):
    worker = start()
    unreadable = {
        b"no JSON": (b"garbage", b"malformed"),
        b"no event": (b"{}", b"type"),
        b"no text": (b"\xff\xfe", b""),
        b"nested without end": (b'{"x":' + b"[" * 100_000, b"recursion"),
        b"no value": (None, b"no value"),
    }
    await put(settings, *((1, key, value) for key, (value, _) in unreadable.items()))
    await publish(settings, STORY)
    await caught_up(settings)
    letters = await dead_letters(settings)
    assert [letter.key for letter in letters] == list(unreadable)
    for offset, letter in enumerate(letters):
        value, problem = unreadable[letter.key]
        told = dict(letter.headers)
        assert letter.value == value
        assert told["threadline-topic"] == Topics(settings.prefix).events.encode()
        assert told["threadline-partition"] == b"1"
        assert told["threadline-offset"] == b"%d" % offset
        assert problem in told["threadline-problem"]
    assert worker.said.count("dead letter") == len(unreadable)
    assert await rows(settings) == await folded(settings)


async def test_an_event_under_a_key_that_is_not_its_threads_is_set_aside(settings, start):
    start()
    await put(settings, (0, b"community.example/other", encode(asked()).value))
    await caught_up(settings)
    (letter,) = await dead_letters(settings)
    assert b"its key is" in dict(letter.headers)["threadline-problem"]
    assert await rows(settings) == {}


async def test_an_event_in_another_partition_than_its_threads_is_set_aside(settings, start):
    start()
    event = encode(asked())
    await put(settings, *((p, event.key, event.value) for p in range(settings.partitions)))
    await caught_up(settings)
    letters = await dead_letters(settings)
    assert len(letters) == settings.partitions - 1
    assert all(b"belongs" in dict(found.headers)["threadline-problem"] for found in letters)
    assert len({partition for _, partition in await rows(settings)}) == 1


async def test_events_before_1970_are_folded(settings, start):
    start()
    await publish(settings, [asked(after=-NOON - HOUR)])
    await caught_up(settings)
    assert {view for view, _ in await rows(settings)} == {"items", "threads", "activity"}


async def test_a_worker_asked_to_end_does_so_at_once(start):
    worker = start()
    await worker.says("goes on")
    for number in (signal.SIGTERM, signal.SIGINT):
        worker.process.send_signal(number)
    assert await worker.ends() == 0


async def test_a_worker_asked_to_end_while_it_starts_ends(start):
    worker = start()
    await worker.says("works for")
    worker.process.terminate()
    assert await worker.ends() == 0


async def test_a_worker_asked_to_end_as_soon_as_it_speaks_ends_in_peace(start):
    worker = start("asked")
    assert await worker.ends() == 0
    assert "works for" in worker.said


@pytest.mark.long
async def test_a_worker_that_ended_leaves_its_partitions_to_the_others_at_once(settings, start):
    long = replace(IMPATIENT, session_s=60.0, rebalance_s=60.0)
    first = start("one", long)
    await first.says("goes on", times=settings.partitions)
    first.process.terminate()
    assert await first.ends() == 0
    second = start("two", long)
    await second.says("goes on", times=settings.partitions, within_s=40)


@pytest.mark.long
async def test_more_workers_than_partitions_do_no_harm(settings, start):
    await publish(settings, STORY)
    for n in range(settings.partitions + 1):
        start(f"worker-{n}")
    await caught_up(settings)
    assert await rows(settings) == await folded(settings)


async def test_the_last_cut_is_found_however_far_from_the_end(settings):
    progress = Topics(settings.prefix).progress
    nothing_since = [(0, b"0", None)] * (CUT_WITHIN + 10)
    await put(settings, (0, b"0", _cut(7)), (0, b"0", _cut(8)), *nothing_since, topic=progress)
    assert (await last_cut(settings, 0)).offset == 8
    assert (await last_cut(settings, 1)).offset == 0


async def test_views_of_a_log_that_was_made_anew_are_refused(settings, start):
    await put(settings, (0, b"0", _cut(1000)), topic=Topics(settings.prefix).progress)
    worker = start()
    assert await worker.ends() == 3
    assert "made anew" in worker.said
    assert "Traceback" not in worker.said


async def _told_once(settings, start):
    """The story is on the log and in the views, and its worker has ended."""
    first = start("one")
    await publish(settings, STORY)
    await caught_up(settings)
    first.process.terminate()
    assert await first.ends() == 0


@pytest.mark.long
async def test_a_log_that_was_made_anew_and_is_as_long_is_refused_too(settings, start):
    await _told_once(settings, start)
    await delete_topics(settings, Topics(settings.prefix).events)
    await create(settings)
    await publish(settings, [*STORY[::-1], *STORY])
    worker = start("two")
    assert await worker.ends() == 3
    assert "made anew" in worker.said
    assert await rows(settings) == await folded(settings)  # The same statements, as it happens.


@pytest.mark.long
async def test_views_that_are_no_longer_what_was_committed_are_refused(settings, start):
    """As after a broker that lost its last records of some topics."""
    await _told_once(settings, start)
    await delete_topics(settings, Topics(settings.prefix).items)
    await create(settings)
    worker = start("two")
    assert await worker.ends() == 3
    assert "items[" in worker.said
    assert "ends at 0, where" in worker.said
    assert "delete the topics of" in worker.said
    assert "Traceback" not in worker.said


@pytest.mark.apache  # The embedded broker makes a topic anew for a worker that asks for it first.
async def test_a_worker_whose_log_is_made_anew_does_not_wait_for_it_to_get_as_long(settings, start):
    worker = start()
    await publish(settings, STORY)
    await caught_up(settings)
    await delete_topics(settings)
    await create(settings)
    await publish(settings, STORY[:1])
    worker.process.terminate()  # It has been told that there is no log, and holds nothing.
    assert await worker.ends() == 0
    start()
    await caught_up(settings)
    assert await rows(settings) == await folded(settings)
    assert "Traceback" not in worker.said


def _cut(offset):
    return orjson.dumps({"partition": 0, "offset": offset, "views": {}, "watermark": None})


@pytest.mark.long
async def test_a_live_trickle_is_committed_as_it_comes(settings, start):
    worker = start()
    await worker.says("goes on", times=settings.partitions)
    async with open_publisher(settings) as publisher:
        for n in range(5):
            await publisher.publish([encode(commented(f"q.c{n}", after=n * HOUR))])
            await publisher.flush()
            await asyncio.sleep(0.05)
            await caught_up(settings)
    assert await rows(settings) == await folded(settings)
