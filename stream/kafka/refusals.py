"""Why Kafka lets us not in, or not do what we must: from its errors to words and what to do."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Final, NamedTuple

from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)

from stream.errors import BrokerError
from stream.kafka.security import CA, CERT, KEY, MECHANISMS, PASSWORD, USER
from stream.kafka.spoken import Spoken, alert, spoken

if TYPE_CHECKING:
    from stream.config import Security, Settings

START_ONE: Final = "start one, or name another with --brokers (THREADLINE_BROKERS)"
SILENT: Final = "it does not answer"
UNTRUSTED: Final = (2, 18, 19, 20, 21)  # OpenSSL's: where a chain ends without one we trust.
NAMED_OTHERWISE: Final = (62, 64)
EXPIRED: Final = 10


class NotAllowedError(BrokerError):
    """Kafka knows who we are, and that we may not do this: trying again is of no use."""


class Problem(NamedTuple):
    """What is wrong with a connection and what to do; whether somebody is ``there`` at all."""

    what: str
    todo: str = START_ONE
    there: bool = False


async def problem_at(host: str, port: int, error: BaseException, security: Security) -> Problem:
    """Why a connection to ``host`` and ``port`` failed with ``error``."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _unproven(host, error, security)
    if isinstance(error, SaslAuthenticationFailed):
        what = f"it does not accept the user {security.username!r} with that password"
        todo = f"check {USER}, {PASSWORD} and THREADLINE_SASL_MECHANISM ({security.mechanism})"
        return Problem(what, todo, there=True)
    alerted = alert(error)
    if security.protocol.endswith("SSL") and alerted:
        return _broken_off(alerted, security)
    if isinstance(error, (KafkaError, ssl.SSLError, ConnectionResetError)):
        return _misunderstood(await spoken(host, port), security)
    return Problem(reason(error))


def reason(error: BaseException) -> str:
    """What ``error`` says, in a line."""
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, TimeoutError):
        return SILENT
    if isinstance(error, KafkaConnectionError) and error.args:
        return str(error.args[0])  # Without the name of its class.
    text = " ".join(str(error).split())
    return text or type(error).__name__


def not_allowed(error: BaseException | None, settings: Settings) -> NotAllowedError | None:
    """What right is missing, if that is what ``error``, or what caused it, is about."""
    while error is not None:
        refused = _refused(error, settings.prefix)
        if refused is not None:
            what, needed = refused
            at, who = settings.brokers, client_of(settings.security)
            return NotAllowedError(f"Kafka at {at} refuses {who} {what}; grant {needed}")
        error = error.__cause__
    return None


def client_of(security: Security) -> str:
    """Whom Kafka takes us for."""
    if security.protocol.startswith("SASL"):
        return f"the user {security.username!r}"
    if security.cert_file is not None:
        return f"the owner of {security.cert_file}"
    return "a client that gives no name"


def rights_on_topics(prefix: str) -> str:
    """All that one user who does everything must be granted on topics."""
    rights = "Create, Describe, DescribeConfigs, Read and Write"
    return f"{rights} on topics that begin with '{prefix}.'"


def _refused(error: BaseException, prefix: str) -> tuple[str, str] | None:
    if isinstance(error, TopicAuthorizationFailedError):
        names = _named(error)
        return f"the topic{'s' * (', ' in names)} {names}", rights_on_topics(prefix)
    if isinstance(error, GroupAuthorizationFailedError):
        return f"the group {_named(error)}", "Read on that group"
    if isinstance(error, TransactionalIdAuthorizationFailed):
        needed = f"Write on transactional ids that begin with '{prefix}-'"
        return f"the transactional id {_named(error)}", needed
    if isinstance(error, ClusterAuthorizationFailedError):
        return "to write anything", rights_on_topics(prefix)
    return None


def _named(error: BaseException) -> str:
    (names,) = error.args or ("",)
    return names if isinstance(names, str) else ", ".join(sorted(map(str, names)))


def _unproven(host: str, error: ssl.SSLCertVerificationError, security: Security) -> Problem:
    if error.verify_code in NAMED_OTHERWISE:
        places = "with --brokers (THREADLINE_BROKERS), and in its advertised.listeners"
        todo = f"name the broker as its certificate does, {places}"
        return Problem(f"its certificate is not for {host!r}", todo, there=True)
    if error.verify_code == EXPIRED:
        return Problem("its certificate has expired", "have it renewed", there=True)
    what = f"its certificate cannot be trusted ({error.verify_message.rstrip('.')})"
    if error.verify_code not in UNTRUSTED:
        return Problem(what, "have the certificate mended", there=True)
    todo = f"name a file with the certificate of who issued it in {CA}"
    if security.ca_file is not None:
        todo += f", which is {security.ca_file}"
    return Problem(what, todo, there=True)


def _broken_off(by: str, security: Security) -> Problem:
    said = by.lower().replace("_", " ")
    if "CERT" not in by and "UNKNOWN_CA" not in by:
        todo = "see that the broker takes TLS 1.2 or 1.3 with ciphers of today"
        return Problem(f"it breaks off TLS ({said})", todo, there=True)
    if security.cert_file is None:
        return Problem("it asks for a certificate of ours", f"set {CERT} and {KEY}", there=True)
    what = f"it does not accept the certificate in {security.cert_file} ({said})"
    return Problem(what, f"check {CERT}, and whom the broker trusts", there=True)


def _misunderstood(found: Spoken | None, security: Security) -> Problem:
    if found is None:
        todo = "make sure that it is Kafka, and look for the reason in its log"
        return Problem("what listens there hangs up", todo, there=True)
    if security.protocol not in found.protocols:
        protocols = " or ".join(found.protocols)
        other = f"name a port where {security.protocol} is spoken"
        todo = f"{other}, or set THREADLINE_SECURITY_PROTOCOL to {protocols}"
        if protocols.startswith("SASL") and security.username is None:
            todo += f", {USER} and {PASSWORD}"
        what = f"{security.protocol} is not spoken there, but {protocols}"
        return Problem(what, todo, there=True)
    if found.mechanisms and security.mechanism not in found.mechanisms:
        what = f"it knows {', '.join(found.mechanisms)}, but not {security.mechanism}"
        known = [name for name in MECHANISMS if name in found.mechanisms]
        todo = f"set THREADLINE_SASL_MECHANISM to {' or '.join(known)}"
        other = f"have it take one of {', '.join(MECHANISMS)}"
        return Problem(what, todo if known else other, there=True)
    return Problem("it hangs up", "look for the reason in its log", there=True)
