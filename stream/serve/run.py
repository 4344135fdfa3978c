"""``threadline serve``: the API in this process, the follower in one beside it."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import sys
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import uvicorn
from typing_extensions import override

from stream.errors import ServeError
from stream.kafka.connect import reachable
from stream.kafka.ending import nothing_left
from stream.kafka.refusals import NotAllowedError
from stream.kafka.topics import create as create_topics
from stream.serve.admission import Admitting, connections_max
from stream.serve.api.app import create
from stream.serve.follower_process import REFUSED, order
from stream.serve.schema import open_writer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from fastapi import FastAPI

    from stream.config import Settings

BACK_OFF_S: Final = 0.5
BACK_OFF_MAX_S: Final = 30.0
ENDS_WITHIN_S: Final = 5.0
SWITCH_S: Final = 0.0005
COLLECT_AFTER: Final = (50_000, 10, 50)  # Long answers are many objects, and none of them a cycle.
ENDING: Final = (signal.SIGTERM, signal.SIGINT)

log = logging.getLogger(__name__)


def serve(settings: Settings, *, host: str, port: int, database: Path | None) -> None:
    """Serve until SIGTERM or SIGINT, then end the follower too.

    The views are kept in the file ``database``, in a temporary one where it is None. A port that
    is taken is a `ServeError`, a broker that is away a `BrokerError`; later both processes go on
    without it and come back with it.
    """
    with (
        _listening(host, port) as listening,
        _kept(database) as path,
        asyncio.Runner(loop_factory=_loop_factory()) as runner,
    ):
        runner.run(nothing_left(_serve(settings, listening, path)))


def steady() -> None:
    """Let answers of the loop not wait for what is made aside, nor for the collector.

    Whoever is folding gives way after half a millisecond, not five, of which an answer takes ten.
    """
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Twice as fast where it is there; it is not for Windows."""
    try:
        from uvloop import new_event_loop  # noqa: PLC0415 (may be missing)
    except ImportError:
        return None
    return new_event_loop


async def _serve(settings: Settings, listening: socket.socket, database: Path) -> None:
    await reachable(settings)
    await create_topics(settings)
    open_writer(database).close()
    follower = Follower(settings, database)
    app = create(settings, database, follower_alive=lambda: follower.alive)
    steady()
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=3,
        server_header=False,
        http=Admitting,
        limit_concurrency=connections_max(),
    )
    server = _Server(config, app)
    follower.refused.add_done_callback(lambda _: setattr(server, "should_exit", True))
    async with follower.running():
        host, port = listening.getsockname()[:2]
        log.info("serving on http://%s:%d", host, port)
        await server.serve(sockets=[listening])
    if follower.refused.done():
        raise NotAllowedError(follower.refused.result())


class _Server(uvicorn.Server):
    """Streams never end by themselves: tell them when the process is to."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ours do not raise the signal again at the end: the follower is still to be ended.

        So they stay as long as the loop.
        """
        loop = asyncio.get_running_loop()
        for number in ENDING:
            loop.add_signal_handler(number, self._stop, number)
        yield

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Whoever was told to end before that has to hear it here: the app would print it."""
        await asyncio.sleep(0)
        await super().startup(sockets)

    def _stop(self, number: int) -> None:
        self.handle_exit(number, None)
        hub = getattr(self._app.state, "hub", None)
        if hub is not None:  # Else there is no stream yet.
            hub.stop()


class Follower:
    """The process beside this one; started again, each time later, when it ends.

    Where Kafka lets it read nothing from the start, ``refused`` says why, and it stays away.
    """

    def __init__(self, settings: Settings, database: Path) -> None:
        self.refused: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._order = order(settings, database)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """It runs as long as the ``async with`` lasts."""
        keeping = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            await self._end()

    async def _keep(self) -> None:
        pause_s = BACK_OFF_S
        clock = asyncio.get_running_loop().time
        first = clock()
        while True:
            began = clock()
            process = await self._start()
            assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
            said = (await process.stdout.read()).decode(errors="replace")
            status = await process.wait()
            if status == REFUSED and clock() - first < BACK_OFF_MAX_S:
                self.refused.set_result(said)
                return
            if said:
                log.warning("%s", said)
            pause_s = BACK_OFF_S if clock() - began > BACK_OFF_MAX_S else pause_s
            log.warning("the follower ended with status %d; again in %g s", status, pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, BACK_OFF_MAX_S)

    async def _start(self) -> asyncio.subprocess.Process:
        # Its standard input stays open for as long as we live: it ends when that does.
        process = self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "stream.serve.follower_process",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for us to pass on.
        )
        assert process.stdin is not None  # noqa: S101 (a pipe was asked for)
        process.stdin.write(self._order)
        with suppress(ConnectionError):
            await process.stdin.drain()
        return process

    async def _end(self) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), ENDS_WITHIN_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # Said to be TCP, or asyncio lets answers wait 40 ms for what might follow them.
        with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as bound:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
            yield bound
    except socket.gaierror as error:
        msg = f"{host!r} is no address to serve on: {error.strerror}; give another --host"
        raise ServeError(msg) from error
    except OSError as error:
        msg = f"cannot serve on {host}:{port}: {error.strerror}; give another --port"
        raise ServeError(msg) from error


@contextmanager
def _kept(database: Path | None) -> Iterator[Path]:
    if database is None:
        with TemporaryDirectory(prefix="threadline-") as folder:
            yield Path(folder) / "views.db"
    else:
        database.parent.mkdir(parents=True, exist_ok=True)
        yield database
