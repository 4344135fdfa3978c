"""A program that must not outlive whoever started it: run by its path, as a process of its own.

``watchdog.py FOLDER PROGRAM ARGUMENT…`` runs the program until its own standard input ends, which
happens however the starter goes, a kill -9 included. The program may then save what it holds;
where FOLDER is named it holds nothing worth it: it is killed, and the folder removed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Final

SAVED_WITHIN_S: Final = 60.0


def watch(folder: str, command: list[str]) -> int:
    """Run ``command`` as long as somebody holds our standard input; its exit status."""
    # Heard before there is somebody to tell: else the program would be left alone.
    waiting: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: waiting.append(number))
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 (our own arguments)
    signal.signal(signal.SIGTERM, lambda *_: program.terminate())
    if waiting:
        program.terminate()
    threading.Thread(target=_end_with_starter, args=(program, folder), daemon=True).start()
    status = program.wait()
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
    return status


def _end_with_starter(program: subprocess.Popen[bytes], folder: str) -> None:
    while os.read(0, 1):  # Not sys.stdin: its lock would be held when the interpreter ends.
        pass
    if not folder:
        program.terminate()
        with suppress(subprocess.TimeoutExpired):
            program.wait(SAVED_WITHIN_S)
    program.kill()


if __name__ == "__main__":
    sys.exit(watch(sys.argv[1], sys.argv[2:]))
