"""Mails in words: each one of a mailbox, as pipermail writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stream.codec.times import read_time
from stream.core.when import to_datetime

if TYPE_CHECKING:
    from stream.archive.base import Report

NOON: Final = read_time("2017-03-01T12:00:00Z")
DAY: Final = 86_400_000


def mail(
    n: int,
    *,
    body: str = "Hello.",
    frm: str | None = "Ann <ann@example.org>",
    hours: int = 0,
    **headers: Any,
) -> str:
    """Mail ``n``, so many hours after noon of 1 March 2017; a header of None is left out."""
    moment = to_datetime(NOON + hours * 3_600_000)
    fields = {
        "From": frm,
        "Date": moment.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        "Subject": f"Topic {n}",
        "Message-ID": f"<{n}@x>",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\n" for name, value in fields.items() if value is not None)
    return f"From ann at example.org  {moment.strftime('%a %b %d %H:%M:%S %Y')}\n{head}\n{body}\n\n"


def counts(report: Report) -> dict[str, int]:
    return {code: oddity.count for code, oddity in report.oddities.items()}
