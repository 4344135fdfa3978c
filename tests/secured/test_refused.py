"""Who is not let in is told why, what and where, and what to set; in a line, and at once."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field

import pytest
from aiokafka import AIOKafkaProducer

from stream.archive.detect import sample
from stream.cli.main import run
from stream.errors import BrokerError
from stream.kafka.connect import connection, running
from tests.brokers import free_ports
from tests.secured.certificates import locked

pytestmark = pytest.mark.apache

WITHIN_S = 5.0
WRONG = "guess"


@dataclass(frozen=True, kw_only=True)
class Case:
    """Somebody at a listener with a setting changed; ``at``: with that one's settings, but here."""

    listener: str
    mechanism: str = ""
    at: str | None = None
    changed: dict[str, str] = field(default_factory=dict)
    said: str
    status: int = 3


def _set(**changed):
    return {f"THREADLINE_{name}": value for name, value in changed.items()}


CASES = {
    "wrong password, PLAIN": Case(
        listener="SASL_TLS",
        mechanism="PLAIN",
        changed=_set(SASL_PASSWORD=WRONG),
        said="it does not accept the user 'owner' with that password; check "
        "THREADLINE_SASL_USERNAME, THREADLINE_SASL_PASSWORD and "
        "THREADLINE_SASL_MECHANISM (PLAIN)",
    ),
    "wrong password, SCRAM": Case(
        listener="SASL",
        mechanism="SCRAM-SHA-256",
        changed=_set(SASL_PASSWORD=WRONG),
        said="it does not accept the user 'owner' with that password",
    ),
    "no such user": Case(
        listener="SASL",
        mechanism="SCRAM-SHA-512",
        changed=_set(SASL_USERNAME="nobody"),
        said="it does not accept the user 'nobody' with that password",
    ),
    "the password of another mechanism": Case(
        listener="SASL",
        mechanism="SCRAM-SHA-512",
        changed=_set(SASL_MECHANISM="PLAIN"),
        said="THREADLINE_SASL_MECHANISM (PLAIN)",
    ),
    "authority unknown": Case(
        listener="TLS",
        changed=_set(TLS_CA_FILE=""),
        said="its certificate cannot be trusted (unable to get local issuer certificate); name a "
        "file with the certificate of who issued it in THREADLINE_TLS_CA_FILE",
    ),
    "another authority": Case(
        listener="SASL_TLS",
        mechanism="PLAIN",
        changed=_set(TLS_CA_FILE="{stranger.cert}"),
        said="THREADLINE_TLS_CA_FILE, which is {stranger.cert}",
    ),
    "another name": Case(
        listener="TLS",
        changed=_set(BROKERS="127.0.0.1:{port}"),
        said="no connection to Kafka at 127.0.0.1:{port}: its certificate is not for '127.0.0.1'",
    ),
    "another name advertised": Case(
        listener="ASTRAY",
        said="says it is to be reached at 127.0.0.1:{port}, where that fails (its certificate is "
        "not for '127.0.0.1')",
    ),
    "expired": Case(listener="OLD", said="its certificate has expired; have it renewed"),
    "no cipher in common": Case(
        listener="WEAK",
        said="it breaks off TLS (sslv3 alert handshake failure); see that the broker takes TLS ",
    ),
    "in the clear to TLS": Case(
        listener="TLS",
        changed=_set(SECURITY_PROTOCOL="PLAINTEXT", TLS_CA_FILE=""),
        said="PLAINTEXT is not spoken there, but SSL; name a port where PLAINTEXT is spoken, or "
        "set THREADLINE_SECURITY_PROTOCOL to SSL",
    ),
    "in the clear to TLS with users": Case(
        listener="TLS",
        at="SASL_TLS",
        changed=_set(SECURITY_PROTOCOL="PLAINTEXT", TLS_CA_FILE=""),
        said="set THREADLINE_SECURITY_PROTOCOL to SASL_SSL, THREADLINE_SASL_USERNAME and "
        "THREADLINE_SASL_PASSWORD",
    ),
    "in the clear to TLS with certificates": Case(
        listener="TLS",
        at="MUTUAL",
        changed=_set(SECURITY_PROTOCOL="PLAINTEXT", TLS_CA_FILE=""),
        said="PLAINTEXT is not spoken there, but SSL or SASL_SSL",
    ),
    "TLS to one in the clear": Case(
        listener="TLS",
        at="PLAINTEXT",
        said="SSL is not spoken there, but PLAINTEXT; name a port where SSL is spoken",
    ),
    "a user where none is asked for": Case(
        listener="SASL", mechanism="PLAIN", at="PLAINTEXT", said="not spoken there, but PLAINTEXT"
    ),
    "nobody where a user is asked for": Case(
        listener="TLS", at="SASL_TLS", said="SSL is not spoken there, but SASL_SSL"
    ),
    "a mechanism that the broker lacks": Case(
        listener="SASL",
        mechanism="SCRAM-SHA-512",
        at="PLAIN_ONLY",
        said="it knows PLAIN, but not SCRAM-SHA-512; set THREADLINE_SASL_MECHANISM to PLAIN",
    ),
    "a mechanism that we lack": Case(
        listener="SASL",
        mechanism="PLAIN",
        changed=_set(SASL_MECHANISM="SCRAM-SHA-1"),
        said="THREADLINE_SASL_MECHANISM is 'SCRAM-SHA-1'; give one of PLAIN, SCRAM-SHA-256, ",
        status=2,
    ),
    "no certificate shown": Case(
        listener="TLS",
        at="MUTUAL",
        said="it asks for a certificate of ours; set THREADLINE_TLS_CERT_FILE and "
        "THREADLINE_TLS_KEY_FILE",
    ),
    "a foreign certificate shown": Case(
        listener="MUTUAL",
        changed=_set(TLS_CERT_FILE="{foreign.both}", TLS_KEY_FILE=""),
        said="it does not accept the certificate in {foreign.both} (",
    ),
    "another's key": Case(
        listener="MUTUAL",
        changed=_set(TLS_KEY_FILE="{foreign.key}"),
        said="{foreign.key}' (THREADLINE_TLS_KEY_FILE) do not belong together",
        status=2,
    ),
    "no key": Case(
        listener="MUTUAL",
        changed=_set(TLS_KEY_FILE=""),
        said="THREADLINE_TLS_KEY_FILE is not, and '{owner.cert}' holds no private key; set both",
        status=2,
    ),
    "a locked key": Case(
        listener="MUTUAL",
        changed=_set(TLS_KEY_FILE="{locked}"),
        said="the key in '{locked}' is behind a password; set THREADLINE_TLS_KEY_PASSWORD",
        status=2,
    ),
    "a locked key and another password": Case(
        listener="MUTUAL",
        changed=_set(TLS_KEY_FILE="{locked}", TLS_KEY_PASSWORD=WRONG),
        said="cannot be read; check both, and THREADLINE_TLS_KEY_PASSWORD",
        status=2,
    ),
    "a key in place of an authority": Case(
        listener="TLS",
        changed=_set(TLS_CA_FILE="{ca.key}"),
        said="THREADLINE_TLS_CA_FILE is '{ca.key}', which holds no certificate in PEM form",
        status=2,
    ),
}


