"""``threadline tail``: the stream of events, taken up again wherever the line breaks."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import click

from stream.cli import options
from stream.errors import ServeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream.cli.client import Service

RETRY_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0)  # Then every 5 s, for as long as it takes.


@click.command("tail")
@click.option("--since", metavar="TIME", help="From events of this time on; default: new ones.")
@click.option("--type", "type_", metavar="TYPE", help="Only events of this type.")
@click.option("--thread", metavar="COMMUNITY/THREAD", help="Only events of this thread.")
@click.option("--community", metavar="NAME", help="Only events of this community.")
@click.option("--until-caught-up", is_flag=True, help="End where the log ends now.")
@click.option("--url", metavar="URL", help="Where `threadline serve` answers.")
@click.option("--json", "as_json", is_flag=True, hidden=True, help="It prints nothing else.")
def command(
    *,
    since: str | None,
    type_: str | None,
    thread: str | None,
    community: str | None,
    until_caught_up: bool,
    url: str | None,
    as_json: bool,  # noqa: ARG001 - every command takes it
) -> None:
    """Follow the events, one JSON object a line.

    \b
    Example, everything since a day, then on as it comes:
      threadline tail --since 2017-04-24
    """
    from stream.cli.client import service

    params = {"since": since, "type": type_, "thread": thread, "community": community}
    with service(options.settings(url=url).url) as opened:
        for frame in frames(opened, params):
            if frame.event == "caught_up" and until_caught_up:
                return
            if frame.event not in CONTROL:
                click.echo(frame.data)


CONTROL: Final = frozenset({"caught_up", "checkpoint", "error"})


@dataclass(slots=True)
class Frame:
    """One server-sent event."""

    event: str = "message"
    data: str = ""
    id: str | None = None
    lines: list[str] = field(default_factory=list)


def frames(service: Service, params: dict[str, Any]) -> Iterator[Frame]:
    """Every frame once: after a break the stream goes on behind the last id that came."""
    last: str | None = None
    broken = 0
    reached = False
    while True:
        try:
            with service.frames("/v1/streams/events", params=params, last_event_id=last) as lines:
                for frame in parse(lines):
                    reached, broken = True, 0
                    last = frame.id if frame.id is not None else last
                    yield frame
        except ServeError:
            if not reached:  # Nobody was ever there: say so instead of waiting.
                raise
        time.sleep(RETRY_S[min(broken, len(RETRY_S) - 1)])
        broken += 1


def parse(lines: Iterator[str]) -> Iterator[Frame]:
    """Frames from the lines of a text/event-stream; a frame cut off at the end is dropped."""
    frame = Frame()
    for line in lines:
        if not line:
            if frame.lines or frame.event != "message":
                frame.data = "\n".join(frame.lines)
                yield frame
            frame = Frame()
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "data":
                frame.lines.append(value)
            case "event":
                frame.event = value
            case "id":
                frame.id = value
            case _:  # A comment, the heartbeat.
                continue
