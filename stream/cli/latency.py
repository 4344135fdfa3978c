"""``threadline latency``: how long people waited, the unanswered counted in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from stream.cli import options
from stream.core.waits import METRICS

if TYPE_CHECKING:
    from rich.table import Table

DAY_MS: Final = 86_400_000
CURVE_ROWS: Final = 12


@click.command("latency")
@click.option(
    "--metric",
    type=click.Choice(METRICS),
    metavar="METRIC",
    help=f"Only this one, with its curve: {', '.join(METRICS)}.",
)
@click.option("--community", metavar="NAME", help="Only threads of this community.")
@options.service
def command(*, metric: str | None, community: str | None, url: str | None, as_json: bool) -> None:
    """Show how long people waited, over many threads.

    \b
    Example, the first answers of one community:
      threadline latency --metric first_answer --community c.example
    """
    from stream.cli import client, output

    with client.service(options.settings(url=url).url) as service:
        found = {
            name: service.get("/v1/latency", metric=name, community=community)
            for name in ([metric] if metric else METRICS)
        }
    if as_json:
        output.print_json(found[metric] if metric else found)
        return
    output.show(summary(found))
    if metric:
        output.show("", curve(found[metric]))


def summary(found: dict[str, Any]) -> Table:
    """One row a metric: how many waits there are of each kind, and how long they are."""
    from stream.cli import output, words

    counted = ("exact", "bounded", "waiting", "unknown")
    made = output.table("wait for", *counted, "half within", "in a day", numbers=counted)
    for metric, latency in found.items():
        median = words.at(latency["quantiles"], "p", 0.5)
        day = words.at(latency["within"], "ms", DAY_MS)
        made.add_row(
            metric.replace("_", " "),
            f"{latency['n_observed']:,}",
            f"{latency['n_between']:,}",
            f"{latency['n_waiting']:,}",
            f"{latency['n_unknown']:,}",
            words.quantile(median) if median else words.NOTHING,
            words.share(day) if day else words.NOTHING,
        )
    return made


def curve(latency: dict[str, Any]) -> Table:
    """The share that still waits after so long, a few steps of it."""
    from stream.cli import output, words

    made = output.table("after", "still waiting", "")
    for step in _spread(latency["curve"]):
        after = (
            words.duration(step["ms"])
            if "ms" in step
            else words.bounds(step["after_ms"], step["by_ms"])
        )
        bar = "█" * round(step["unanswered"] * 30)
        made.add_row(after, words.percent(step["unanswered"]), bar)
    return made


def _spread(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if len(steps) <= CURVE_ROWS:
        return steps
    last = len(steps) - 1
    return [steps[round(n * last / (CURVE_ROWS - 1))] for n in range(CURVE_ROWS)]
