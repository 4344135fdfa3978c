"""What is started under the watchdog ends with us, at whatever moment we are stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import uuid
from contextlib import suppress
from pathlib import Path

import pytest

from stream.kafka.watched import how_ended, watched

ENDS_WITHIN_S = 30


def _running(marker):
    listed = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")]
    return [command for command in listed if marker.encode() in command]


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, 13])
async def test_who_is_stopped_while_it_starts_leaves_nothing_running(turns, tmp_path):
    marker, folder = uuid.uuid4().hex, tmp_path / "held"
    folder.mkdir()
    command = [sys.executable, "-c", "import time; time.sleep(60)", marker]
    starting = asyncio.create_task(watched(command, folder=folder))
    for _ in range(turns):
        await asyncio.sleep(0)
    starting.cancel()
    try:
        process = await starting
    except asyncio.CancelledError:
        pass
    else:  # It was quicker.
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
    assert _running(marker) == []
    assert not folder.exists() or turns == 0  # Before anything is started, nothing is removed.


async def test_it_runs_until_it_is_let_go_of():
    marker = uuid.uuid4().hex
    process = await watched([sys.executable, "-c", "input()", marker], output=subprocess.DEVNULL)
    await process.wait()  # Its own standard input is empty.
    assert _running(marker) == []


def test_sigterm_as_the_program_is_started_ends_it_too():
    """Whoever is told before he knows whom to tell passes it on then."""
    marker = uuid.uuid4().hex
    script = (
        "import signal, subprocess, sys\n"
        "from stream.kafka import watchdog\n"
        "class Told(subprocess.Popen):\n"
        "    def __init__(self, *args, **how):\n"
        "        super().__init__(*args, **how)\n"
        "        signal.raise_signal(signal.SIGTERM)\n"
        "subprocess.Popen = Told\n"
        "sleep = [sys.executable, '-c', 'import time; time.sleep(60)', sys.argv[1]]\n"
        "sys.exit(watchdog.watch('', [], sleep))\n"
    )
    command = [sys.executable, "-c", script, marker]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        status = process.wait(ENDS_WITHIN_S)
    try:
        assert _running(marker) == []
        assert how_ended(status) == "was killed with signal 15"
    finally:
        _kill(marker)


def _kill(marker):
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if marker.encode() in path.read_bytes():
                os.kill(int(path.parent.name), signal.SIGKILL)
