"""What no row of a view could hold is set aside, and the partition goes on."""

import pytest
from aiokafka import AIOKafkaProducer

from stream.codec.events import encode
from stream.core.events import Person
from stream.core.room import KEPT_MAX
from stream.kafka.connect import connection
from stream.kafka.topics import RECORD_BYTES_MAX, Topics, create
from stream.process.letters import PROBLEM_MAX
from stream.process.worker import Pace
from tests.process.harness import caught_up, folded, publish, rows, workers
from tests.process.test_worker import dead_letters
from tests.story import HOUR, accepted, aliased, answered, asked, closed, commented, edited

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]
LONG = 200_000
IN_SMALL_RUNS = Pace(session_s=6.0, heartbeat_s=0.5, rebalance_s=6.0, run_records=7)


@pytest.fixture
def start(settings, tmp_path):
    with workers(settings, tmp_path) as starter:
        yield starter


def retitled(count, *, since=1):
    """A question, and then so many other titles that no row takes them all."""
    return [
        edited(revision=f"r{n}", title=f"{n} " + "x" * LONG, after=n * HOUR)
        for n in range(since, since + count)
    ]


async def letters_about(settings):
    """The problem of every dead letter."""
    letters = await dead_letters(settings)
    return [dict(letter.headers)["threadline-problem"].decode() for letter in letters]


@pytest.mark.long
async def test_edits_that_one_row_cannot_hold_are_set_aside_and_the_rest_goes_on(settings, start):
    worker = start()
    after = [answered(after=99 * HOUR), commented(after=100 * HOUR)]
    await publish(settings, [asked(), *retitled(60), *after])
    await caught_up(settings)
    fit = KEPT_MAX // LONG
    problems = await letters_about(settings)
    assert len(problems) == 60 - fit
    assert all("`q`" in said and "--" not in said and f"{KEPT_MAX:,}" in said for said in problems)
    views = await rows(settings)
    assert views == await folded(settings)
    assert sum(len(kept) for (view, _), kept in views.items() if view == "items") == 3
    assert worker.said.count("dead letter") == len(problems)


@pytest.mark.long
async def test_the_same_are_set_aside_wherever_a_worker_is_killed_and_goes_on(settings, start):
    worker = start("one", IN_SMALL_RUNS)
    story = [asked(), *retitled(25)]
    await publish(settings, story)
    await caught_up(settings)
    worker.kill()
    before = len(await letters_about(settings))
    await publish(
        settings, [*retitled(6, since=26), edited(title="short", revision="last"), *story]
    )
    start("one", IN_SMALL_RUNS)
    await caught_up(settings)
    assert before == 25 - KEPT_MAX // LONG
    assert len(await letters_about(settings)) == before + 6 + before
    assert await rows(settings) == await folded(settings)


@pytest.mark.long
async def test_too_many_statements_about_a_thread_are_set_aside(settings, start):
    start()
    reasons = [closed(why=f"{n} " + "x" * LONG, after=n * HOUR) for n in range(30)]
    names = [aliased("Ann", f"{n} " + "x" * LONG, thread="t1") for n in range(30)]
    await publish(settings, [asked(), answered(), *reasons, *names, accepted(after=HOUR)])
    await caught_up(settings)
    problems = await letters_about(settings)
    assert len(problems) >= 60 - KEPT_MAX // LONG
    assert all("thread" in said for said in problems)
    assert await rows(settings) == await folded(settings)


@pytest.mark.long
async def test_an_event_whose_names_no_row_holds_is_set_aside(settings, start):
    start()
    await publish(settings, [asked(title="x" * (RECORD_BYTES_MAX // 2)), answered()])
    await caught_up(settings)
    (problem,) = await letters_about(settings)
    assert "names, title and tags" in problem
    assert await rows(settings) == await folded(settings)


async def test_a_comment_that_calls_somebody_of_a_very_long_name_is_told_as_far_as_it_fits(
    settings, start
):
    start()
    long = Person(name="Zoe" + "x" * LONG)
    story = [
        asked(author=long),
        commented(author="Bob", mentions=("Zoe",) * 200, after=HOUR),
        commented("q.c2", author="Cid", mentions=("Bob",), after=2 * HOUR),
    ]
    await publish(settings, story)
    await caught_up(settings)
    assert await letters_about(settings) == []
    assert await rows(settings) == await folded(settings)


LARGE = bytes(RECORD_BYTES_MAX + (4 << 20))


async def lay(settings, key, value):
    """A record that compresses well, as another program may put it on the log."""
    await create(settings)
    producer = AIOKafkaProducer(
        **connection(settings), max_request_size=4 * RECORD_BYTES_MAX, compression_type="gzip"
    )
    await producer.start()
    try:
        topic = Topics(settings.prefix).events
        laid = await producer.send_and_wait(topic, value, key=key, partition=1)
    finally:
        await producer.stop()
    return laid.offset


@pytest.mark.long
@pytest.mark.parametrize(
    ("laid", "kept", "left_out"),
    [
        pytest.param((b"k", LARGE), (b"k", None), len(LARGE), id="its value"),
        pytest.param((LARGE, b"?"), (None, b"?"), len(LARGE), id="its key"),
        pytest.param(
            (b"k", LARGE[: RECORD_BYTES_MAX - 900]),
            (b"k", None),
            RECORD_BYTES_MAX - 900,
            id="with its headers",
        ),
        pytest.param(
            (b"k", LARGE[: RECORD_BYTES_MAX - (1 << 17)]),
            (b"k", LARGE[: RECORD_BYTES_MAX - (1 << 17)]),
            None,
            id="not at all",
        ),
    ],
)
async def test_what_is_larger_than_kafka_takes_of_us_is_told_of_and_the_rest_goes_on(
    settings, start, laid, kept, left_out
):
    start()
    offset = await lay(settings, *laid)
    await publish(settings, [asked(), answered()])
    await caught_up(settings)
    (letter,) = await dead_letters(settings)
    assert (letter.key, letter.value) == kept
    headers = dict(letter.headers)
    assert headers["threadline-offset"] == b"%d" % offset
    assert headers.get("threadline-left-out") == (left_out and b"%d" % left_out)
    assert await rows(settings) == await folded(settings)


async def test_a_problem_that_repeats_a_long_key_is_told_as_far_as_a_header_takes_it(
    settings, start
):
    worker = start()
    key = LARGE[: RECORD_BYTES_MAX // 2]
    await lay(settings, key, encode(asked()).value)
    await caught_up(settings)
    (letter,) = await dead_letters(settings)
    said = dict(letter.headers)["threadline-problem"].decode()
    assert said.startswith("its key is b'")
    assert len(said) == PROBLEM_MAX
    assert letter.key == key
    assert len(worker.said) < 3 * PROBLEM_MAX
