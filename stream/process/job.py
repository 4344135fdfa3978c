"""What a worker is for: from the records of a partition to the rows of its views.

A worker fetches, restores, commits and gives partitions up the same way whatever it keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stream.codec.views import Told
    from stream.kafka.follow import Record


class Place(NamedTuple):
    """Which partition of how many, of which topic."""

    topic: str
    partition: int
    partitions: int


class DeadLetter(NamedTuple):
    """A record that cannot be folded, and why."""

    record: Record
    problem: str


class Job(Protocol):
    """What is kept of one partition, made by calling its class with the partition's `Place`.

    First comes every row that is there of the views in ``kept_in``, then `restored`, then
    the records in their order, some at a time, and in between `told`.
    """

    kept_in: ClassVar[Sequence[str]]  # The views that hold its state; others follow from it.

    @property
    def watermark(self) -> int | None:
        """The greatest moment that any record has stated, in milliseconds."""

    def restore(self, view: str, key: bytes, value: bytes) -> None:
        """Put one row back: the latest of its key, perhaps after an older one."""

    def restored(self, watermark: int | None) -> Iterator[None]:
        """All rows are back, and nothing of them is to be told again; what else follows from them.

        Others have their turn wherever it stops.
        """

    def fold(self, records: Sequence[Record]) -> list[DeadLetter]:
        """Take ``records`` in; give back those that nobody can read.

        Whatever can be read can be folded: an error here is our own and ends the process.
        """

    def told(self) -> Told:
        """The rows that have changed since the last call, each once, by view."""
