"""How clients end: soon and whole, and heard by whoever is cancelled meanwhile."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from aiokafka import AIOKafkaProducer

from stream.config import Settings
from stream.kafka.connect import connection
from stream.kafka.ending import (
    CANCELLED_AGAIN_S,
    CANCELLED_WITHIN_S,
    ended,
    nothing_left,
    to_its_end,
)
from stream.kafka.follow import open_reader
from stream.kafka.topics import Topics, create

AGAIN = int(1.2 * CANCELLED_WITHIN_S / CANCELLED_AGAIN_S)
LONG_S = 5.0
FAILS_AGAIN_S = 1.0  # Ten times as long as aiokafka rests after a fetch that failed.


@pytest.fixture
def settings(broker_to_kill):
    return Settings(brokers=broker_to_kill.address, partitions=1)


@pytest.mark.broker
async def test_a_reader_whose_broker_was_killed_leaves_nothing_running(settings, broker_to_kill):
    before = asyncio.all_tasks()

    async with open_reader(settings, [Topics(settings.prefix).events], {}) as reader:
        await reader.batch(1, 0)
        broker_to_kill.kill()
        await asyncio.sleep(FAILS_AGAIN_S)

    assert asyncio.all_tasks() == before


@pytest.mark.broker
@pytest.mark.parametrize("end", ["kill", "freeze"])
async def test_amid_a_transaction_a_writer_whose_broker_is_gone_leaves_nothing_running(
    settings, broker_to_kill, end
):
    await create(settings)
    before = asyncio.all_tasks()
    producer = AIOKafkaProducer(**connection(settings), transactional_id="one", acks="all")
    await producer.start()
    await producer.begin_transaction()
    sent = await producer.send(Topics(settings.prefix).progress, b"1", key=b"0", partition=0)
    await sent
    getattr(broker_to_kill, end)()
    await producer.send(Topics(settings.prefix).progress, b"2", key=b"0", partition=0)
    await asyncio.sleep(FAILS_AGAIN_S)

    await ended(producer)

    assert asyncio.all_tasks() == before


async def test_who_is_cancelled_while_something_ends_waits_for_it_and_is_cancelled_then():
    may_end, over = asyncio.Event(), asyncio.Event()

    async def end():
        await may_end.wait()
        over.set()

    waiting = asyncio.create_task(to_its_end(end()))
    await asyncio.sleep(0)
    for _ in range(2):
        waiting.cancel()
        await asyncio.sleep(0)
    assert not waiting.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert over.is_set()


def test_a_task_that_keeps_its_cancellation_to_itself_does_not_outlive_the_loop():
    begun, ends = asyncio.Event(), []

    async def stubborn():
        for _ in range(3):
            begun.set()
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
        ends.append("stubborn")

    async def main():
        task = asyncio.create_task(stubborn())
        await begun.wait()
        return task

    assert asyncio.run(nothing_left(main())).done()
    assert ends == ["stubborn"]


def test_one_who_does_not_listen_for_longer_than_a_second_is_told_until_he_ends():
    """As where a machine has much else to do; asyncio would tell him once more, and then wait."""
    told = 0

    async def hard_of_hearing():
        nonlocal told
        while told < AGAIN:
            try:
                await asyncio.sleep(LONG_S)
            except asyncio.CancelledError:
                told += 1
            else:
                return

    async def main():
        asyncio.create_task(hard_of_hearing()).add_done_callback(lambda _: None)
        await asyncio.sleep(0)

    asyncio.run(nothing_left(main()))
    assert told == AGAIN


def test_a_cancellation_that_was_kept_from_us_counts_in_the_end():
    async def main():
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(nothing_left(main()))
