"""Ctrl-C and its kin: one is enough, and what is being cleaned up is not torn away."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stream.kafka.ending import nothing_left

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

SIGNALS: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


@dataclass(slots=True)
class Stop:
    """Whether being stopped is, by now, the expected end."""

    expected: bool = False


def run(main: Callable[[Stop], Coroutine[None, None, None]]) -> None:
    """Run ``main``; a signal cancels it once, and it may clean up for as long as it takes.

    ``KeyboardInterrupt`` where it was stopped before it expected that.
    """
    if not asyncio.run(nothing_left(_stoppable(main))):
        raise KeyboardInterrupt


async def _stoppable(main: Callable[[Stop], Coroutine[None, None, None]]) -> bool:
    stop = Stop()
    task = asyncio.ensure_future(main(stop))
    asked = False

    def ask() -> None:
        nonlocal asked
        if not asked:
            asked = True
            task.cancel()

    loop = asyncio.get_running_loop()
    for name in SIGNALS:
        loop.add_signal_handler(name, ask)
    try:
        await task
    except asyncio.CancelledError:
        return stop.expected
    return True
