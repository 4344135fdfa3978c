"""Processes that are measured: started, listened to, their CPU and memory read, and ended."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import signal
    from collections.abc import AsyncIterator, Sequence

ROOT: Final = Path(__file__).parents[1]
TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
ENDS_WITHIN_S: Final = 15.0
WATCHED_S: Final = 0.05
LINE_BYTES: Final = 1 << 20
LAST_LINES: Final = 15


class EndedError(Exception):
    """A measured process ended before it had said what it was to say."""


class Child:
    """A process of ours that runs; those that it started count with it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid
        self._said: deque[str] = deque()  # What nobody has looked at yet.
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._more = asyncio.Event()
        self._listening = asyncio.create_task(self._listen())
        self.watched_peak_mb = 0.0

    async def says(self, words: str, *, within_s: float) -> str:
        """The next line on its output that has ``words`` in it."""
        async with asyncio.timeout(within_s):
            while True:
                self._more.clear()
                while self._said:
                    line = self._said.popleft()
                    if words in line:
                        return line
                if self._listening.done():
                    msg = f"{words!r} was not said; its last words:\n{''.join(self._last)}"
                    raise EndedError(msg)
                await self._more.wait()

    async def _listen(self) -> None:
        """Read on, so that it is never held up by what nobody reads."""
        assert self._process.stdout is not None  # noqa: S101 # A pipe was asked for.
        try:
            while line := (await self._process.stdout.readline()).decode(errors="replace"):
                self._said.append(line)
                self._last.append(line)
                self._more.set()
        finally:
            asyncio.get_running_loop().call_soon(self._more.set)

    async def watch(self) -> None:
        """Keep the most that it and those it started hold together; until cancelled."""
        while True:
            self.watched_peak_mb = max(self.watched_peak_mb, self.rss_mb)
            await asyncio.sleep(WATCHED_S)

    @property
    def cpu_s(self) -> float:
        return cpu_s(self.pid)

    @property
    def rss_mb(self) -> float:
        """What it and those it started hold resident now."""
        return sum(_memory_mb(pid, "VmRSS") for pid in family(self.pid))

    @property
    def peak_mb(self) -> float:
        """The most that it has held; by watching, where it has started others."""
        return max(_memory_mb(self.pid, "VmHWM"), self.watched_peak_mb)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    async def end(self) -> None:
        """In good order where it can."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(ENDS_WITHIN_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._listening


@asynccontextmanager
async def running(command: Sequence[str], *, cwd: Path = ROOT) -> AsyncIterator[Child]:
    """``command`` for as long as the ``async with`` lasts; its two outputs are one."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},  # Where `cwd` holds another `stream`.
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=LINE_BYTES,
    )
    child = Child(process)
    try:
        yield child
    finally:
        await child.end()


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of ours."""
    return [sys.executable, "-m", module, *arguments]


def family(pid: int) -> list[int]:
    """The process and all that it and those have started."""
    found = [pid]
    for task in _tasks(pid):
        try:
            children = (task / "children").read_text().split()
        except OSError:
            continue
        found += [one for child in children for one in family(int(child))]
    return found


def cpu_s(pid: int) -> float:
    """User and system time of it and of those it started that still run."""
    return sum(map(_own_cpu_s, family(pid)))


def _tasks(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


def _own_cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def _memory_mb(pid: int, what: str) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith(what))
