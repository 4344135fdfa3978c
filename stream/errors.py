"""Everything that can go wrong, in one tree.

StreamError
├── UsageError           a command, setting or parameter is wrong
│   └── ConfigError      a setting is missing or cannot be read
├── ArchiveError         the archive is not what it says it is
│   └── RowError         one row of it
├── DecodeError          a record of the log is not an event we know
├── NoRoomError          an event states more of an item or thread than a row takes
├── BrokerError          Kafka: away, refusing, or set up differently
└── ServeError           the serve process: away, or answering with a problem
    ├── BusyError        it has as many long answers to make as it takes on
    └── EstimateError    the process that estimates waits ends again and again

An ``except StreamError`` at the top of the command line catches what a person can mend;
anything else is our own mistake and keeps its traceback.
"""

from __future__ import annotations


class StreamError(Exception):
    """Something a person can mend: the message says what, where and what to do.

    It can be pickled, notes and all, whatever its constructor wants: it comes from processes of
    ours, too.
    """

    # Undecorated: what compiles the fold says what it lacks, with the standard library alone.
    def __reduce__(self) -> tuple[object, ...]:  # type: ignore[explicit-override]
        return _again, (type(self), self.args, self.__dict__)


class UsageError(StreamError):
    """A command, setting or parameter is wrong."""


class ConfigError(UsageError):
    """A setting is missing or cannot be read."""


class ArchiveError(StreamError):
    """The archive is not what it says it is."""


class RowError(ArchiveError):
    """One row of the archive cannot be made into an event."""

    def __init__(self, *, file: str, row: int, problem: str) -> None:
        self.file = file
        self.row = row
        self.problem = problem
        super().__init__(f"{file}, row {row}: {problem}; skip it with --skip-unreadable")


class DecodeError(StreamError):
    """A record of the log is not an event we know."""

    def __init__(self, *, where: str, problem: str) -> None:
        self.where = where
        self.problem = problem
        super().__init__(f"{where}: {problem}")


class NoRoomError(StreamError):
    """An event states more of an item or thread than its row takes; it is left out."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(problem)


class BrokerError(StreamError):
    """Kafka is away, refuses, or is set up differently from what we need."""


class ServeError(StreamError):
    """The serve process is away, or answers with a problem."""


class BusyError(ServeError):
    """As many answers are waiting to be made as may; ``again_s``: when to ask again."""

    def __init__(self, waiting: int, *, again_s: int) -> None:
        self.waiting = waiting
        self.again_s = again_s
        super().__init__(f"{waiting} answers that take long are asked for; try in {again_s} s")


class EstimateError(ServeError):
    """The process that estimates waits ended, and so did the next; another question starts one."""


def _again(kind: type[StreamError], args: tuple[object, ...], state: dict[str, object]) -> object:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error
