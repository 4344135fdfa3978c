"""A program that must not outlive whoever started it: run by its path, as a process of its own.

``watchdog.py FOLDER PROGRAM ARGUMENT…`` runs the program until its own standard input ends, which
happens however the starter goes, a kill -9 included. FOLDER is then removed; "" keeps all.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
from typing import Final

GRACE_S: Final = 10.0


def watch(folder: str, command: list[str]) -> int:
    """Run ``command`` as long as somebody holds our standard input; its exit status."""
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 (our own arguments)
    signal.signal(signal.SIGTERM, lambda *_: program.terminate())
    threading.Thread(target=_end_with_starter, args=(program,), daemon=True).start()
    status = program.wait()
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
    return status


def _end_with_starter(program: subprocess.Popen[bytes]) -> None:
    sys.stdin.buffer.read()
    program.terminate()
    try:
        program.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        program.kill()


if __name__ == "__main__":
    sys.exit(watch(sys.argv[1], sys.argv[2:]))
