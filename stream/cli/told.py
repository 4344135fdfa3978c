"""SIGTERM does as Ctrl-C does: what was begun is cleaned up, and only then it ends us.

Neither is lost where Python would lose it.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

NUMBERS: Final = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
)
AGAIN_S: Final = 0.05
DEAF: Final = {"__del__", "_lazy_init"}  # The second is asyncio's, where a loop is made.
IMPORTING: Final = "<frozen importlib._bootstrap>"
_INTERRUPT: Final = signal.default_int_handler


class Told:
    """Whether a signal has told this process to end; whoever can end in peace hears it himself."""

    def __init__(self) -> None:
        self._number: int | None = None
        for number in NUMBERS:
            if signal.getsignal(number) is signal.SIG_DFL:  # Else somebody wants it otherwise.
                signal.signal(number, self._hear)
        if signal.getsignal(signal.SIGINT) is _INTERRUPT:
            signal.signal(signal.SIGINT, _interrupt)
            # asyncio puts its own, which cancels and raises nothing, in the place of this one only.
            signal.default_int_handler = _interrupt  # type: ignore[assignment] # As it is now.

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if _is_deaf(frame):
            _hear_again(number)
            return
        self._number = number
        as_ctrl_c = signal.getsignal(signal.SIGINT)
        if not callable(as_ctrl_c):  # Ctrl-C is not for who was started in the background.
            as_ctrl_c = signal.default_int_handler
        as_ctrl_c(signal.SIGINT, frame)

    def pass_on(self) -> None:
        """End by the signal that was heard, as whoever sent it expects it; not where none was."""
        if self._number is None:
            return
        gc.collect()  # A reader's folder goes with the reader.
        with suppress(OSError):
            sys.stdout.flush()
        signal.signal(self._number, signal.SIG_DFL)
        signal.raise_signal(self._number)


def _interrupt(number: int, frame: FrameType | None) -> None:
    if _is_deaf(frame):
        _hear_again(number)
    else:
        _INTERRUPT(number, frame)


def _hear_again(number: int) -> None:
    again = threading.Timer(AGAIN_S, os.kill, (os.getpid(), number))
    again.daemon = True
    again.start()


def _is_deaf(frame: FrameType | None) -> bool:
    """Whether what is raised now may be lost: while an object goes, a module or a loop comes."""
    while frame is not None:
        if frame.f_code.co_name in DEAF or frame.f_code.co_filename == IMPORTING:
            return True
        frame = frame.f_back
    return False


@contextmanager
def at_once() -> Iterator[None]:
    """While modules come there is nothing to clean up, and some of them hide what is raised."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
