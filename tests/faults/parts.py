"""The processes of a run: each is what a person would start, and is kept running as a service.

Whoever ends by himself with status 3 (something outside failed) is started again, as a service
manager does it. Any other end that nobody asked for, and any traceback, is a fault of ours.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream.config import Settings
    from stream.process.worker import Pace

OUTSIDE_FAILED: Final = 3
AGAIN_AFTER_S: Final = 0.5
ENDED_WITHIN_S: Final = 20.0
SAID_WITHIN_S: Final = 60.0
TROUBLE: Final = ("Traceback", "never retrieved", "Unhandled", "ResourceWarning")


def send(pid: int, number: signal.Signals) -> None:
    """A signal, to whoever is still there."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(pid) for pid in listed.split()]
    return []


class Part:
    """One process, started again and again under one name; all that it says is in one file."""

    def __init__(self, name: str, command: list[str], env: dict[str, str], folder: Path) -> None:
        self.name = name
        self.problems: list[str] = []
        self.starts = 0
        self._command = command
        self._env = {**os.environ, **env}
        self.log = folder / f"{name}.log"
        self.out = folder / f"{name}.out"
        self._process: subprocess.Popen[bytes] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self.retired = False
        self.status: int | None = None  # of the last end that was its own

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def start(self) -> None:
        """Start it, unless it runs."""
        if self.pid is not None:
            return
        if self._keeping is not None:
            self._keeping.cancel()
        self.retired = False
        self.status = None
        self._spawn()
        self._keeping = asyncio.create_task(self._keep())

    def kill(self) -> None:
        """With -9, wherever it is."""
        self.retired = True
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def retire(self) -> None:
        """However it ends from now on, it is not started again."""
        self.retired = True

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    async def end(self) -> None:
        """Ask it to end; that it does so in good order, and in time, is part of the promise."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        self.retired = True
        process.terminate()
        try:
            status = await asyncio.to_thread(process.wait, ENDED_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.problems.append(f"{self.name} did not end within {ENDED_WITHIN_S:g} s")
            process.kill()
            return
        if status not in (0, -signal.SIGTERM):  # That early it has no handler yet.
            self.problems.append(f"{self.name} was asked to end, and ended with {status}")

    async def says(self, words: str, *, after: int = 0, times: int = 1) -> None:
        """Wait until its log, ``after`` so many characters, has ``words`` so many times."""
        deadline = time.monotonic() + SAID_WITHIN_S
        while self.said[after:].count(words) < times:
            if time.monotonic() > deadline:
                msg = f"{self.name} did not say {words!r} {times} times:\n{self.said[after:]}"
                raise TimeoutError(msg)
            await asyncio.sleep(0.02)

    async def says_one_of(self, words: Sequence[str], *, after: int) -> None:
        """Wait, for as long as it takes, until its log has one of them ``after`` so many."""
        while not any(each in self.said[after:] for each in words):  # noqa: ASYNC110 # As below.
            await asyncio.sleep(0.02)

    async def done(self, within_s: float) -> None:
        """Wait for an end with status 0 that is its own."""
        deadline = time.monotonic() + within_s
        while self.status is None:
            if time.monotonic() > deadline:
                msg = f"{self.name} is not done after {within_s:g} s"
                raise TimeoutError(msg)
            await asyncio.sleep(0.05)

    async def prints(self, lines: int, within_s: float) -> None:
        """Wait until it has printed so many lines, or the time is up."""
        deadline = time.monotonic() + within_s
        while self.out.read_bytes().count(b"\n") < lines and time.monotonic() < deadline:  # noqa: ASYNC110 # Files have no events.
            await asyncio.sleep(0.1)

    def clear(self) -> None:
        """Leave nothing of it behind."""
        if self._keeping is not None:
            self._keeping.cancel()
        for pid in self.family():
            send(pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def family(self) -> list[int]:
        """Its pid, and those of its children."""
        return [] if self.pid is None else [self.pid, *self.children()]

    def children(self) -> list[int]:
        return [] if self.pid is None else _children(self.pid)

    def grandchildren(self) -> list[int]:
        return [pid for child in self.children() for pid in _children(child)]

    def trouble(self) -> list[str]:
        """What must not have happened to it."""
        found = [f"{self.name} says {word!r}, see {self.log}" for word in TROUBLE]
        return self.problems + [line for line in found if line.split("'")[1] in self.said]

    def _spawn(self) -> None:
        self.starts += 1
        with self.log.open("ab") as log, self.out.open("ab") as out:
            log.write(f"--- start {self.starts} at {time.time():.3f}\n".encode())
            log.flush()
            self._process = subprocess.Popen(
                self._command, env=self._env, stdout=out, stderr=log, stdin=subprocess.DEVNULL
            )

    def _signal(self, number: signal.Signals) -> None:
        if self.pid is not None:
            send(self.pid, number)

    async def _keep(self) -> None:
        while True:
            assert self._process is not None
            status = self._process.poll()
            if status is None:
                await asyncio.sleep(0.02)
                continue
            if self.retired:
                return
            if status != OUTSIDE_FAILED:
                self.status = status
                self._ended(status)
                return
            await asyncio.sleep(AGAIN_AFTER_S)
            if not self.retired:
                self._spawn()

    def _ended(self, status: int) -> None:
        self.problems.append(f"{self.name} ended by itself with status {status}, see {self.log}")


class Replay(Part):
    """The one that may end."""

    @override
    def _ended(self, status: int) -> None:
        if status != 0:
            super()._ended(status)


def worker(label: str, name: str, settings: Settings, folder: Path, pace: Pace) -> Part:
    """A worker on a machine of its own; ``name`` is what Kafka knows it by."""
    plain = {key: value for key, value in asdict(settings).items() if key != "security"}
    what = {"settings": plain, "name": name, "pace": asdict(pace), "data": str(folder / label)}
    command = [sys.executable, "-m", "tests.process.work", orjson.dumps(what).decode()]
    return Part(label, command, {}, folder)


def shipped_worker(label: str, name: str, settings: Settings, folder: Path) -> Part:
    """The same by the command that people use."""
    more = ("--name", name, "--data", str(folder / label))
    return Part(label, _command("work", *more), _env(settings), folder)


def serve(settings: Settings, folder: Path, port: int) -> Part:
    more = ("--port", str(port), "--database", str(folder / "views.sqlite"))
    return Part("serve", _command("serve", *more), _env(settings), folder)


def replay(settings: Settings, folder: Path, archive: Path, speed: float | None) -> Replay:
    more = ("--json", "--speed", "max" if speed is None else f"{speed:.0f}")
    return Replay("replay", _command("replay", str(archive), *more), _env(settings), folder)


def tail(settings: Settings, folder: Path) -> Part:
    return Part("tail", _command("tail", "--since", "1970-01-01"), _env(settings), folder)


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "stream.cli", *arguments]


def _env(settings: Settings) -> dict[str, str]:
    return {
        "THREADLINE_BROKERS": settings.brokers,
        "THREADLINE_PREFIX": settings.prefix,
        "THREADLINE_PARTITIONS": str(settings.partitions),
        "THREADLINE_URL": settings.url,
        "PYTHONFAULTHANDLER": "1",
    }
