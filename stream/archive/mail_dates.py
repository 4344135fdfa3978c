"""When a mail was written: what its ``Date`` says where that can be so, else between which bounds.

A clock that was wrong, a zone that nobody lives in, a year before mail or long after its
neighbours': such dates are printed, never believed. No date is compared with today's.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Final, NamedTuple

from stream.core.when import ms

DAY_MS: Final = 86_400_000
YEAR_MS: Final = 366 * DAY_MS
WEST_MS: Final = 12 * 3_600_000  # No zone is further behind UTC,
EAST_MS: Final = 14 * 3_600_000  # and none further ahead.
FIRST_MS: Final = 31_536_000_000  # The first mail was sent in 1971.
LAST_MS: Final = 4_102_444_800_000  # Nobody archives 2100 yet.
NARROWEST_S: Final = 900  # Zones differ by quarter hours.

_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_MONTH_FILE: Final = re.compile(r"(?P<year>(?:19|20)\d\d)[-_ ]?(?P<month>[a-z]{3,9}|\d\d)(?!\w)")
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK: Final = r"(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?:[:.](?P<second>\d\d))?"
_ZONE: Final = r"(?P<zone>[-+]\d\d:?\d\d(?!\d)|[A-Za-z]{1,5}\b)"
_WEEKDAY: Final = r"\s*(?:(?P<weekday>[^\s\d,]+?)\.?(?:,\s*|\s+))?"
_DATE: Final = re.compile(
    _WEEKDAY + r"(?P<day>\d{1,2})[\s-]+(?P<month>[A-Za-z]{3,9})[\s-]+(?P<year>\d{2,4})\s+"
    rf"{_CLOCK}\s*{_ZONE}?\s*(?:\(.*)?$"
)
_ASCTIME: Final = re.compile(
    _WEEKDAY + r"(?P<month>[A-Za-z]{3})\s+(?P<day>\d{1,2})\s+"
    rf"{_CLOCK}\s*{_ZONE}?\s+(?P<year>\d{{4}})\s*(?P<zone_after>[-+]\d{{4}})?\s*$"
)
_NAMED: Final = {"UT": 0, "UTC": 0, "GMT": 0, "Z": 0} | {
    f"{name}{kind}T": -3600 * (hours - (kind == "D"))
    for name, hours in (("E", 5), ("C", 6), ("M", 7), ("P", 8))
    for kind in ("S", "D")
}  # The others mean different zones to different people.
TWO_DIGITS: Final = 2
HALF: Final = 50


class Stated(NamedTuple):
    """A date as written: exact, or between two moments where its zone is not known."""

    after: int
    by: int

    @property
    def exact(self) -> bool:
        return self.after == self.by


def stated(written: str) -> Stated | None:
    """What a ``Date`` says; None where it cannot be so."""
    parts = _parts(written)
    if parts is None:
        return None
    at, zone = parts
    if zone is None:
        found = Stated(at - EAST_MS, at + WEST_MS)
    elif abs(zone) % NARROWEST_S or not -WEST_MS <= zone * 1000 <= EAST_MS:
        return None
    else:
        found = Stated(at - zone * 1000, at - zone * 1000)
    return found if FIRST_MS <= found.after < LAST_MS else None


def enveloped(date: str) -> int | None:
    """By when a mail had come in, from its "From " line: local to a zone nobody states."""
    parts = _parts(date)
    if parts is None or not FIRST_MS <= parts[0] < LAST_MS:
        return None
    at, zone = parts
    return at + WEST_MS if zone is None else at - zone * 1000


def month_of(name: str) -> tuple[int, int] | None:
    """The month that a file's name says it holds, a day wider at both ends; else None."""
    found = _MONTH_FILE.search(PurePath(name).name.lower())
    if not found:
        return None
    month = _month(found["month"])
    if month is None:
        return None
    year = int(found["year"])
    start = datetime(year, month, 1, tzinfo=UTC)
    end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return ms(start) - DAY_MS, ms(end) + DAY_MS


def contradicted(date: Stated, arrived: int | None, month: tuple[int, int] | None) -> bool:
    """Whether what else is known of a mail says that it cannot have been written then.

    A mail may lie around for long before it comes in, so only a year is too early; it comes in
    after it was written, but clocks differ by a day.
    """
    for by in (arrived, month[1] if month else None):
        if by is not None and not by - YEAR_MS <= date.by <= by + DAY_MS + EAST_MS + WEST_MS:
            return True
    return False


def _month(written: str) -> int | None:
    if written.isdecimal():
        month = int(written)
        return month if 1 <= month <= len(_MONTHS) else None
    found = [n for n, name in enumerate(_MONTHS, 1) if name.startswith(written)]
    return found[0] if len(found) == 1 else None


def _parts(written: str) -> tuple[int, int | None] | None:
    """Milliseconds since 1970 as if in UTC, and the zone in seconds; None where none is known."""
    found = _DATE.match(written) or _ASCTIME.match(written)
    if not found or (found["weekday"] or "mon")[:3].lower() not in _WEEKDAYS:
        return None
    month = _month(found["month"].lower())
    if month is None:
        return None
    second = min(int(found["second"] or 0), 59)  # 60 is a leap second.
    clock = int(found["hour"]), int(found["minute"]), second
    try:
        local = datetime(_year(found["year"]), month, int(found["day"]), *clock, tzinfo=UTC)
    except ValueError:
        return None
    return ms(local), _zone(found["zone"] or found.groupdict().get("zone_after"))


def _year(written: str) -> int:
    """As RFC 5322 reads years of two digits, and of three, which are 2000's mistakes."""
    year = int(written)
    if len(written) > TWO_DIGITS + 1:
        return year
    return year + (2000 if len(written) == TWO_DIGITS and year < HALF else 1900)


def _zone(written: str | None) -> int | None:
    if written is None:
        return None
    if written[0] in "+-":
        digits = written[1:].replace(":", "")
        seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
        return -seconds if written[0] == "-" else seconds
    return _NAMED.get(written.upper())
