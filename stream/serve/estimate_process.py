"""Long estimates in a process of their own: ``python -m stream.serve.estimate_process``.

Turnbull's estimate of a dump is seconds of Python, in which a thread would take the interpreter's
lock from whoever answers. So the counts of waits, some 10 bytes a wait, go to a process that has
nothing else to do, pickled, on its standard input, and the figures come back on its standard
output. When that input ends, whoever asked is gone, and so is this, amid an estimate too.
"""

from __future__ import annotations

import logging
import os
import pickle
import signal
import subprocess
import sys
from io import FileIO
from queue import SimpleQueue
from threading import Lock, Thread
from traceback import format_exc
from typing import TYPE_CHECKING, Final

from stream.core.latency import aggregate
from stream.errors import EstimateError
from stream.pipes import receive, send
from stream.serve.precedence import give_way

if TYPE_CHECKING:
    from stream.core.latency import Numbers, Tally

LONG: Final = 500  # Distinct waits, some 20 ms of estimating; fewer are estimated where they are.
TRIES: Final = 2

ORDER, DONE, WRONG = range(3)

log = logging.getLogger(__name__)


def is_long(tally: Tally) -> bool:
    """Whether `aggregate` of it takes so long that others would wait: it is for the process."""
    distinct = len(tally.observed) + len(tally.between) + len(tally.since)
    return bool(tally.between) and distinct > LONG


class Estimates:
    """Who orders them, one at a time; several threads may ask at once, and wait.

    The process is started by the first long estimate and kept. It holds nothing that matters: where
    it was killed, another is started and told the same.
    """

    def __init__(self) -> None:
        self._turn = Lock()  # Held for as long as an order is under way.
        self._starting = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """None where none was needed yet."""
        process = self._process
        return None if process is None else process.pid

    def aggregate(self, metric: str, tally: Tally, *, as_of: int) -> Numbers:
        """`stream.core.latency.aggregate`, made in the process where it is long.

        An `EstimateError` where that has ended twice, or this was closed.
        """
        if not is_long(tally):
            return aggregate(metric, tally, as_of=as_of)
        order = pickle.dumps((metric, tally, as_of), pickle.HIGHEST_PROTOCOL)
        with self._turn:
            kind, said = self._answer(order)
        answer = pickle.loads(said)  # noqa: S301 (from our own process)
        if kind == WRONG:
            raise answer
        found: Numbers = answer
        return found

    def close(self) -> None:
        """End the process, also amid an estimate, and let nobody start another."""
        with self._starting:
            self._closed = True
            if self._process is not None:
                self._process.kill()
        with self._turn:  # Whoever read from it has heard of that, or never began to.
            self._end()

    def _answer(self, order: bytes) -> tuple[int, bytearray]:
        status = 0
        for _ in range(TRIES):
            process = self._running()
            assert isinstance(process.stdin, FileIO)  # noqa: S101 (tells the type checker)
            assert isinstance(process.stdout, FileIO)  # noqa: S101 (as above)
            try:
                send(process.stdin, ORDER, order)
                answer = receive(process.stdout)
            except BrokenPipeError:
                answer = None
            if answer is not None:
                return answer
            status = self._end()
            log.warning("the process that estimates waits ended with status %d", status)
        msg = f"the process that estimates waits ended {TRIES} times, with status {status}"
        raise EstimateError(msg)

    def _running(self) -> subprocess.Popen[bytes]:
        with self._starting:
            if self._closed:
                msg = "waits are estimated no more: the serve process is ending"
                raise EstimateError(msg)
            if self._process is None:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "stream.serve.estimate_process"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    bufsize=0,
                )
            return self._process

    def _end(self) -> int:
        """Leave nothing of it; its status."""
        with self._starting:
            process, self._process = self._process, None
        if process is None:
            return 0
        with process:  # Closes both pipes, and waits.
            process.kill()  # It may have closed its output and still run.
        return process.returncode


def main() -> None:
    """Estimate as ordered until there are no more orders."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # Whoever asks hears of it, and ends.
    give_way()
    orders = SimpleQueue[bytearray]()
    Thread(target=_read, args=(orders,), daemon=True).start()
    with FileIO(1, "w", closefd=False) as answers:
        while True:
            kind, said = _made(orders.get())
            send(answers, kind, said)


def _read(orders: SimpleQueue[bytearray]) -> None:
    """In a thread, so that it is heard amid an estimate if whoever asked is gone."""
    with FileIO(0, closefd=False) as source:
        while (received := receive(source)) is not None:
            orders.put(received[1])
    os._exit(0)


def _made(order: bytearray) -> tuple[int, bytes]:
    metric, tally, as_of = pickle.loads(order)  # noqa: S301 (from our own process)
    try:
        return DONE, pickle.dumps(aggregate(metric, tally, as_of=as_of))
    except Exception as error:  # noqa: BLE001 (raised again where it was ordered)
        error.add_note(format_exc())
        return WRONG, pickle.dumps(error)


if __name__ == "__main__":
    main()
