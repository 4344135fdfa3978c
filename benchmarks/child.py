"""What is measured, in a process of its own: ``python -m benchmarks.child ORDER``.

The order is JSON: ``{"do": "work" | "serve", "settings": …}`` with what that takes.
"""

from __future__ import annotations

import logging
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from benchmarks.processes import python
from stream.config import Settings

if TYPE_CHECKING:
    from stream.process.job import Job


class Order(msgspec.Struct, kw_only=True):
    """``job``: the worker's; ``session_s``: how long it may be silent."""

    do: Literal["work", "serve"]
    settings: Settings
    job: Literal["all", "simple"] = "all"
    session_s: float = 60.0
    port: int = 0
    database: str = ""


def work(settings: Settings, job: Literal["all", "simple"] = "all") -> list[str]:
    """The command of a worker that does ``job``."""
    return _command(Order(do="work", settings=settings, job=job))


def serve(settings: Settings, port: int, database: Path) -> list[str]:
    """The command of the service, its follower beside it."""
    return _command(Order(do="serve", settings=settings, port=port, database=str(database)))


def _command(order: Order) -> list[str]:
    body = {name: getattr(order, name) for name in order.__struct_fields__}
    body["settings"] = asdict(order.settings)
    return python("benchmarks.child", msgspec.json.encode(body).decode())


def main() -> None:
    """Do as ordered until SIGTERM."""
    order = msgspec.json.decode(sys.argv[1], type=Order)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if order.do == "work":
        _work(order)
    else:
        from stream.serve.run import serve as serving  # noqa: PLC0415 (only what it needs)

        database = Path(order.database)
        serving(order.settings, host="127.0.0.1", port=order.port, database=database)


def _work(order: Order) -> None:
    from stream.process.worker import Pace, run  # noqa: PLC0415 (as above)

    pace = Pace(session_s=order.session_s, rebalance_s=order.session_s)
    if order.job == "all":
        run(order.settings, pace=pace)
    else:
        run(order.settings, pace=pace, job=_simple())


def _simple() -> type[Job]:
    from benchmarks.simple import SimpleJob  # noqa: PLC0415 (as above)

    return SimpleJob


if __name__ == "__main__":
    main()
