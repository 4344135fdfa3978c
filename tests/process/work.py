"""A worker as a process of its own, for tests that kill it: what it is to do is its argument."""

import asyncio
import faulthandler
import logging
import os
import signal
import sys
from pathlib import Path

import orjson
from typing_extensions import override

from stream.config import Settings
from stream.errors import StreamError
from stream.process.all_views import AllViews
from stream.process.worker import Pace, run


class Breaking(AllViews):
    """Meets an error of our own with its first records."""

    @override
    def fold(self, records):
        msg = "no fold is without faults"
        raise RuntimeError(msg)


class BreakingLater(AllViews):
    """Meets an error of our own amid its work."""

    @override
    def fold(self, records):
        if any(b"the last straw" in (record.value or b"") for record in records):
            msg = "no fold is without faults"
            raise RuntimeError(msg)
        return super().fold(records)


class AskedToEnd(logging.Handler):
    """Somebody reads what the worker says, and asks it to end at its first word."""

    @override
    def emit(self, record):
        os.kill(os.getpid(), signal.SIGTERM)


JOBS = {"breaks": Breaking, "breaks-later": BreakingLater}


def say_what_is_done(*_: object) -> None:
    """Where all threads and tasks are, for who waits in vain for us to end."""
    faulthandler.dump_traceback()
    for task in tuple(asyncio.tasks._all_tasks):  # type: ignore[attr-defined] # noqa: SLF001 # Of every loop.
        task.print_stack()


def main() -> int:
    said = orjson.loads(sys.argv[1])
    signal.signal(signal.SIGUSR1, say_what_is_done)
    logging.basicConfig(level=logging.INFO, format="%(relativeCreated)d %(message)s")
    if said["name"] == "asked":
        logging.getLogger("stream.process.worker").addHandler(AskedToEnd())
    job = JOBS.get(said["name"], AllViews)
    try:
        settings, pace = Settings(**said["settings"]), Pace(**said["pace"])
        run(settings, name=said["name"], data=Path(said["data"]), pace=pace, job=job)
    except StreamError as error:
        logging.getLogger("tests").error("error: %s", error)  # noqa: TRY400 # As the command does.
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
