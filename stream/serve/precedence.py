"""Who answers comes first: work in the background gives way to it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from time import sleep
from typing import Final

NICE: Final = 10
TRIES: Final = 5
AUTOGROUP: Final = Path("/proc/self/autogroup")


def give_way() -> None:
    """Let this process, and those that it will start, come after others that want a processor.

    Linux may share processors out to sessions first, all alike, and heed niceness only within
    each (sched(7), "The autogroup feature"). So a session of our own is made nice as a whole.
    """
    os.nice(NICE)
    if os.getsid(0) == os.getpid():
        with suppress(OSError):  # There is none on other systems, nor in some containers.
            _renice_session()


def _renice_session() -> None:
    for _ in range(TRIES):
        with suppress(BlockingIOError):  # Another one was made nice in the last tenth of a second.
            AUTOGROUP.write_text(str(NICE))
            return
        sleep(0.1)
