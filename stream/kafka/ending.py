"""How every Kafka client of ours ends: soon, whole, and heard by whoever is cancelled meanwhile.

aiokafka waits for a broker that is gone for as long as that is gone, leaves off half way where a
task of its own ends with its cancellation, and takes the cancellation of whoever ends it for that
of such a task.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.producer.transaction_manager import TransactionState

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable

ENDED_WITHIN_S: Final = 2.0
GOOD_BYE_S: Final = 0.02
LEFT_WITHIN_S: Final = 1.0
CANCELLED_WITHIN_S: Final = 1.0
CANCELLED_AGAIN_S: Final = 0.05

T = TypeVar("T")


class Client(Protocol):
    """What aiokafka's clients have in common."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


async def ended(client: Client) -> None:
    """Stop ``client``, which has a while to say good-bye; what is not done by then is dropped.

    That is what a producer still holds, and the place of a consumer in its group. Whoever is
    cancelled meanwhile waits for it all the same, and is cancelled then.
    """
    await to_its_end(_end(client))


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """What ``work`` gives, which is not cancelled with whoever waits for it: he is, afterwards."""
    task = asyncio.create_task(work)
    heard: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            heard = error
    if heard is not None:
        unheard(task)
        raise heard
    return task.result()


async def cancelled(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel ``tasks`` until they have ended: one of aiokafka's may keep it to itself, and go on.

    None of them is worth waiting for longer than `CANCELLED_WITHIN_S`.
    """
    clock = asyncio.get_running_loop().time
    ending, until = set(tasks), clock() + CANCELLED_WITHIN_S
    while (left := {task for task in ending if not task.done()}) and clock() < until:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=CANCELLED_AGAIN_S)
    for task in ending:
        unheard(task)


async def nothing_left(main: Coroutine[Any, Any, T]) -> T:
    """What ``main`` gives, once no other task of the loop is left: to run by ``asyncio.run``.

    That would cancel them once, wait for them for ever, and drop what they begin meanwhile. It
    would also take no notice of a Ctrl-C that ``main`` has not heard of, be it that its end came
    first.
    """
    us = asyncio.current_task()
    try:
        given = await main
    finally:
        while left := asyncio.all_tasks() - {us}:  # Once is not enough, and a second may not be.
            await cancelled(left)
    if us is not None and us.cancelling():
        raise asyncio.CancelledError
    return given


async def _end(client: Any) -> None:  # noqa: ANN401 # aiokafka's: what follows has no public way.
    producer = client if isinstance(client, AIOKafkaProducer) else None
    if producer is not None:
        give_up_hearing(producer)
    if isinstance(client, AIOKafkaConsumer):
        await _fetch_no_more(client)
    inner = client.client if producer is not None else client._client  # noqa: SLF001 # As above.
    connections = [each._writer.transport for each in inner._conns.values() if each._writer]  # noqa: SLF001 # As above.
    stopping = asyncio.create_task(client.stop())
    done, _ = await asyncio.wait({stopping}, timeout=_good_bye_s(client))
    if not done:
        for transport in connections:
            transport.abort()
        await cancelled(_tasks_of(client))
        if producer is not None:
            _hold_nothing(producer)
        await asyncio.wait({stopping}, timeout=CANCELLED_WITHIN_S)
        await cancelled({stopping})
    await _closed(inner)
    if producer is not None:
        give_up_hearing(producer)
    if stopping.done():
        with suppress(KafkaError, asyncio.CancelledError):
            stopping.result()


def _good_bye_s(client: Any) -> float:  # noqa: ANN401 # As above.
    if isinstance(client, AIOKafkaConsumer):
        # TLS has good-byes answered, and Kafka answers nothing in a fetch.
        return GOOD_BYE_S if client._group_id is None else LEFT_WITHIN_S  # noqa: SLF001 # As above.
    if isinstance(client, AIOKafkaProducer) and _in_transaction(client):
        return 0.0  # Nobody will end it; Kafka does, or whoever writes there next.
    return ENDED_WITHIN_S


def _in_transaction(producer: AIOKafkaProducer) -> bool:
    transactions: Any = producer._txn_manager  # noqa: SLF001 # As above.
    if transactions is None or transactions.transactional_id is None:
        return False
    return transactions.state not in {TransactionState.UNINITIALIZED, TransactionState.READY}


async def _fetch_no_more(consumer: AIOKafkaConsumer) -> None:
    """End what fetches: while one rests after a failure, aiokafka's own end would leave off."""
    fetcher: Any = consumer._fetcher  # noqa: SLF001 # As above.
    if fetcher is not None:
        await cancelled({fetcher._fetch_task})  # noqa: SLF001 # As above.
        await cancelled(fetcher._pending_tasks)  # noqa: SLF001 # As above.
        fetcher._pending_tasks.clear()  # noqa: SLF001 # As above.


def _tasks_of(client: Any) -> set[asyncio.Task[Any]]:  # noqa: ANN401 # As above.
    """What ``client`` still tries."""
    if isinstance(client, AIOKafkaProducer):
        sending = client._sender.sender_task  # noqa: SLF001 # As above.
        return set() if sending is None else {sending, *_sent_by(sending)}
    return group_tasks(client)


def group_tasks(consumer: Any) -> set[asyncio.Task[Any]]:  # noqa: ANN401 # As above.
    """What keeps ``consumer`` in its group."""
    coordinator: Any = getattr(consumer, "_coordinator", None)
    names = ("_coordination_task", "_heartbeat_task", "_commit_refresh_task")
    found = (getattr(coordinator, name, None) for name in names)
    return {task for task in found if task is not None}


def _sent_by(sending: asyncio.Task[Any]) -> set[asyncio.Task[Any]]:
    """The requests under way, each tried until it is answered; nobody else knows of them."""
    frame: Any = getattr(sending.get_coro(), "cr_frame", None)  # None where it has ended.
    return set() if frame is None else set(frame.f_locals.get("tasks", ()))


def _hold_nothing(producer: AIOKafkaProducer) -> None:
    """Wake up whoever waits for a delivery: there will be none."""
    unsent = producer._message_accumulator  # noqa: SLF001 # As above.
    pending = unsent._pending_batches  # noqa: SLF001 # As above.
    for batches in unsent._batches.values():  # noqa: SLF001 # As above.
        pending.update(batches)  # It takes them out again when they are done with.
    for batch in tuple(pending):
        batch.future.cancel()


async def _closed(inner: Any) -> None:  # noqa: ANN401 # As above.
    """Close what aiokafka has left open where it left off."""
    if inner._sync_task is not None:  # noqa: SLF001 # As above.
        await cancelled({inner._sync_task})  # noqa: SLF001 # As above.
        inner._sync_task = None  # noqa: SLF001 # As above.
    for connection in inner._conns.values():  # noqa: SLF001 # As above.
        connection.close()


def give_up_hearing(producer: AIOKafkaProducer) -> None:
    """Look at failures that nobody but aiokafka can see: asyncio logs those that nobody has.

    Whoever sent something was told by the future that he got for it; where he no longer waits, the
    one behind it may still fail.
    """
    held = producer._message_accumulator  # noqa: SLF001 # No public way.
    unsent = [batch for batches in held._batches.values() for batch in batches]  # noqa: SLF001 # As above.
    waiters: list[asyncio.Future[Any]] = []
    waiters += [batch._drain_waiter for batch in unsent]  # noqa: SLF001 # As above.
    waiters += [batch.future for batch in (*unsent, *held._pending_batches)]  # noqa: SLF001 # As above.
    transactions: Any = producer._txn_manager  # noqa: SLF001 # As above.
    if transactions is not None:
        waiters += [offsets for *_, offsets in transactions._pending_txn_offsets]  # noqa: SLF001 # As above.
        if transactions.wait_for_transaction_end() is not None:
            waiters.append(transactions.wait_for_transaction_end())
    for waiter in waiters:
        unheard(waiter)


def unheard(waiter: asyncio.Future[Any]) -> None:
    """Nobody asks what becomes of ``waiter``, and asyncio need not tell."""
    waiter.add_done_callback(lambda done: None if done.cancelled() else done.exception())
