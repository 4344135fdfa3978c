"""What sites larger than any that was replayed here would take: counts times measured figures."""

from __future__ import annotations

from math import log10
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks.simulate_fold import speedup
from stream.kafka.batch import BATCH_BYTES
from stream.kafka.follow import FETCH_BYTES
from stream.kafka.publish import IN_FLIGHT_MAX
from stream.kafka.topics import VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from benchmarks.measured import Measured

GB: Final = 1e9
HOUR_S: Final = 3600
COPIES: Final = 3
QUESTIONS: Final = 0.4  # Of all posts: an assumption, two in five.
MEASURED_PARTITIONS: Final = 4


class Site(NamedTuple):
    """``posts``, ``comments`` and rows of ``history``, and what it is to be run on."""

    name: str
    posts: int
    comments: int
    history: int
    partitions: int
    workers: tuple[int, ...]

    @property
    def items(self) -> int:
        return self.posts + self.comments

    @property
    def threads(self) -> float:
        return self.posts * QUESTIONS

    def events(self, figures: Measured) -> float:
        """As many an item as the dumps have that were looked at."""
        return self.items * figures.dump.events / figures.dump.items


SITE: Final = Site("Stack Overflow", 60_000_000, 90_000_000, 160_000_000, 64, (1, 4, 16, 64))
TENFOLD: Final = Site("ten times", 600_000_000, 900_000_000, 1_600_000_000, 256, (16, 64, 256))
SITES: Final = (SITE, TENFOLD)


def event_us(figures: Measured, threads: float) -> float:
    """What an event costs a worker that holds ``threads``."""
    worker = figures.worker
    return worker.us * _grown(figures, threads) / _grown(figures, worker.threads_held)


def _grown(figures: Measured, threads: float) -> float:
    """On the lines through the measured points over the logarithm; beyond the last as before it."""
    at = [log10(count) for count in figures.growth.threads]
    us, place = figures.growth.us, log10(threads)
    last = next((n for n in range(1, len(at) - 1) if place < at[n]), len(at) - 1)
    steep = (us[last] - us[last - 1]) / (at[last] - at[last - 1])
    return max(us[0], us[last] + (place - at[last]) * steep)


def sizes(figures: Measured) -> str:
    """How much there is, and what it takes on disk."""
    disk, dump = figures.disk, figures.dump
    beside = disk.sqlite_events / disk.events_an_item - disk.event_bytes

    def log_gb(site: Site) -> float:
        return site.events(figures) * dump.event_zstd_bytes / GB

    def views_gb(site: Site) -> float:
        return site.items * disk.compacted.all / GB

    def sqlite_gb(site: Site) -> float:
        events = site.events(figures) * (dump.event_bytes + beside)
        return (events + site.items * disk.sqlite_views) / GB

    return _of_sites(
        {
            "items, millions": lambda site: f"{site.items / 1e6:,.0f}",
            "threads, millions": lambda site: f"{site.threads / 1e6:,.0f}",
            "rows of history an item": lambda site: f"{site.history / site.items:.2f}",
            "events, millions": lambda site: f"{site.events(figures) / 1e6:,.0f}",
            "dump as XML, GB": lambda site: f"{site.items * dump.xml_bytes / dump.items / GB:,.0f}",
            "room to sort it, GB": lambda site: (
                f"{site.events(figures) * dump.event_bytes / GB:,.0f}"
            ),
            "log, GB a copy": lambda site: f"{log_gb(site):,.0f}",
            "views after compaction, GB a copy": lambda site: f"{views_gb(site):,.0f}",
            f"Kafka with {COPIES} copies, GB": lambda site: (
                f"{COPIES * (log_gb(site) + views_gb(site)):,.0f}"
            ),
            "SQLite, GB": lambda site: f"{sqlite_gb(site):,.0f}",
        }
    )


def once(figures: Measured) -> str:
    """What is done by one process of each kind, however many workers there are."""

    def hours(site: Site, us: float) -> str:
        return f"{site.events(figures) * us / 1e6 / HOUR_S:,.1f}"

    def replay_mb(site: Site) -> float:
        more = site.partitions - MEASURED_PARTITIONS
        return figures.replay.mb + more * (IN_FLIGHT_MAX + 1) * BATCH_BYTES / 1e6

    def fetched_gb(site: Site) -> float:
        return site.partitions * (len(VIEWS) + 2) * FETCH_BYTES / GB

    return _of_sites(
        {
            "replay, hours": lambda site: hours(site, 1e6 / figures.replay.rate),
            "replay, CPU hours": lambda site: hours(site, figures.replay.us),
            "replay, MB at most": lambda site: f"{replay_mb(site):,.0f}",
            "follower from empty, hours": lambda site: hours(site, figures.serve.us),
            "follower, fetched at most, GB": lambda site: f"{fetched_gb(site):.1f}",
            "latency of all threads, CPU s the first time": lambda site: (
                f"{site.threads * figures.latency.first_us / 1e6:,.0f}"
            ),
            "again": lambda site: f"{site.threads * figures.latency.us / 1e6:,.0f}",
        }
    )


def shared(figures: Measured) -> str:
    """What workers share, by how many there are."""
    heads = ["", "partitions", "workers", "µs an event", "events/s", "hours to fold"]
    heads += ["broker cores", "GB a worker", "minutes to restore"]
    return table(heads, [_shared(figures, site, n) for site in SITES for n in site.workers])


def _shared(figures: Measured, site: Site, workers: int) -> list[str]:
    items, threads = site.items / workers, site.threads / workers
    us = event_us(figures, threads)
    rate = speedup([1.0] * site.partitions, workers) * 1e6 / us
    return [
        site.name,
        f"{site.partitions}",
        f"{workers}",
        f"{us:.1f}",
        f"{rate:,.0f}",
        f"{site.events(figures) / rate / HOUR_S:.2f}",
        f"{rate * figures.worker.broker_us / 1e6:.1f}",
        f"{figures.memory.gb(items, threads):.1f}",
        f"{items * figures.restore.wall_us / 1e6 / 60:.1f}",
    ]


def _of_sites(rows: dict[str, Callable[[Site], str]]) -> str:
    heads = ["", *(site.name for site in SITES)]
    return table(heads, [[what, *map(value, SITES)] for what, value in rows.items()])


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """In Markdown; all columns but the first hold figures."""
    lines = [heads, ["---", *["--:"] * (len(heads) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
