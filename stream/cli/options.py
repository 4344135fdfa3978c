"""What several commands are asked in the same words, and the settings that come of it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from typing_extensions import override

from stream.config import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from stream.archive.base import Options, Report

_F = TypeVar("_F", bound="Callable[..., Any]")

PORT: Final = 8300
SKIPPED_SHOWN: Final = 5


class Moment(click.ParamType):
    """A date or an RFC 3339 time; no zone means UTC."""

    name = "time"

    @override
    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        from stream.codec.times import read_time
        from stream.core.when import to_datetime

        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]
        try:
            return to_datetime(read_time(value))
        except (ValueError, OverflowError):
            return self.fail(
                f"{value!r} is no time; give a date or a time, like 2017-04-24 or"
                " 2017-04-24T06:47:00Z",
                param,
                ctx,
            )


def kafka(command: _F) -> _F:
    """``--brokers`` and ``--prefix``, for whatever talks to Kafka."""
    return _with(
        command,
        click.option(
            "--brokers",
            metavar="HOST:PORT,…",
            help="Kafka's addresses. [env: THREADLINE_BROKERS; default: localhost:9092]",
        ),
        click.option(
            "--prefix",
            metavar="NAME",
            help="What our topics' names start with. [env: THREADLINE_PREFIX; default: threadline]",
        ),
    )


def service(command: _F) -> _F:
    """``--url`` and ``--json``, for whatever asks the serve process."""
    return _with(
        command,
        click.option(
            "--url",
            metavar="URL",
            help=(
                "Where `threadline serve` answers."
                f" [env: THREADLINE_URL; default: http://127.0.0.1:{PORT}]"
            ),
        ),
        as_json,
    )


OF_ARCHIVES: Final = "The community of archives that name none. Of several, equal ids are one."
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")


bots = click.option(
    "--bots",
    multiple=True,
    metavar="NAME",
    help="A robot's name or id, stated of every community that is read; again for each.",
)


def archives(command: _F) -> _F:
    """What decides how an archive is read."""
    return _with(
        command,
        click.option(
            "--community",
            metavar="NAME",
            help=OF_ARCHIVES,
        ),
        click.option(
            "--format", "format_", metavar="NAME", help="The format, where looking misleads."
        ),
        click.option(
            "--skip-unreadable",
            is_flag=True,
            help="Count what cannot be read, and go on with the rest.",
        ),
        bots,
    )


def paths(*, required: bool = True) -> Callable[[_F], _F]:
    """The archives themselves."""
    return click.argument(
        "archives", nargs=-1, required=required, type=click.Path(path_type=Path), metavar="ARCHIVE…"
    )


def settings(
    *, brokers: str | None = None, prefix: str | None = None, url: str | None = None
) -> Settings:
    """The environment's settings, with what the command line says in their place."""
    known = Settings.from_env(os.environ)
    return replace(
        known,
        brokers=brokers or known.brokers,
        prefix=prefix or known.prefix,
        url=(url or known.url).rstrip("/"),
    )


def reading(
    community: str | None, format_: str | None, *, skip_unreadable: bool, bots: tuple[str, ...]
) -> Options:
    """What `archives` was given, as readers take it."""
    from stream.archive.base import Options

    if "" in bots:
        msg = "--bots is given no name; name somebody, or leave it out"
        raise click.UsageError(msg)
    return Options(community=community, format=format_, skip_unreadable=skip_unreadable, bots=bots)


def warn_unreadable(report: Report) -> None:
    """Say on standard error what was skipped, the first few by their place."""
    if not report.skipped:
        return
    from stream.cli import output

    for where, problem in report.unreadable[:SKIPPED_SHOWN]:
        output.say(f"skipped {where}: {problem}", err=True)
    if report.skipped > SKIPPED_SHOWN:
        more = report.skipped - SKIPPED_SHOWN
        click.echo(f"skipped {more:,} more; `threadline inspect` lists them", err=True)


def log_lines() -> None:
    """Our own log lines, on standard error, for what runs until it is ended."""
    import logging

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("stream").setLevel(logging.INFO)


def _with(command: _F, *options: Callable[[_F], _F]) -> _F:
    for option in reversed(options):
        command = option(command)
    return command
