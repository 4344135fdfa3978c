"""Certificates for the tests, made by openssl: authorities of our own, and whom they vouch for."""

from __future__ import annotations

import subprocess
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.brokers import tool

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key, as PEM files; ``both`` holds the two."""

    cert: Path
    key: Path

    @property
    def both(self) -> Path:
        return self.cert.with_suffix(".both.pem")


def authority(folder: Path, name: str) -> Certificate:
    """Who vouches for others; nobody vouches for it."""
    made = _named(folder, name)
    signs = ("-addext", "keyUsage=critical,keyCertSign")
    _openssl("req", "-x509", "-days", "2", *_new_key(made), *signs, "-out", made.cert)
    return _joined(made)


def vouched(by: Certificate, folder: Path, name: str, *names: str, days: int = 2) -> Certificate:
    """``by`` vouches for ``name``, and for ``names`` like ``DNS:localhost``."""
    made = _named(folder, name)
    wish, kind = made.cert.with_suffix(".csr"), made.cert.with_suffix(".ext")
    _openssl("req", "-new", *_new_key(made), "-out", wish)
    alternatives = f"subjectAltName={','.join(names)}\n" if names else ""
    kind.write_text(f"basicConstraints=CA:FALSE\nauthorityKeyIdentifier=keyid\n{alternatives}")
    signed = ("-CA", by.cert, "-CAkey", by.key, "-set_serial", str(uuid.uuid4().int))
    until = ("-days", str(days), "-extfile", kind)
    _openssl("x509", "-req", "-in", wish, *signed, *until, "-out", made.cert)
    return _joined(made)


def locked(certificate: Certificate, password: str) -> Path:
    """The key of ``certificate`` behind a password, in a file of its own."""
    path = certificate.key.with_suffix(".locked.pem")
    _openssl(
        "pkey", "-aes256", "-passout", f"pass:{password}", "-in", certificate.key, "-out", path
    )
    return path


def _named(folder: Path, name: str) -> Certificate:
    return Certificate(folder / f"{name}.pem", folder / f"{name}.key.pem")


def _new_key(made: Certificate) -> tuple[str | Path, ...]:
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    return (*curve, "-nodes", "-keyout", made.key, "-subj", f"/CN={made.cert.stem}")


def _joined(made: Certificate) -> Certificate:
    made.both.write_text(made.key.read_text() + made.cert.read_text())
    return made


def _openssl(*arguments: str | Path) -> None:
    command = [tool("openssl"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"openssl cannot make a certificate:\n{done.stdout}{done.stderr}")
