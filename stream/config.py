"""How a process runs: one frozen value, read from ``THREADLINE_*`` once, at the door."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from stream.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """How to connect to a cluster that asks who we are."""

    protocol: str = "PLAINTEXT"
    mechanism: str = "PLAIN"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    key_password: str | None = field(default=None, repr=False)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """As `Settings.from_env`; what is empty is not set."""
        return cls(
            protocol=env.get("THREADLINE_SECURITY_PROTOCOL") or "PLAINTEXT",
            mechanism=env.get("THREADLINE_SASL_MECHANISM") or "PLAIN",
            username=env.get("THREADLINE_SASL_USERNAME") or None,
            password=env.get("THREADLINE_SASL_PASSWORD") or None,
            ca_file=env.get("THREADLINE_TLS_CA_FILE") or None,
            cert_file=env.get("THREADLINE_TLS_CERT_FILE") or None,
            key_file=env.get("THREADLINE_TLS_KEY_FILE") or None,
            key_password=env.get("THREADLINE_TLS_KEY_PASSWORD") or None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Made once, at the door, and handed down."""

    brokers: str = "localhost:9092"
    prefix: str = "threadline"
    partitions: int = 4
    replication: int = 1
    url: str = "http://127.0.0.1:8300"
    security: Security = Security()

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read ``THREADLINE_*`` from ``env``; what is not set has the default shown above."""
        known = cls()
        return cls(
            brokers=env.get("THREADLINE_BROKERS") or known.brokers,
            prefix=env.get("THREADLINE_PREFIX") or known.prefix,
            partitions=_count(env, "THREADLINE_PARTITIONS", known.partitions),
            replication=_count(env, "THREADLINE_REPLICATION", known.replication),
            url=env.get("THREADLINE_URL") or known.url,
            security=Security.from_env(env),
        )


def _count(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        msg = f"{name} is {text!r}; give a whole number from 1, like {default}"
        raise ConfigError(msg)
    return int(text)
