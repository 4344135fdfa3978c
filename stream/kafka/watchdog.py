"""A program that must not outlive whoever started it: run by its path, as a process of its own.

``watchdog.py FOLDER WORDS FAREWELL… PROGRAM ARGUMENT…`` runs the program until its own standard
input ends, which happens however the starter goes, a kill -9 included. The program may then save
what it holds; where FOLDER is named it holds nothing worth it: it is killed, and the folder
removed. The farewell, a command of so many words, is run before the program is told to end.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

SAVED_WITHIN_S: Final = 60.0


def watch(folder: str, farewell: list[str], command: list[str]) -> int:
    """Run ``command`` as long as somebody holds our standard input; its exit status."""
    # Heard before there is somebody to tell: else the program would be left alone.
    waiting: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: waiting.append(number))
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 (our own arguments)
    signal.signal(signal.SIGTERM, lambda *_: _beside(_take_leave, program, farewell))
    if waiting:
        _take_leave(program, farewell)
    _beside(_end_with_starter, program, folder, farewell)
    status = program.wait()
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
    return status


def _end_with_starter(program: subprocess.Popen[bytes], folder: str, farewell: list[str]) -> None:
    while os.read(0, 1):  # Not sys.stdin: its lock would be held when the interpreter ends.
        pass
    if not folder:
        _take_leave(program, farewell)
        with suppress(subprocess.TimeoutExpired):
            program.wait(SAVED_WITHIN_S)
    program.kill()


def _take_leave(program: subprocess.Popen[bytes], farewell: list[str]) -> None:
    if farewell and program.poll() is None:
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(  # noqa: S603 (as above)
                farewell, stdin=subprocess.DEVNULL, timeout=SAVED_WITHIN_S, check=False
            )
    program.terminate()


def _beside(do: Callable[..., None], *what: object) -> None:
    threading.Thread(target=do, args=what, daemon=True).start()


if __name__ == "__main__":
    farewell_end = 3 + int(sys.argv[2])
    sys.exit(watch(sys.argv[1], sys.argv[3:farewell_end], sys.argv[farewell_end:]))
