"""How every Kafka client of ours is connected, started, ended, and what its failures say."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.conn import collect_hosts
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError
from aiokafka.protocol.metadata import MetadataRequest

from stream.errors import BrokerError, ConfigError
from stream.kafka.refusals import SILENT, START_ONE, Problem, not_allowed, problem_at, reason
from stream.kafka.security import arguments
from stream.kafka.spoken import opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from stream.config import Settings

ANSWERS_WITHIN_S: Final = 4.5
STARTED_WITHIN_S: Final = 30.0
LET_START_S: Final = 1.0
ENDED_WITHIN_S: Final = 5.0
GOOD_BYE_S: Final = 0.02


class Client(Protocol):
    """What aiokafka's clients have in common."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


def connection(settings: Settings) -> dict[str, Any]:
    """The arguments that any aiokafka client takes to reach the brokers of ``settings``."""
    _quiet()
    return {"bootstrap_servers": settings.brokers, **arguments(settings.security)}


async def reachable(settings: Settings) -> None:
    """Return once a broker has let us in; `BrokerError` after at most five seconds if none does."""
    how = connection(settings)
    problem = Problem(SILENT)
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            for host, port, _ in _hosts(settings):
                try:
                    brokers = await _metadata(host, port, how)
                except (OSError, KafkaError, TimeoutError) as error:
                    if not problem.there:  # What a broker says tells more than that one is away.
                        problem = await problem_at(host, port, error, settings.security)
                else:
                    await _check_advertised(settings, set(brokers) - {(host, port)}, how)
                    return
    except TimeoutError:
        pass
    lead = "no connection to Kafka" if problem.there else "no Kafka broker"
    msg = f"{lead} at {settings.brokers}: {problem.what}; {problem.todo}"
    raise BrokerError(msg)


@contextmanager
def translated(settings: Settings) -> Iterator[None]:
    """Kafka's errors, addresses that lead nowhere and waiting too long become `BrokerError`."""
    try:
        yield
    except KafkaConnectionError as error:
        msg = f"no connection to Kafka at {settings.brokers}: {reason(error)}; {START_ONE}"
        raise BrokerError(msg) from error
    except TimeoutError as error:
        msg = f"Kafka at {settings.brokers} does not answer; {START_ONE}"
        raise BrokerError(msg) from error
    except KafkaError as error:
        refused = not_allowed(error, settings)
        if refused is not None:
            raise refused from error
        retriable = error.retriable or isinstance(error, KafkaTimeoutError)
        said = "did not answer in time, try again" if retriable else "refused"
        msg = f"Kafka at {settings.brokers} {said}: {reason(error)}"
        raise BrokerError(msg) from error


@asynccontextmanager
async def running(client: Client, settings: Settings) -> AsyncIterator[None]:
    """``client`` started; ended on the way out, also when its start fails half way."""
    try:
        await started(client, settings)
        yield
    finally:
        await ended(client)


async def started(client: Client, settings: Settings) -> None:
    """Start ``client``; `BrokerError` where that takes too long, as aiokafka tries for ever."""
    try:
        with translated(settings):
            async with asyncio.timeout(STARTED_WITHIN_S):
                await _start(client)
    except BrokerError as error:
        if isinstance(error.__cause__, KafkaConnectionError):
            await reachable(settings)  # It says why, which aiokafka does not.
        raise


async def _start(client: Client) -> None:
    """A start that is cancelled has another second: aiokafka would forget what it opened."""
    starting = asyncio.create_task(client.start())
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        await asyncio.wait({starting}, timeout=LET_START_S)
        starting.cancel()
        starting.add_done_callback(_seen)
        raise


