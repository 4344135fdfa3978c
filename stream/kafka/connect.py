"""How every Kafka client of ours is connected and started, and what its failures say."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Final

from aiokafka.conn import collect_hosts
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError
from aiokafka.protocol.metadata import MetadataRequest

from stream.errors import BrokerError, ConfigError
from stream.kafka.ending import cancelled, ended, to_its_end
from stream.kafka.refusals import SILENT, START_ONE, Problem, not_allowed, problem_at, reason
from stream.kafka.security import arguments
from stream.kafka.spoken import opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from stream.config import Settings
    from stream.kafka.ending import Client

ANSWERS_WITHIN_S: Final = 4.5
STARTED_WITHIN_S: Final = 30.0
LET_START_S: Final = 1.0


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
    except (KafkaError, TimeoutError) as error:
        meant = _meant(error)
        raise _ours(meant, settings) from meant


def _meant(error: BaseException) -> BaseException:
    """What aiokafka has wrapped into a `KafkaError` without a kind, as unexpected."""
    while type(error) is KafkaError and isinstance(error.__cause__, KafkaError):
        error = error.__cause__
    return error


def _ours(error: BaseException, settings: Settings) -> BrokerError:
    at = f"Kafka at {settings.brokers}"
    if isinstance(error, KafkaConnectionError):
        return BrokerError(f"no connection to {at}: {reason(error)}; {START_ONE}")
    if not isinstance(error, KafkaError):
        return BrokerError(f"{at} does not answer; {START_ONE}")
    refused = not_allowed(error, settings)
    if refused is not None:
        return refused
    retriable = error.retriable or isinstance(error, KafkaTimeoutError)
    said = "did not answer in time, try again" if retriable else "refused"
    return BrokerError(f"{at} {said}: {reason(error)}")


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
        await to_its_end(_let_start(starting))
        raise


async def _let_start(starting: asyncio.Task[None]) -> None:
    await asyncio.wait({starting}, timeout=LET_START_S)
    await cancelled({starting})


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
