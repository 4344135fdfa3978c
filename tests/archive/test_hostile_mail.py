"""Hostile mails, given to the command itself: told or cut, in bounded memory."""

from __future__ import annotations

import pytest

from tests.archive.command import inspected, refused
from tests.archive.mails import mail

MIB = 1 << 20


def _box(tmp_path, middle):
    path = tmp_path / "list.mbox"
    path.write_text(f"{mail(1)}{middle}{mail(3)}")
    return path


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("x\n" * 8_000_000, id="eight million lines", marks=pytest.mark.long),
        pytest.param("QUFB" * 18 + "\n" + ("QUFB" * 18 + "\n") * 400_000, id="30 MB attached"),
        pytest.param("x" * (20 * MIB), id="a line of 20 MiB"),
        pytest.param("--b\n\nx\n" * 500_000, id="half a million parts", marks=pytest.mark.long),
    ],
)
def test_of_a_vast_mail_the_beginning_is_read(tmp_path, body):
    parts = "multipart/mixed; boundary=b" if body.startswith("--") else "text/plain"
    found = inspected(_box(tmp_path, mail(2, body=body, Content_Type=parts)))
    assert (found["items"]["posts"], found["skipped"]) == (3, 0)
    assert {odd["code"]: odd["count"] for odd in found["oddities"]} == {"long-mail": 1}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        pytest.param(
            {"X_Many": "y\nX-Many: y" * 400_000}, "header is longer", id="a million fields"
        ),
        pytest.param({"References": "<a@x> " * 300_000}, "header is longer", id="references"),
    ],
)
def test_a_vast_header_is_refused(tmp_path, fields, problem):
    path = _box(tmp_path, mail(2, **fields))
    refused(path, "list.mbox, row ", problem, "--skip-unreadable")
    assert inspected(path)["skipped"] == 1


@pytest.mark.parametrize("who", ["(" * 100_000, '"' * 100_000, "<" * 100_000, "a" * 100_000 + "@x"])
def test_a_sender_without_end_is_somebody(tmp_path, who):
    found = inspected(_box(tmp_path, mail(2, From=who)))
    assert (found["items"]["posts"], found["skipped"]) == (3, 0)
