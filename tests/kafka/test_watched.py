"""What is started under the watchdog ends with us, at whatever moment we are stopped."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from stream.kafka.watched import watched


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
