"""Times on the wire: RFC 3339, UTC, three digits of milliseconds, "Z"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from stream.core.when import EPOCH, ms

_MINUTES: Final = [f"{h:02d}:{m:02d}:" for h in range(24) for m in range(60)]
_QUARTERS: Final = [f"{h:02d}:{m:02d}:00.000Z" for h in range(24) for m in range(0, 60, 15)]
_SECONDS: Final = [f"{s:02d}." for s in range(60)]
_MILLIS: Final = [f"{n:03d}Z" for n in range(1000)]


@lru_cache(maxsize=4096)
def _day(days: int) -> str:
    return (EPOCH + timedelta(days)).date().isoformat() + "T"


def stamp(at: int) -> str:
    """``2017-04-24T06:47:17.770Z`` for whole milliseconds since 1970."""
    of_day = at % 86_400_000
    minute, second = _MINUTES[of_day // 60_000], _SECONDS[of_day // 1000 % 60]
    return f"{_day(at // 86_400_000)}{minute}{second}{_MILLIS[of_day % 1000]}"


stamp_again: Final = lru_cache(maxsize=256)(stamp)
"""The same of a moment that is said several times in a row: keeping it is dear where it is not."""


def stamp_quarter(quarter: int) -> str:
    """The same of the start of a quarter hour, of which so many passed since 1970."""
    return _day(quarter // len(_QUARTERS)) + _QUARTERS[quarter % len(_QUARTERS)]


def stamp_of(moment: datetime) -> str:
    """The same for a ``datetime`` that knows its zone."""
    return stamp(ms(moment))


def read_time(text: str) -> int:
    """Milliseconds since 1970; no zone means UTC. ``ValueError`` where it is no time."""
    moment = datetime.fromisoformat(text)
    return ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
