"""The writer as a process of its own: ``python -m stream.serve.writer_process DATABASE LEVEL``.

Orders come on standard input, pickled, and each is answered on standard output: with nothing, or
with what went wrong. With that it ends, as orders that wait already were made for a database in
which this one was done. When that input ends, whoever gave orders is gone, and so is this: what
was ordered in full is done, the rest never was.
"""

from __future__ import annotations

import gc
import logging
import pickle
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from io import BytesIO, FileIO
from pathlib import Path
from traceback import format_exc
from typing import TYPE_CHECKING, Final

from stream.errors import ServeError
from stream.pipes import receive, send, widen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream.serve.writer import Order, Writer

COLLECT_AFTER: Final = 200_000  # As in the follower: rows that are to be written are no garbage.
ENDS_WITHIN_S: Final = 30.0  # It ends what it does, which may be to fold in what was written.

ORDER, DONE, WRONG = range(3)
FAILED: Final = 3


def packed(order: Order | Exception) -> bytes:
    """As it is sent."""
    made = BytesIO()
    pickler = pickle.Pickler(made, pickle.HIGHEST_PROTOCOL)
    pickler.fast = True  # Half of the time goes into remembering what came before, and nothing did.
    pickler.dump(order)
    return made.getvalue()


class WriterProcess:
    """Who gives orders to it, one at a time."""

    def __init__(self, database: Path, process: subprocess.Popen[bytes]) -> None:
        assert isinstance(process.stdin, FileIO)  # noqa: S101 (tells the type checker)
        assert isinstance(process.stdout, FileIO)  # noqa: S101 (as above)
        self._database = database
        self._process = process
        self.to, self._from = process.stdin, process.stdout
        widen(self.to)

    @property
    def pid(self) -> int:
        return self._process.pid

    def do(self, order: bytes) -> None:
        """Have done what is `packed`, and wait for that.

        What goes wrong there is raised here; a `ServeError` where the process is gone, as it is
        after anything went wrong.
        """
        try:
            send(self.to, ORDER, order)
            answer = receive(self._from)
        except BrokenPipeError:
            answer = None
        if answer is None:
            status = self._process.wait()
            msg = f"the process that writes to {self._database} ended with status {status}"
            raise ServeError(msg)
        kind, said = answer
        if kind == WRONG:
            raise pickle.loads(said)  # noqa: S301 (from our own process)


@contextmanager
def writing(database: Path, lock: int) -> Iterator[WriterProcess]:
    """A process that writes to ``database``, for as long as the ``with`` lasts, or we do.

    ``lock``: an open file, whose lock is kept until that process has ended as well.
    """
    level = logging.getLogger("stream").getEffectiveLevel()
    with subprocess.Popen(  # noqa: S603 (ourselves)
        [sys.executable, "-m", "stream.serve.writer_process", str(database), str(level)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        pass_fds=[lock],
    ) as process:
        assert process.stdin is not None  # noqa: S101 (a pipe was asked for)
        try:
            yield WriterProcess(database, process)
        finally:
            process.stdin.close()
            try:
                process.wait(ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()


def main() -> int:
    """Do as ordered until there are no more orders; the exit status."""
    database, level = sys.argv[1:]
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # Whoever gives orders hears of it, and ends.
    logging.basicConfig(level=int(level), format="%(levelname)s %(name)s: %(message)s")
    gc.set_threshold(COLLECT_AFTER)
    from stream.serve.writer import open_to_write  # noqa: PLC0415 (only in this process)

    with (
        FileIO(0, closefd=False) as orders,
        FileIO(1, "w", closefd=False) as answers,
        open_to_write(Path(database)) as writer,
    ):
        while (received := receive(orders)) is not None:
            error = _done(writer, received[1])
            with suppress(BrokenPipeError):  # Whoever ordered it is gone; it is done all the same.
                send(answers, *((DONE, b"") if error is None else (WRONG, packed(error))))
            if error is not None:
                return FAILED
    return 0


def _done(writer: Writer, order: bytearray) -> Exception | None:
    """What went wrong, with where that was."""
    try:
        writer.do(pickle.loads(order))  # noqa: S301 (from our own process)
    except Exception as error:  # noqa: BLE001 (raised again where it was ordered)
        error.add_note(format_exc())
        return error
    return None


if __name__ == "__main__":
    sys.exit(main())
