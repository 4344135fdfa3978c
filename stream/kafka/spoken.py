"""What a port speaks: asked where a connection fails, so that an error can say what to set.

No name, password or certificate of ours is shown meanwhile, so whoever listens need not be trusted.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import IllegalSaslStateError, KafkaError
from aiokafka.protocol.admin import SaslHandShakeRequest

from stream.kafka.security import MECHANISMS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TRIED_FOR_S: Final = 1.0


class Spoken(NamedTuple):
    """The security protocol of a listener, of several where that is not known; and of SASL, how."""

    protocols: tuple[str, ...]
    mechanisms: tuple[str, ...] = ()


async def spoken(host: str, port: int) -> Spoken | None:
    """What is spoken at ``port``; None where nobody answers as Kafka does."""
    for tls in (True, False):
        protocol = "SSL" if tls else "PLAINTEXT"
        try:
            async with asyncio.timeout(TRIED_FOR_S):
                how = {"security_protocol": protocol, "ssl_context": _trusting()}
                async with opened(host, port, **how) as connection:
                    answer = await connection.send(SaslHandShakeRequest(MECHANISMS[0]))
        except (OSError, KafkaError, TimeoutError) as error:
            if tls and alert(error):
                return Spoken(("SSL", "SASL_SSL"))
        else:
            if answer.error_code == IllegalSaslStateError.errno:  # Nobody is asked for a name.
                return Spoken((protocol,))
            return Spoken((f"SASL_{protocol}",), tuple(answer.enabled_mechanisms))
    return None


@asynccontextmanager
async def opened(host: str, port: int, **how: Any) -> AsyncIterator[AIOKafkaConnection]:  # noqa: ANN401 # aiokafka's.
    """A connection as it is for any client, made and ended."""
    connection = AIOKafkaConnection(host, port, **how)
    try:
        await connection.connect()
        yield connection
    finally:
        closed = connection.close()
        if connection._protocol is not None and closed is not None:  # noqa: SLF001 # Else it never was.
            await closed


def alert(error: BaseException | None) -> str | None:
    """By which TLS alert the other side ended the connection, as OpenSSL names it."""
    while error is not None:
        if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or ""):
            return error.reason
        error = error.__cause__
    return None


def _trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
