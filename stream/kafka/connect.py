"""How every Kafka client of ours is connected, started, ended, and what its failures say."""

from __future__ import annotations

import asyncio
import logging
import ssl
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError
from aiokafka.protocol.metadata import MetadataRequest

from stream.errors import BrokerError, ConfigError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from stream.config import Settings

ANSWERS_WITHIN_S: Final = 4.5
STARTED_WITHIN_S: Final = 30.0
ENDED_WITHIN_S: Final = 5.0
PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
START_ONE: Final = "start one, or name another with --brokers (THREADLINE_BROKERS)"


class Client(Protocol):
    """What aiokafka's producer and consumer have in common."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


def connection(settings: Settings) -> dict[str, Any]:
    """The arguments that any aiokafka client takes to reach the brokers of ``settings``."""
    _quiet()
    security = settings.security
    if security.protocol not in PROTOCOLS:
        known = ", ".join(PROTOCOLS)
        msg = f"THREADLINE_SECURITY_PROTOCOL is {security.protocol!r}; give one of {known}"
        raise ConfigError(msg)
    arguments: dict[str, Any] = {
        "bootstrap_servers": settings.brokers,
        "security_protocol": security.protocol,
    }
    if security.protocol.endswith("SSL"):
        arguments["ssl_context"] = _ssl_context(security.ca_file)
    if security.protocol.startswith("SASL"):
        if security.username is None or security.password is None:
            msg = "SASL needs THREADLINE_SASL_USERNAME and THREADLINE_SASL_PASSWORD; set both"
            raise ConfigError(msg)
        arguments["sasl_mechanism"] = security.mechanism
        arguments["sasl_plain_username"] = security.username
        arguments["sasl_plain_password"] = security.password
    return arguments


async def reachable(settings: Settings) -> None:
    """Return once a broker has answered; `BrokerError` after at most five seconds if none does."""
    how = connection(settings)
    problem = "it does not answer"
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            for host, port, _ in _hosts(settings):
                try:
                    answered = await _metadata(host, port, how)
                except (OSError, KafkaError, TimeoutError) as error:
                    problem = _reason(error)
                else:
                    await _check_advertised(settings, answered)
                    return
    except TimeoutError:
        pass
    msg = f"no Kafka broker at {settings.brokers}: {problem}; {START_ONE}"
    raise BrokerError(msg)


@contextmanager
def translated(settings: Settings) -> Iterator[None]:
    """Kafka's errors, addresses that lead nowhere and waiting too long become `BrokerError`."""
    try:
        yield
    except KafkaConnectionError as error:
        msg = f"no connection to Kafka at {settings.brokers}: {_reason(error)}; {START_ONE}"
        raise BrokerError(msg) from error
    except TimeoutError as error:
        msg = f"Kafka at {settings.brokers} does not answer; {START_ONE}"
        raise BrokerError(msg) from error
    except KafkaError as error:
        retriable = error.retriable or isinstance(error, KafkaTimeoutError)
        said = "did not answer in time, try again" if retriable else "refused"
        msg = f"Kafka at {settings.brokers} {said}: {_reason(error)}"
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
    with translated(settings):
        async with asyncio.timeout(STARTED_WITHIN_S):
            await client.start()


async def ended(client: Client) -> None:
    """Stop ``client``; a producer has a while to send what it holds, then lets it fall.

    aiokafka itself would wait for a broker that is gone for as long as that is gone.
    """
    stopping = asyncio.create_task(client.stop())
    done, _ = await asyncio.wait({stopping}, timeout=ENDED_WITHIN_S)
    if not done and isinstance(client, AIOKafkaProducer):
        done = await _let_go(client, stopping)
    if not done:
        stopping.cancel()
    with suppress(KafkaError, asyncio.CancelledError):
        await stopping
    if isinstance(client, AIOKafkaProducer):
        _take_note(client)


def _take_note(producer: AIOKafkaProducer) -> None:
    """Look at failures that nobody but aiokafka can see: asyncio logs those that nobody has.

    Whoever sent something was told by the future that he got for it.
    """
    unsent = producer._message_accumulator._batches.values()  # noqa: SLF001 # No public way.
    waiters = [batch._drain_waiter for batches in unsent for batch in batches]  # noqa: SLF001 # As above.
    transactions: Any = producer._txn_manager  # noqa: SLF001 # As above.
    if transactions is not None and transactions.wait_for_transaction_end() is not None:
        waiters.append(transactions.wait_for_transaction_end())
    for waiter in waiters:
        if waiter.done() and not waiter.cancelled():
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


def _ssl_context(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        msg = f"THREADLINE_TLS_CA_FILE is {ca_file!r}, which cannot be read as PEM: {error}"
        raise ConfigError(msg) from error


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
    connected = await create_conn(host, port, request_timeout_ms=timeout_ms, **rest)
    try:
        answer = await connected.send(MetadataRequest([]))
    finally:
        closed = connected.close()
        if closed is not None:
            await closed
    return [(broker[1], broker[2]) for broker in answer.brokers]


async def _check_advertised(settings: Settings, brokers: list[tuple[str, int]]) -> None:
    """A broker that answers may still name an address that only works inside its container."""
    for host, port in brokers:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError as error:
            msg = (
                f"Kafka at {settings.brokers} answers, but says it is to be reached at "
                f"{host}:{port}, where nothing is ({_reason(error)}); set its advertised.listeners"
            )
            raise BrokerError(msg) from error
        writer.close()
        await writer.wait_closed()


def _reason(error: BaseException) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, TimeoutError):
        return "it does not answer"
    text = " ".join(str(error).split())
    return text or type(error).__name__
