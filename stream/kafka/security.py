"""TLS and SASL: from settings to what a client is given; a setting that cannot be is named."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stream.errors import ConfigError

if TYPE_CHECKING:
    from stream.config import Security

PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
CA, CERT, KEY, KEY_PASSWORD = (
    f"THREADLINE_TLS_{name}" for name in ("CA_FILE", "CERT_FILE", "KEY_FILE", "KEY_PASSWORD")
)
USER, PASSWORD = "THREADLINE_SASL_USERNAME", "THREADLINE_SASL_PASSWORD"


def arguments(security: Security) -> dict[str, Any]:
    """What any aiokafka client is told about ``security``; `ConfigError` where that cannot be.

    A setting that the protocol leaves unused is an error, too: nobody is to believe that a
    connection in the clear is a safe one.
    """
    _one_of("THREADLINE_SECURITY_PROTOCOL", security.protocol, PROTOCOLS)
    told: dict[str, Any] = {"security_protocol": security.protocol}
    tls = {CA: security.ca_file, CERT: security.cert_file, KEY: security.key_file}
    if security.protocol.endswith("SSL"):
        told["ssl_context"] = _context(security)
    else:
        _unused(security, tls, "SSL or SASL_SSL")
    sasl = {USER: security.username, PASSWORD: security.password}
    if security.protocol.startswith("SASL"):
        told |= _user(security)
    else:
        _unused(security, sasl, "SASL_SSL or SASL_PLAINTEXT")
    return told


def _unused(security: Security, given: dict[str, str | None], wanted: str) -> None:
    names = [name for name, value in given.items() if value is not None]
    if names:
        msg = (
            f"{names[0]} is set, but THREADLINE_SECURITY_PROTOCOL is {security.protocol}, which "
            f"has no use for it; set that to {wanted}, or leave {names[0]} out"
        )
        raise ConfigError(msg)


def _user(security: Security) -> dict[str, str]:
    _one_of("THREADLINE_SASL_MECHANISM", security.mechanism, MECHANISMS)
    if security.username is None or security.password is None:
        msg = f"{security.protocol} needs {USER} and {PASSWORD}; set both"
        raise ConfigError(msg)
    return {
        "sasl_mechanism": security.mechanism,
        "sasl_plain_username": security.username,
        "sasl_plain_password": security.password,
    }


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        msg = f"{name} is {value!r}; give one of {', '.join(known)}"
        raise ConfigError(msg)


def _context(security: Security) -> ssl.SSLContext:
    if security.ca_file is not None:
        _check_pem(CA, security.ca_file, "CERTIFICATE")
    try:
        context = ssl.create_default_context(cafile=security.ca_file)
    except ssl.SSLError as error:
        msg = f"{CA} is {security.ca_file!r}, which cannot be read as PEM; give a PEM file"
        raise ConfigError(msg) from error
    if security.cert_file is not None:
        _show(context, security, security.cert_file)
    elif security.key_file is not None:
        msg = f"{KEY} is set, but {CERT} is not; set both"
        raise ConfigError(msg)
    return context


def _show(context: ssl.SSLContext, security: Security, cert_file: str) -> None:
    """Let ``context`` show a certificate of ours; its key may lie in the same file."""
    _check_pem(CERT, cert_file, "CERTIFICATE")
    key_file = security.key_file or cert_file
    if security.key_file is None and not _holds(cert_file, "PRIVATE KEY"):
        msg = f"{CERT} is set, but {KEY} is not, and {cert_file!r} holds no private key; set both"
        raise ConfigError(msg)
    _check_pem(KEY, key_file, "PRIVATE KEY")

    def password() -> str:
        if security.key_password is None:  # OpenSSL itself would ask at the terminal, and wait.
            msg = f"the key in {key_file!r} is behind a password; set {KEY_PASSWORD}"
            raise ConfigError(msg)
        return security.key_password

    try:
        context.load_cert_chain(cert_file, key_file, password)
    except ssl.SSLError as error:
        files = f"{cert_file!r} ({CERT}) and {key_file!r} ({KEY})"
        msg = f"{files} cannot be read; check both, and {KEY_PASSWORD}"
        if error.reason == "KEY_VALUES_MISMATCH":
            msg = f"{files} do not belong together; give the key of that certificate"
        raise ConfigError(msg) from error


def _check_pem(name: str, path: str, kind: str) -> None:
    try:
        there = _holds(path, kind)
    except OSError as error:
        msg = f"{name} is {path!r}, which cannot be read ({error.strerror}); give a PEM file"
        raise ConfigError(msg) from error
    if not there:
        msg = f"{name} is {path!r}, which holds no {kind.lower()} in PEM form; give one that does"
        raise ConfigError(msg)


def _holds(path: str, kind: str) -> bool:
    return f"{kind}-----" in Path(path).read_text(encoding="ascii", errors="replace")
