"""The follower as a process of its own: ``python -m stream.serve.follower_process``.

Its settings come on standard input, one line of JSON; when that input ends, whoever started it is
gone, and so is it.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sqlite3
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

import msgspec

from stream.config import Settings
from stream.errors import StreamError
from stream.kafka.ending import nothing_left
from stream.kafka.refusals import NotAllowedError
from stream.serve.precedence import give_way

TURN_S: Final = 0.0002  # Else who sends rows waits 5 ms, after each MiB, for who makes the next.
COLLECT_AFTER: Final = 200_000  # Rows in the making are no garbage; 700 would look at each often.
FAILED: Final = 3
REFUSED: Final = 4  # Kafka does not let us read; why is on standard output.


class _Order(msgspec.Struct):
    settings: Settings
    database: str
    level: int


def order(settings: Settings, database: Path) -> bytes:
    """The line that a follower is started with; secrets are not seen in lists of processes."""
    level = logging.getLogger("stream").getEffectiveLevel()
    body = {"settings": asdict(settings), "database": str(database), "level": level}
    return msgspec.json.encode(body) + b"\n"


def main() -> int:
    """Follow until told to end; the exit status."""
    read = msgspec.json.decode(sys.stdin.buffer.readline(), type=_Order)
    logging.basicConfig(level=read.level, format="%(levelname)s %(name)s: %(message)s")
    sys.setswitchinterval(TURN_S)
    gc.set_threshold(COLLECT_AFTER)
    give_way()
    try:
        asyncio.run(nothing_left(_follow(read.settings, Path(read.database))))
    except NotAllowedError as error:
        sys.stdout.write(str(error))
        return REFUSED
    except StreamError as error:
        sys.stderr.write(f"follower: {error}\n")
        return FAILED
    except sqlite3.OperationalError as error:
        mend = "is there room, and does nobody else write to it? Nothing is lost"
        sys.stderr.write(f"follower: cannot write to {read.database}: {error}; {mend}\n")
        return FAILED
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 0
    return 0


async def _follow(settings: Settings, database: Path) -> None:
    from stream.serve.follower import run  # noqa: PLC0415 (after the settings have been read)

    loop = asyncio.get_running_loop()
    following = asyncio.create_task(run(settings, database))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, following.cancel)
    loop.add_reader(sys.stdin.fileno(), _left_alone, following)
    await following


def _left_alone(following: asyncio.Task[None]) -> None:
    asyncio.get_running_loop().remove_reader(sys.stdin.fileno())  # It would say so again and again.
    following.cancel()


if __name__ == "__main__":
    sys.exit(main())
