"""What ``threadline demo`` starts, in which order, and what it waits for."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from stream.cli import client, findings, options, output
from stream.cli.children import Child, child
from stream.cli.replay import shown as progress_bar
from stream.cli.sources import Source, source
from stream.config import Security, Settings
from stream.errors import ServeError, UsageError
from stream.kafka.connect import reachable
from stream.kafka.embedded import EmbeddedBroker, watched_broker
from stream.replay import replay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence

    from rich.console import Console

    from stream.replay_source import Progress

WAIT_MS: Final = 1_000
PATIENCE_S: Final = 60.0  # And a second more for so many events:
EVENTS_A_SECOND: Final = 1_000
AGAIN_AFTER_S: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The command line of ``demo``."""

    archives: tuple[Path, ...]
    community: str | None
    format_: str | None
    skip_unreadable: bool
    bots: tuple[str, ...]
    host: str
    port: int
    data: Path | None
    brokers: str | None
    prefix: str | None


class Part(Protocol):
    """Of what was started: broker, worker or service."""

    async def ended(self) -> None:
        """Return never, or raise once it has ended."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A service that has read everything, and what it found."""

    url: str
    found: dict[str, Any]
    sentences: list[str]
    parts: Sequence[Part]

    async def until_something_ends(self) -> None:
        """Never returns: a part that ends is an error, being stopped a cancellation."""
        await beside(self.parts, asyncio.Event().wait())

    def places(self) -> Iterator[tuple[str, str]]:
        """What there is to look at, and the address or command for it."""
        yield "the threads, in a browser", f"{self.url}/"
        yield "every call, to read and to try", f"{self.url}/docs"
        program = "threadline" if shutil.which("threadline") else sys.argv[0]
        at = "" if self.url == Settings().url else f" --url {self.url}"
        yield "who still waits for an answer", f"{program} threads --state waiting{at}"
        yield "how long people waited", f"{program} latency{at}"
        yield "when people were active", f"{program} activity --bucket week{at}"
        yield "every event, as JSON lines", f"{program} tail --since 2017-04-24{at}"


@asynccontextmanager
async def service(asked: Asked) -> AsyncIterator[Shown]:
    """Everything started, published, read and asked; everything ended on the way out."""
    settings = options.settings(brokers=asked.brokers, prefix=asked.prefix)
    _free(asked.host, asked.port)
    read = source(
        asked.archives,
        options.reading(
            asked.community,
            asked.format_,
            skip_unreadable=asked.skip_unreadable,
            bots=asked.bots,
        ),
    )
    screen = output.console(err=True)
    async with AsyncExitStack() as stack:
        with said(screen, "Starting broker, worker and service"):
            temporary = stack.enter_context(_temporary())
            broker = await stack.enter_async_context(_broker(asked, settings))
            if broker is not None:
                settings = replace(settings, brokers=broker.address)
            children = await _children(stack, asked, settings, temporary)
            parts: list[Part] = [*children] if broker is None else [broker, *children]
        with progress_bar() as tell:
            progress = await beside(parts, replay(settings, read.events, tell=tell))
        options.warn_unreadable(read.report)
        url = f"http://{_reached(asked.host)}:{asked.port}"
        asking = stack.enter_context(client.service(url))
        with said(screen, "Waiting until the views have read everything"):
            await beside(parts, _caught_up(asking, progress))
            found, sentences = await asyncio.to_thread(_ask, asking, asked, progress, read)
        yield Shown(url, found, sentences, parts)


async def beside(parts: Sequence[Part], work: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401
    """What ``work`` gives, unless a part ends before, which may be why ``work`` fails."""
    tasks = [asyncio.ensure_future(one) for one in (*(part.ended() for part in parts), work)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(task for task in tasks if task in done).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def said(screen: Console, what: str) -> Iterator[None]:
    """``what`` is being done: shown where somebody looks on."""
    if not screen.is_terminal:
        yield
        return
    with screen.status(f"{what} …"):
        yield


@contextmanager
def _temporary() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="threadline-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def _broker(asked: Asked, settings: Settings) -> AsyncIterator[EmbeddedBroker | None]:
    """One of ours, or None where another is named."""
    if asked.brokers or os.environ.get("THREADLINE_BROKERS"):
        await reachable(settings)
        yield None
        return
    if settings.security != Security():
        msg = (
            "the embedded broker knows neither TLS nor users; name a cluster with --brokers, or"
            " unset THREADLINE_SECURITY_PROTOCOL and what belongs to it"
        )
        raise UsageError(msg)
    async with watched_broker(asked.data / "broker" if asked.data else None) as broker:
        yield broker


async def _children(
    stack: AsyncExitStack, asked: Asked, settings: Settings, temporary: Path
) -> list[Child]:
    kafka = ("--brokers", settings.brokers, "--prefix", settings.prefix)
    work = ("work", "--name", f"demo-{socket.gethostname()}", "--data", str(temporary), *kafka)
    where = ("--host", asked.host, "--port", str(asked.port))
    database = (asked.data or temporary) / "views.sqlite"
    serve = ("serve", *where, "--database", str(database), *kafka)
    return [
        await stack.enter_async_context(child("worker", work)),
        await stack.enter_async_context(child("HTTP service", serve, folder=temporary)),
    ]


async def _caught_up(asking: client.Service, progress: Progress) -> None:
    patience_s = PATIENCE_S + progress.events / EVENTS_A_SECOND
    token = progress.position.token
    try:
        async with asyncio.timeout(patience_s):
            while True:
                with suppress(ServeError):  # Not there yet, or not that far.
                    await asyncio.to_thread(
                        asking.get, "/v1/positions", min_position=token, wait_ms=WAIT_MS
                    )
                    return
                await asyncio.sleep(AGAIN_AFTER_S)
    except TimeoutError as error:
        msg = (
            f"the views have not read all {progress.events:,} events within {patience_s:.0f} s;"
            f" see {asking.url}/v1/positions"
        )
        raise ServeError(msg) from error


def _ask(
    asking: client.Service, asked: Asked, progress: Progress, read: Source
) -> tuple[dict[str, Any], list[str]]:
    found = findings.gather(
        asking,
        progress,
        archives=read.archives,
        skipped=read.report.skipped,
        bots="exclude" if asked.bots else "include",  # Who names robots wants to see what is left.
    )
    return found, list(findings.sentences(found, findings.hours(asking, progress)))


def _free(host: str, port: int) -> None:
    """Ask for the port before anything is started."""
    try:
        with socket.create_server((host, port)):
            return
    except OSError as error:
        msg = (
            f"port {port} of {host} cannot be used: {error.strerror};"
            " end what listens there, or give another with --port"
        )
        raise ServeError(msg) from error


def _reached(host: str) -> str:
    """Where we ask what listens on ``host``."""
    return "127.0.0.1" if host in {"", "0.0.0.0", "::"} else host  # noqa: S104 - compared only