@pytest.fixture(scope="module")
def papers(secured):
    """What the cases call files."""
    papers = secured.papers
    names = {name: getattr(papers, name) for name in ("ca", "stranger", "owner", "foreign")}
    return names | {"locked": locked(papers.owner, "open sesame")}


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_it_is_said_in_a_line_at_once(secured, papers, case, monkeypatch, capsys):
    env = secured.environment(case.listener, case.mechanism)
    if case.at is not None:
        env["THREADLINE_BROKERS"] = secured.address(case.at)
    names = papers | {"port": env["THREADLINE_BROKERS"].rpartition(":")[2]}
    for name, value in (env | case.changed).items():
        monkeypatch.setenv(name, value.format_map(names))
    began = time.monotonic()

    assert run(["topics"]) == case.status

    assert time.monotonic() - began < WITHIN_S
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert case.said.format_map(names) in said
    assert len(said.splitlines()) == 1


def test_every_command_ends_with_it(secured):
    commands = ["work", "--name", "w"], ["serve"], ["replay", sample()], ["verify", sample()]
    (port,) = free_ports(1)
    commands[1].extend(["--port", str(port)])
    env = os.environ | secured.environment("SASL_TLS", "SCRAM-SHA-256")
    env["THREADLINE_SASL_PASSWORD"] = WRONG
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "stream.cli", *map(str, command)],
            env=env,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    for process in started:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 3
        assert said.startswith("error: no connection to Kafka at localhost:")
        assert len(said.splitlines()) == 1


def test_a_client_that_starts_later_says_it_too(secured):
    settings = secured.settings("SASL_TLS", "PLAIN", THREADLINE_SASL_PASSWORD=WRONG)

    async def start():
        async with running(AIOKafkaProducer(**connection(settings)), settings):
            pass

    with pytest.raises(BrokerError, match="it does not accept the user 'owner'"):
        asyncio.run(start())
