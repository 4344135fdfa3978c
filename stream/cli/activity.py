"""``threadline activity``: when people were active, in buckets of a zone's time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from stream.cli import options

if TYPE_CHECKING:
    from rich.table import Table

FORMATS: Final = {
    "15m": "%Y-%m-%d %H:%M",
    "hour": "%Y-%m-%d %H:%M",
    "day": "%Y-%m-%d %a",
    "week": "%Y-%m-%d",
    "month": "%Y-%m",
}
KINDS: Final = ("questions", "answers", "posts", "comments", "edits", "deletions")
HEADS: Final = {"questions": "asked", "deletions": "deleted"}
BAR_WIDTH: Final = (4, 24)


@click.command("activity")
@click.option("--community", metavar="NAME", help="Only this community.")
@click.option(
    "--bucket",
    type=click.Choice(["15m", "hour", "day", "week", "month"]),
    default="day",
    show_default=True,
    help="How long a row is.",
)
@click.option("--zone", default="UTC", show_default=True, metavar="ZONE", help="An IANA zone.")
@click.option("--since", metavar="TIME", help="From here; a date is its midnight in the zone.")
@click.option("--until", metavar="TIME", help="Up to here, itself left out.")
@options.service
def command(
    *,
    community: str | None,
    bucket: str,
    zone: str,
    since: str | None,
    until: str | None,
    url: str | None,
    as_json: bool,
) -> None:
    """Show when people were active.

    \b
    Example, hour by hour in Berlin:
      threadline activity --bucket hour --zone Europe/Berlin
    """
    from stream.cli import client, output

    with client.service(options.settings(url=url).url) as service:
        found = service.get(
            "/v1/activity", community=community, bucket=bucket, zone=zone, since=since, until=until
        )
    if as_json:
        output.print_json(found)
        return
    output.show(rows(found) if found["rows"] else "No activity.")
    bounded = sum(row["bounded"] for row in found["rows"])
    if bounded:
        click.echo(f"\n{bounded:,} of the items are where the archive first proves them.")


def rows(activity: dict[str, Any]) -> Table:
    """A row a bucket; kinds that never occur are left out."""
    from stream.cli import output

    found = activity["rows"]
    kinds = [kind for kind in KINDS if any(row[kind] for row in found)]
    heads = [HEADS.get(kind, kind) for kind in (*kinds, "people")]
    made = output.table(activity["bucket"], *heads, "", numbers=tuple(heads))
    starts = [start(row["start"], activity["bucket"], activity["zone"]) for row in found]
    width = _bar_width(len(starts[0]), heads)
    most = max(_items(row) for row in found) or 1
    for begins, row in zip(starts, found, strict=True):
        numbers = (f"{row[kind]:,}" if row[kind] else "·" for kind in (*kinds, "people"))
        made.add_row(begins, *numbers, "█" * -(-_items(row) * width // most))
    made.columns[0].no_wrap = True
    return made


def start(stamp: str, bucket: str, zone: str) -> str:
    """The beginning of a bucket as its zone writes it."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    local = datetime.fromisoformat(stamp).astimezone(ZoneInfo(zone))
    return f"{local:{FORMATS[bucket]}}"


def _bar_width(first: int, heads: list[str]) -> int:
    """What the other columns leave of the terminal's width."""
    from stream.cli import output

    used = first + sum(len(head) + 3 for head in heads) + 3
    least, most = BAR_WIDTH
    return max(least, min(most, output.console().width - used))


def _items(row: dict[str, Any]) -> int:
    return sum(int(row[kind]) for kind in KINDS)
