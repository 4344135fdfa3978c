"""What a replay has shown: asked of the serve process, then put into words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from stream.cli import words
from stream.core.waits import METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream.cli.client import Service
    from stream.replay_source import Progress

THREADS: Final = 50
BUSIEST_HOURS: Final = 3
DAYS_AT_ONCE: Final = {"day": 9000, "hour": 400}  # As many rows as one answer has, and fewer.
KINDS: Final = ("questions", "answers", "posts", "comments")


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days, UTC, from the first event's to the day after the last one's."""

    since: str
    until: str

    @classmethod
    def of(cls, progress: Progress) -> Span:
        if progress.since is None or progress.until is None:
            today = datetime.fromtimestamp(0, UTC)
            return cls(f"{today:%Y-%m-%d}", f"{today + timedelta(days=1):%Y-%m-%d}")
        return cls(
            f"{progress.since.astimezone(UTC):%Y-%m-%d}",
            f"{progress.until.astimezone(UTC) + timedelta(days=1):%Y-%m-%d}",
        )


def gather(
    service: Service, progress: Progress, *, archives: int, skipped: int, bots: str = "include"
) -> dict[str, Any]:
    """The object of ``demo --once --json``; of one community where the archives hold but one.

    ``bots``: whether waits are told with what robots wrote.
    """
    communities = list(progress.communities)
    community = communities[0] if len(communities) == 1 else None
    span = Span.of(progress)
    return {
        "replayed": {"archives": archives, "events": progress.events, "skipped": skipped},
        "threads": service.get("/v1/threads", community=community, limit=THREADS)["threads"],
        "latency": {
            metric: service.get("/v1/latency", metric=metric, community=community, bots=bots)
            for metric in METRICS
        },
        "activity": _activity(service, span, "day", community),
        "positions": service.get("/v1/positions"),
    }


def _activity(service: Service, span: Span, bucket: str, community: str | None) -> dict[str, Any]:
    """The activity of the whole span, put together from as many answers as that takes."""
    step = timedelta(days=DAYS_AT_ONCE[bucket])
    since, until = (datetime.fromisoformat(day) for day in (span.since, span.until))
    found: dict[str, Any] = {}
    while since < until:
        end = min(since + step, until)
        part = service.get(
            "/v1/activity",
            community=community,
            bucket=bucket,
            since=f"{since:%Y-%m-%d}",
            until=f"{end:%Y-%m-%d}",
        )
        rows = [*found["rows"], *part["rows"]] if found else part["rows"]
        found = {**part, "since": found.get("since", part["since"]), "rows": rows}
        since = end
    return found


def hours(service: Service, progress: Progress) -> Counter[int]:
    """How many items each hour of the day (UTC) has, over the whole span."""
    found = _activity(service, Span.of(progress), "hour", None)
    counted: Counter[int] = Counter()
    for row in found["rows"]:
        counted[int(row["start"][11:13])] += _items(row)
    return counted


def sentences(found: dict[str, Any], by_hour: Counter[int]) -> Iterator[str]:
    """What ``found`` says, a sentence a line."""
    activity, latency = found["activity"], found["latency"]
    yield _extent(activity, len(found["threads"]), latency)
    if len(found["threads"]) == 1:
        yield _asked(found["threads"][0])
    asks = any(row["questions"] for row in activity["rows"])
    for metric in ("first_comment", "first_answer") if asks else ("first_response",):
        yield from _waits(metric, latency[metric])
    if latency["first_response"].get("bots") == "exclude":
        yield _without_robots(latency["first_response"]["n_robots"])
    yield from _active(activity, by_hour)


def _extent(activity: dict[str, Any], threads: int, latency: dict[str, Any]) -> str:
    asked = max(latency["first_response"]["n"], threads)
    totals = {kind: sum(row[kind] for row in activity["rows"]) for kind in KINDS}
    counted = [words.count(total, kind[:-1]) for kind, total in totals.items() if total]
    first, last = activity["rows"][0]["start"], activity["rows"][-1]["start"]
    return (
        f"{words.count(asked, 'thread')} from {words.day(first)} to {words.day(last)}:"
        f" {', '.join(counted) or 'no items'}."
    )


def _asked(thread: dict[str, Any]) -> str:
    title = thread["title"] or thread["thread"]
    mentions, people = (
        thread["mentions"],
        words.count(thread["counts"]["people"], "person", "people"),
    )
    called = f"{mentions['resolved']} of {sum(mentions.values())} mentions lead to somebody"
    return f"“{title}”, asked by {words.person(thread['asker'])}; {people} took part, {called}."


def _waits(metric: str, latency: dict[str, Any]) -> Iterator[str]:
    name = metric.replace("_", " ").capitalize()
    if not latency["n"]:
        return
    median = words.at(latency["quantiles"], "p", 0.5)
    day = words.at(latency["within"], "ms", words.DAY_MS)
    if latency["n"] == 1:
        yield f"{name}: {_single(latency, median)}."
        return
    half = words.quantile(median).removeprefix("≤ ") if median else words.NOTHING
    if half == words.NOTHING:
        parts = ["not even half came"]
    elif half.startswith("≥ "):
        parts = [f"half took {half.removeprefix('≥ ')} or more"]
    else:
        parts = [f"half came within {half}"]
    if day:
        parts.append(f"{words.share(day)} within a day")
    parts.append(f"{latency['n_waiting']:,} of {latency['n']:,} still wait")
    if latency["n_between"]:
        parts.append(f"{latency['n_between']:,} known only by bounds")
    yield f"{name}: {', '.join(parts)}."


def _without_robots(threads: int) -> str:
    asked = f", {words.count(threads, 'thread')} that they asked among it" if threads else ""
    return f"What robots wrote is left out of these waits{asked}."


def _single(latency: dict[str, Any], median: dict[str, Any] | None) -> str:
    if latency["n_waiting"]:
        return "still waiting"
    if latency["n_unknown"] or not median:
        return "unknown"
    if latency["n_between"]:
        return f"{words.quantile(median)} (the archive does not say when exactly)"
    return f"after {words.quantile(median)}"


def _active(activity: dict[str, Any], by_hour: Counter[int]) -> Iterator[str]:
    rows = activity["rows"]
    active = [row for row in rows if _items(row)]
    if not active:
        return
    busiest = max(active, key=_items)
    yield (
        f"People were active on {words.count(len(active), 'day')} of {len(rows):,}, most on"
        f" {words.day(busiest['start'])} ({words.count(_items(busiest), 'item')} by"
        f" {words.count(busiest['people'], 'person', 'people')})."
    )
    total = by_hour.total()
    top = by_hour.most_common(BUSIEST_HOURS)
    if total:
        named = ", ".join(f"{hour:02d}:00" for hour, _ in sorted(top))
        held = words.percent(sum(count for _, count in top) / total)
        yield f"The busiest hours of the day begin at {named} UTC and hold {held} of all items."
    bounded = sum(row["bounded"] for row in rows)
    if bounded:
        yield (
            f"{words.count(bounded, 'item')} stand where the archive first proves them, because it"
            " does not say when they were written."
        )


def _items(row: dict[str, Any]) -> int:
    return sum(int(row[kind]) for kind in KINDS)
