"""Values in words: durations, waits and counts as a person reads them.

Nothing that is only bounded reads as if it were exact: a lower bound is rounded down, an upper
bound up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000
MINUTE_MS: Final = 60_000
SECOND_MS: Final = 1000

_UNITS: Final = ((DAY_MS, "d"), (HOUR_MS, "h"), (MINUTE_MS, "min"), (SECOND_MS, "s"))
NOTHING: Final = "-"


def duration(ms: int, *, up: bool = False) -> str:
    """``1 h 25 min``: the two largest units; what is smaller is cut off, or rounded ``up``."""
    if ms < 0:
        return f"-{duration(-ms, up=up)}"
    if ms < SECOND_MS:
        return f"{ms} ms"
    large = next(n for n, (size, _) in enumerate(_UNITS) if ms >= size)
    smallest = _UNITS[min(large + 1, len(_UNITS) - 1)][0]
    whole = -(-ms // smallest) * smallest if up else ms
    parts = []
    for size, unit in _UNITS:
        count, whole = divmod(whole, size)
        if count and size >= smallest:
            parts.append(f"{count:,} {unit}")
    return " ".join(parts)


def bounds(after_ms: int | None, by_ms: int | None) -> str:
    """What is known of a duration that lies between two bounds, either of them open."""
    if after_ms is not None and after_ms == by_ms:
        return duration(after_ms)
    lower = duration(after_ms) if after_ms else None
    upper = duration(by_ms, up=True) if by_ms is not None else None
    if lower is None:
        return NOTHING if upper is None else f"≤ {upper}"
    if upper is None:
        return f"≥ {lower}"
    return upper if lower == upper else f"{lower} to {upper}"


def wait(value: Mapping[str, Any] | None) -> str:
    """A wait of VIEWS as one short phrase."""
    if value is None:
        return NOTHING
    match value["status"]:
        case "observed":
            return duration(value["ms"])
        case "between":
            known = bounds(value["after_ms"], value["by_ms"])
            return "some time" if known == NOTHING else known
        case "waiting":
            return f"waiting {duration(value['for_ms'])}" if "for_ms" in value else "waiting"
        case status:
            return str(status)


def day(stamp: str | None) -> str:
    """The date of a time."""
    return stamp[:10] if stamp else NOTHING


def minute(stamp: str | None) -> str:
    """The time to the minute, as `as_of` and items show it."""
    return f"{stamp[:10]} {stamp[11:16]}" if stamp else NOTHING


def moment(when: Mapping[str, Any]) -> str:
    """A `when` of VIEWS to the minute; a bound reads as a bound."""
    if when.get("at"):
        return minute(when["at"])
    after, by = when.get("after"), when.get("by")
    if by:
        return f"≤ {minute(by)}"
    return f"≥ {minute(after)}" if after else "unknown"


def person(who: Mapping[str, Any] | None) -> str:
    """A name, else an id, else that nobody is known."""
    if not who:
        return "somebody"
    return str(who.get("name") or f"user {who['id']}")


def count(number: int, noun: str, plural: str | None = None) -> str:
    """``1 answer``, ``2 answers``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def percent(share: float) -> str:
    """A share as whole percents."""
    return f"{share * 100:.0f} %"


def share(within: Mapping[str, Any]) -> str:
    """A share of VIEWS' ``within``; bounds read as bounds."""
    if "share" in within:
        return percent(within["share"]) if within["share"] is not None else NOTHING
    low, high = percent(within["share_min"]), percent(within["share_max"])
    return low if low == high else f"{low} to {high}"


def quantile(found: Mapping[str, Any]) -> str:
    """A quantile of VIEWS; one that the curve does not reach is said so."""
    if "ms" in found:
        return NOTHING if found["ms"] is None else duration(found["ms"])
    return bounds(found["after_ms"], found["by_ms"])


def at(found: list[dict[str, Any]], name: str, value: float) -> dict[str, Any] | None:
    """The entry whose ``name`` is ``value``, of ``quantiles`` or ``within``."""
    return next((entry for entry in found if entry[name] == value), None)
