"""A broker on this machine, for trying out and for tests: the binary of the package noida-db."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import socket
import sys
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from stream.config import Settings
from stream.errors import BrokerError
from stream.kafka import watchdog
from stream.kafka.connect import reachable
from stream.kafka.watched import how_ended, watched

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator

READY_WITHIN_S: Final = 20.0
ENDED_WITHIN_S: Final = 2 * watchdog.SAVED_WITHIN_S + 5  # Its service, then itself.
LOG: Final = "broker.log"
LAST_LINES: Final = 5


class EmbeddedBroker:
    """One that answers at ``address``, unless it has ended meanwhile."""

    def __init__(self, address: str, process: Process, data: Path | None) -> None:
        self.address = address
        self._process = process
        self._data = data

    async def ended(self) -> None:
        """Return never, or raise once it has ended: nobody but us should have ended it."""
        how = how_ended(await self._process.wait())
        begin = "start again"
        if self._data is not None:
            begin += (
                f", which goes on from what it had saved in {self._data}; its log is there, too"
            )
        msg = f"the embedded broker {how}, and nobody here had asked it to; {begin}"
        raise BrokerError(msg)


@asynccontextmanager
async def embedded_broker(data: Path | None, port: int | None = None) -> AsyncIterator[str]:
    """The address of a broker that answers, for as long as the ``async with`` lasts."""
    async with watched_broker(data, port) as broker:
        yield broker.address


@asynccontextmanager
async def watched_broker(
    data: Path | None, port: int | None = None
) -> AsyncIterator[EmbeddedBroker]:
    """A broker, and its end, for as long as the ``async with`` lasts.

    It keeps its log under ``data`` and goes on with it next time; without, in a temporary folder
    that is gone afterwards. It holds the log in memory and saves all of it every two seconds or
    so, and when it ends: killed with -9 it goes back to its last save, and its offsets with it.
    """
    binary = _binary()
    port = _free_port(port or 0)
    address = f"127.0.0.1:{port}"
    folder = _folder(data)
    process = await _start(binary, folder, port, keep=data is not None)
    try:
        await _ready(process, address, folder / LOG)
        yield EmbeddedBroker(address, process, data)
    finally:
        await _end(process)
        if data is None:
            shutil.rmtree(folder, ignore_errors=True)


def _folder(data: Path | None) -> Path:
    if data is None:
        return Path(tempfile.mkdtemp(prefix="threadline-"))
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"the broker's folder {data} cannot be made: {error.strerror}; name another"
        raise BrokerError(msg) from error
    return data


def _binary() -> Path:
    """The binary itself: the package's console script leaves it running when ended."""
    found = importlib.util.find_spec("noida_db")
    if found is None or found.origin is None:
        msg = (
            "the embedded broker is not installed; "
            "pip install 'threadline[embedded]', or name a Kafka with --brokers"
        )
        raise BrokerError(msg)
    binary = Path(found.origin).parent / ("noida-db.exe" if os.name == "nt" else "noida-db")
    if binary.is_file() and not os.access(binary, os.X_OK):
        binary.chmod(0o755)
    return binary


async def _start(binary: Path, folder: Path, port: int, *, keep: bool) -> Process:
    with (folder / LOG).open("ab") as log:
        _lock(log, folder)
        where = ["--data-dir", str(folder)]
        command = [str(binary), "start", "--only", "kafka", "--kafka-port", str(port), *where]
        if not keep:
            return await watched(command, folder=folder, output=log)
        # Told to end at once it saves, and meanwhile confirms what it no longer saves.
        stop = [str(binary), "stop", "kafka", *where]
        return await watched(command, farewell=stop, output=log)


def _lock(log: IO[bytes], folder: Path) -> None:
    """Two brokers would overwrite one another's log; the lock is the program's that holds it."""
    if sys.platform == "win32":
        return
    try:
        fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        msg = f"{folder} is in use by another broker; end that one, or take another folder"
        raise BrokerError(msg) from error


async def _ready(process: Process, address: str, log: Path) -> None:
    deadline = asyncio.get_running_loop().time() + READY_WITHIN_S
    while asyncio.get_running_loop().time() < deadline:
        if process.returncode is not None:
            msg = f"the embedded broker ended at its start; its last words: {_last_words(log)}"
            raise BrokerError(msg)
        try:
            await reachable(Settings(brokers=address))
        except BrokerError:
            await asyncio.sleep(0.05)
        else:
            return
    msg = f"the embedded broker does not answer after {READY_WITHIN_S:g} s; see {log}"
    raise BrokerError(msg)


async def _end(process: Process) -> None:
    """Let go of the watchdog's standard input, at which it ends the broker, and wait for both."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(ENDED_WITHIN_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _last_words(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return f"none ({log} is gone)"
    said = [line for line in lines if line.strip() and "GLIBC" not in line]
    return " / ".join(said[-LAST_LINES:]) or "none"


def _free_port(port: int) -> int:
    """``port``, if nobody listens there; any that is free for 0."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            msg = f"port {port} of this machine is taken; end what listens there, or name another"
            raise BrokerError(msg) from error
        return int(probe.getsockname()[1])
