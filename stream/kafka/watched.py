"""Starting a program under the watchdog: it ends with us, also where we are stopped meanwhile."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from typing import IO, TYPE_CHECKING, Final

from stream.kafka import watchdog

STATUSES: Final = 256  # A watchdog whose program was killed by signal 9 ends with 256 - 9.

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


async def watched(
    command: Sequence[str],
    *,
    folder: Path | None = None,
    farewell: Sequence[str] = (),
    output: int | IO[bytes] = PIPE,
) -> Process:
    """``command``, until the standard input of what is returned is closed, or we are no more.

    It runs out of the terminal's reach: Ctrl-C is for us, who then end it. ``folder`` is removed
    afterwards, a kill -9 of ours included. ``farewell`` is a command to run before it is told to
    end.
    """
    words = [str(folder or ""), str(len(farewell)), *farewell, *command]
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", watchdog.__file__, *words),
            stdin=PIPE,
            stdout=output,
            stderr=STDOUT,
            start_new_session=True,
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        # asyncio would kill the watchdog, whose program would then run on.
        process = await starting
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()
        raise


def how_ended(status: int) -> str:
    """What the exit status of `watched` says of the program."""
    for number in signal.valid_signals():
        if status in {-number, STATUSES - number}:
            return f"was killed with signal {int(number)}"
    return f"ended by itself, with status {status}"
