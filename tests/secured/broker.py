"""An Apache Kafka that asks who we are: a listener for each way in, users who may and may not."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stream.config import Settings
from tests.brokers import ApacheBroker, Extra, free_ports
from tests.secured.certificates import Certificate, authority, vouched

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

OWNER: Final = "owner"  # May do everything.
OTHERS: Final = ("keeper", "reader", "guest")  # They may do what a test grants them.
MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
KINDS: Final = {
    "TLS": "SSL",
    "MUTUAL": "SSL",
    "ASTRAY": "SSL",
    "OLD": "SSL",
    "WEAK": "SSL",
    "SASL": "SASL_PLAINTEXT",
    "PLAIN_ONLY": "SASL_PLAINTEXT",
    "SASL_TLS": "SASL_SSL",
}
PROPERTIES: Final = """\
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,{kinds}
ssl.keystore.type=PEM
ssl.keystore.location={key}
ssl.truststore.type=PEM
ssl.truststore.location={trusted}
listener.name.mutual.ssl.client.auth=required
listener.name.old.ssl.keystore.location={old}
listener.name.weak.ssl.enabled.protocols=TLSv1.2
listener.name.weak.ssl.cipher.suites=TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
listener.name.plain_only.sasl.enabled.mechanisms=PLAIN
sasl.enabled.mechanisms={mechanisms}
listener.name.sasl_tls.scram-sha-512.connections.max.reauth.ms=2000
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:owner;User:CN=owner
"""
PLAIN: Final = "org.apache.kafka.common.security.plain.PlainLoginModule"
SCRAM: Final = "org.apache.kafka.common.security.scram.ScramLoginModule"


@dataclass(frozen=True, slots=True)
class Papers:
    """Who vouches for the broker, who vouches for nobody here, and the clients' certificates."""

    ca: Certificate
    stranger: Certificate
    broker: Certificate
    old: Certificate
    owner: Certificate
    foreign: Certificate

    @classmethod
    def made(cls, folder: Path) -> Papers:
        ca, stranger = authority(folder, "ca"), authority(folder, "stranger")
        broker = vouched(ca, folder, "broker", "DNS:localhost")
        owner, foreign = vouched(ca, folder, "owner"), vouched(stranger, folder, "foreign")
        old = vouched(ca, folder, "old", "DNS:localhost", days=-1)
        return cls(ca, stranger, broker, old, owner, foreign)


@dataclass(frozen=True, slots=True)
class Secured:
    """The broker, while it runs.

    ``ports`` by listener; ``localhost`` is the only name that its certificate has. ASTRAY says
    that it is to be reached at 127.0.0.1, OLD has a certificate that has expired, WEAK knows no
    cipher of today.
    """

    papers: Papers
    plaintext: str
    ports: Mapping[str, int]

    def address(self, listener: str) -> str:
        """Where ``listener`` is; PLAINTEXT asks nothing, and lets everybody do everything."""
        if listener == "PLAINTEXT":
            return self.plaintext
        return f"localhost:{self.ports[listener]}"

    def environment(self, listener: str, mechanism: str = "", user: str = OWNER) -> dict[str, str]:
        """What a person sets to be let in at ``listener`` as ``user``."""
        kind = KINDS[listener]
        env = {
            "THREADLINE_BROKERS": self.address(listener),
            "THREADLINE_SECURITY_PROTOCOL": kind,
        }
        if kind.endswith("SSL"):
            env["THREADLINE_TLS_CA_FILE"] = str(self.papers.ca.cert)
        if kind.startswith("SASL"):
            env["THREADLINE_SASL_MECHANISM"] = mechanism
            env["THREADLINE_SASL_USERNAME"] = user
            env["THREADLINE_SASL_PASSWORD"] = password(user, mechanism)
        if listener == "MUTUAL":
            env["THREADLINE_TLS_CERT_FILE"] = str(self.papers.owner.cert)
            env["THREADLINE_TLS_KEY_FILE"] = str(self.papers.owner.key)
        return env

    def settings(self, *args: str, **changed: str) -> Settings:
        """The settings that come of `environment`, with some of it ``changed``."""
        return Settings.from_env(self.environment(*args) | changed)


def password(user: str, mechanism: str) -> str:
    """Each mechanism has its own, so that one cannot pass for another."""
    return f"{user} by {mechanism}: p=x;y"


@contextmanager
def secured_broker(folder: Path) -> Iterator[Secured]:
    """One process with all listeners, for as long as the ``with`` lasts."""
    papers = Papers.made(folder)
    ports = dict(zip(KINDS, free_ports(len(KINDS)), strict=True))
    broker = ApacheBroker(folder, _extra(papers, ports))
    with ExitStack() as ended:
        ended.callback(broker.stop)
        broker.start()
        yield Secured(papers, broker.address, ports)


def _extra(papers: Papers, ports: Mapping[str, int]) -> Extra:
    advertised = {name: "127.0.0.1" if name == "ASTRAY" else "localhost" for name in ports}
    return Extra(
        listeners=tuple(f"{name}://127.0.0.1:{port}" for name, port in ports.items()),
        advertised=tuple(f"{name}://{advertised[name]}:{port}" for name, port in ports.items()),
        properties=PROPERTIES.format(
            kinds=",".join(f"{name}:{kind}" for name, kind in KINDS.items()),
            key=papers.broker.both,
            old=papers.old.both,
            trusted=papers.ca.cert,
            mechanisms=",".join(MECHANISMS),
        )
        + "".join(_logins(name) for name, kind in KINDS.items() if kind.startswith("SASL")),
        formatting=tuple(_credentials()),
    )


def _logins(listener: str) -> str:
    users = " ".join(f'user_{user}="{password(user, "PLAIN")}"' for user in (OWNER, *OTHERS))
    lines = [f"plain.sasl.jaas.config={PLAIN} required {users};"]
    lines += [
        f"{name.lower()}.sasl.jaas.config={SCRAM} required;"
        for name in MECHANISMS
        if name != "PLAIN"
    ]
    return "".join(f"listener.name.{listener.lower()}.{line}\n" for line in lines)


def _credentials() -> Iterator[str]:
    for mechanism in MECHANISMS:
        for user in (OWNER, *OTHERS) if mechanism != "PLAIN" else ():
            yield "--add-scram"
            yield f'{mechanism}=[name="{user}",password="{password(user, mechanism)}"]'