async def ended(client: Client) -> None:
    """Stop ``client``; a producer has a while to send what it holds, then lets it fall.

    aiokafka itself would wait for a broker that is gone for as long as that is gone. It also keeps
    to itself that it is cancelled while it ends, so it does that in a task of its own.
    """
    if isinstance(client, AIOKafkaProducer):
        give_up_hearing(client)
    stopping = asyncio.create_task(client.stop())
    if isinstance(client, AIOKafkaConsumer):
        await _hung_up(client, stopping)
    done, _ = await asyncio.wait({stopping}, timeout=ENDED_WITHIN_S)
    if not done and isinstance(client, AIOKafkaProducer):
        done = await _let_go(client, stopping)
    if not done:
        stopping.cancel()
    with suppress(KafkaError, asyncio.CancelledError):
        await stopping
    if isinstance(client, AIOKafkaProducer):
        give_up_hearing(client)


async def _hung_up(consumer: AIOKafkaConsumer, stopping: asyncio.Task[None]) -> None:
    """Do not wait for good-byes: TLS has them answered, and Kafka answers nothing in a fetch."""
    connections = consumer._client._conns.values()  # noqa: SLF001 # No public way.
    transports = [each._writer.transport for each in connections if each._writer is not None]  # noqa: SLF001 # As above.
    done, _ = await asyncio.wait({stopping}, timeout=GOOD_BYE_S)
    for transport in () if done else transports:
        transport.abort()


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
        _seen(waiter) if waiter.done() else waiter.add_done_callback(_seen)


def _seen(waiter: asyncio.Future[Any]) -> None:
    if not waiter.cancelled():
        waiter.exception()


async def _let_go(producer: AIOKafkaProducer, stopping: asyncio.Task[None]) -> set[Any]:
    """End what tries to send, which lets ``stopping`` end, then all that wait for a delivery."""
    sending = producer._sender.sender_task  # noqa: SLF001 (aiokafka has no way to give up)
    if sending is not None:
        sending.cancel()
    done, _ = await asyncio.wait({stopping}, timeout=ENDED_WITHIN_S)
    unsent = producer._message_accumulator  # noqa: SLF001 (as above)
    pending = unsent._pending_batches  # noqa: SLF001 (as above)
    for batches in unsent._batches.values():  # noqa: SLF001 (as above)
        pending.update(batches)  # It takes them out again when they are done with.
    for batch in tuple(pending):
        batch.future.cancel()
    return done


def _quiet() -> None:
    """Silence aiokafka, which logs what it also raises; whoever set its level keeps that."""
    log = logging.getLogger("aiokafka")
    if log.level == logging.NOTSET:
        log.setLevel(logging.CRITICAL + 1)


def _hosts(settings: Settings) -> list[tuple[str, int, Any]]:
    try:
        return list(collect_hosts(settings.brokers, randomize=False))
    except ValueError as error:
        msg = f"the broker address {settings.brokers!r} cannot be read; give host:port"
        raise ConfigError(msg) from error


async def _metadata(host: str, port: int, how: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Where the cluster behind ``host`` and ``port`` says that its brokers are."""
    rest = {name: value for name, value in how.items() if name != "bootstrap_servers"}
    timeout_ms = int(ANSWERS_WITHIN_S * 1000) - 500
    async with opened(host, port, request_timeout_ms=timeout_ms, **rest) as asked:
        answer = await asked.send(MetadataRequest([]))
    return [(broker[1], broker[2]) for broker in answer.brokers]


async def _check_advertised(
    settings: Settings, brokers: set[tuple[str, int]], how: Mapping[str, Any]
) -> None:
    """A broker that answers may still name an address that only works inside its container."""
    for host, port in sorted(brokers):
        try:
            await _metadata(host, port, how)
        except (OSError, KafkaError, TimeoutError) as error:
            problem = await problem_at(host, port, error, settings.security)
            msg = (
                f"Kafka at {settings.brokers} answers, but says it is to be reached at "
                f"{host}:{port}, where that fails ({problem.what}); "
                f"{problem.todo if problem.there else 'set its advertised.listeners'}"
            )
            raise BrokerError(msg) from error
