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
COUNTED: Final = {
    "exact": "observed",
    "bounded": "between",
    "waiting": "waiting",
    "unknown": "unknown",
    "negative": "negative",
    "by robots": "robots",
}
ALWAYS: Final = ("exact", "bounded", "waiting", "unknown")


@click.command("latency")
@click.option(
    "--metric",
    type=click.Choice(METRICS),
    metavar="METRIC",
    help=f"Only this one, with its curve: {', '.join(METRICS)}.",
)
@click.option("--community", metavar="NAME", help="Only threads of this community.")
@click.option("--tag", metavar="TAG", help="Only threads with this tag.")
@click.option(
    "--since", type=options.Moment(), help="Only threads that began at this time or later."
)
@click.option("--until", type=options.Moment(), help="Only threads that began before this time.")
@click.option("--as-of", type=options.Moment(), help="As it was known at this time.")
@click.option(
    "--bots",
    type=click.Choice(("include", "exclude")),
    default="include",
    show_default=True,
    help="Whether what robots wrote counts.",
)
@click.option(
    "--aliases",
    type=click.Choice(("apply", "ignore")),
    default="apply",
    show_default=True,
    help="Whether several names may be one person's.",
)
@options.service
def command(*, metric: str | None, url: str | None, as_json: bool, **asked: Any) -> None:  # noqa: ANN401
    """Show how long people waited, over many threads.

    \b
    Example, what was known in May of the threads of April, without robots:
      threadline latency --since 2017-04-01 --until 2017-05-01
        --as-of 2017-05-15 --bots exclude
    """
    from stream.cli import client, output

    params = {name: _param(value) for name, value in asked.items()}
    with client.service(options.settings(url=url).url) as service:
        found = {
            name: service.get("/v1/latency", metric=name, **params)
            for name in ([metric] if metric else METRICS)
        }
    if as_json:
        output.print_json(found[metric] if metric else found)
        return
    output.show(about(next(iter(found.values())), asked), "", summary(found))
    if metric:
        output.show("", curve(found[metric]))


def _param(value: Any) -> object:  # noqa: ANN401 - of any option
    from datetime import datetime

    from stream.codec.times import stamp_of

    return stamp_of(value) if isinstance(value, datetime) else value


def about(latency: dict[str, Any], asked: dict[str, Any]) -> str:
    """Of which threads it tells, and as of when."""
    from stream.cli import words

    parts = [f"As of {words.minute(latency['as_of'])}"]
    parts += [
        f"{word} {asked[name]}"
        for name, word in (("community", "threads of"), ("tag", "tagged"))
        if asked[name]
    ]
    parts += [
        f"{word} {words.minute(str(_param(asked[name])))}"
        for name, word in (("since", "begun from"), ("until", "begun before"))
        if asked[name]
    ]
    parts += ["robots left out"] * (latency["bots"] == "exclude")
    parts += ["aliases left out"] * (latency["aliases"] == "ignore")
    return ", ".join(parts) + "."


def summary(found: dict[str, Any]) -> Table:
    """One row a metric: how many waits there are of each kind, and how long they are.

    What has no part in the figures has a column where there is any of it.
    """
    from stream.cli import output, words

    counted = {
        head: f"n_{count}"
        for head, count in COUNTED.items()
        if head in ALWAYS or any(latency[f"n_{count}"] for latency in found.values())
    }
    made = output.table("wait for", *counted, "half within", "in a day", numbers=tuple(counted))
    for metric, latency in found.items():
        median = words.at(latency["quantiles"], "p", 0.5)
        day = words.at(latency["within"], "ms", DAY_MS)
        made.add_row(
            metric.replace("_", " "),
            *(f"{latency[count]:,}" for count in counted.values()),
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
