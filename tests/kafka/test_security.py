"""A security setting that cannot be is named, before anybody is asked for a connection."""

from __future__ import annotations

import pytest

from stream.config import Security, Settings
from stream.errors import ConfigError
from stream.kafka.security import arguments

MAGIC = "open sesame"


def test_user_and_password_reach_the_client():
    env = {
        "THREADLINE_SECURITY_PROTOCOL": "SASL_SSL",
        "THREADLINE_SASL_MECHANISM": "SCRAM-SHA-512",
        "THREADLINE_SASL_USERNAME": "u",
        "THREADLINE_SASL_PASSWORD": "p",
    }

    how = arguments(Security.from_env(env))

    assert how["sasl_mechanism"] == "SCRAM-SHA-512"
    assert (how["sasl_plain_username"], how["sasl_plain_password"]) == ("u", "p")
    assert how["ssl_context"].check_hostname


def test_secrets_are_not_shown():
    security = Security(username="u", password=MAGIC, key_password=MAGIC)
    assert MAGIC not in repr(Settings(security=security))


def test_what_is_empty_is_not_set():
    env = dict.fromkeys(("SASL_USERNAME", "TLS_CA_FILE", "TLS_KEY_PASSWORD"), "")
    empty = {f"THREADLINE_{name}": value for name, value in env.items()}
    assert Settings.from_env(empty) == Settings()


@pytest.mark.parametrize(
    ("security", "said"),
    [
        pytest.param(
            Security(protocol="TLS"),
            "THREADLINE_SECURITY_PROTOCOL is 'TLS'; give one of PLAINTEXT, SSL, ",
            id="no protocol",
        ),
        pytest.param(
            Security(protocol="SASL_SSL"),
            "SASL_SSL needs THREADLINE_SASL_USERNAME and THREADLINE_SASL_PASSWORD; set both",
            id="no user",
        ),
        pytest.param(
            Security(protocol="SASL_SSL", username="u"),
            "SASL_SSL needs THREADLINE_SASL_USERNAME and THREADLINE_SASL_PASSWORD; set both",
            id="no password",
        ),
        pytest.param(
            Security(protocol="SASL_SSL", mechanism="OAUTHBEARER"),
            "THREADLINE_SASL_MECHANISM is 'OAUTHBEARER'; give one of PLAIN, SCRAM-SHA-256, ",
            id="no mechanism",
        ),
        pytest.param(
            Security(ca_file="ca.pem"),
            "THREADLINE_TLS_CA_FILE is set, but THREADLINE_SECURITY_PROTOCOL is PLAINTEXT, which "
            "has no use for it; set that to SSL or SASL_SSL, or leave THREADLINE_TLS_CA_FILE out",
            id="an authority without TLS",
        ),
        pytest.param(
            Security(protocol="SSL", username="u", password=MAGIC),
            "THREADLINE_SASL_USERNAME is set, but THREADLINE_SECURITY_PROTOCOL is SSL",
            id="a user without SASL",
        ),
        pytest.param(
            Security(protocol="SSL", ca_file="gone.pem"),
            "THREADLINE_TLS_CA_FILE is 'gone.pem', which cannot be read (No such file",
            id="no such file",
        ),
        pytest.param(
            Security(protocol="SSL", ca_file="."),
            "THREADLINE_TLS_CA_FILE is '.', which cannot be read (Is a directory)",
            id="a folder",
        ),
        pytest.param(
            Security(protocol="SSL", ca_file="notes.txt"),
            "THREADLINE_TLS_CA_FILE is 'notes.txt', which holds no certificate in PEM form",
            id="no certificate",
        ),
        pytest.param(
            Security(protocol="SSL", ca_file="broken.pem"),
            "THREADLINE_TLS_CA_FILE is 'broken.pem', which cannot be read as PEM",
            id="a broken certificate",
        ),
        pytest.param(
            Security(protocol="SSL", cert_file="gone.pem"),
            "THREADLINE_TLS_CERT_FILE is 'gone.pem', which cannot be read",
            id="no certificate of ours",
        ),
        pytest.param(
            Security(protocol="SSL", cert_file="broken.pem", key_file="gone.pem"),
            "THREADLINE_TLS_KEY_FILE is 'gone.pem', which cannot be read",
            id="no key of ours",
        ),
        pytest.param(
            Security(protocol="SSL", key_file="gone.pem"),
            "THREADLINE_TLS_KEY_FILE is set, but THREADLINE_TLS_CERT_FILE is not; set both",
            id="a key alone",
        ),
    ],
)
def test_a_wrong_setting_is_named(security, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_bytes(b"\xff milk, eggs")
    marks = [f"-----{word} CERTIFICATE-----" for word in ("BEGIN", "END")]
    (tmp_path / "broken.pem").write_text("\nmilk\n".join(marks))

    with pytest.raises(ConfigError) as raised:
        arguments(security)

    assert said in str(raised.value)
