"""What is folded and not under way: how much of that may be, and how it becomes one batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from stream.codec.views import Told
    from stream.process.held import Batch
    from stream.process.job import DeadLetter

WAITING_ROWS_MAX: Final = 5_000  # Dead letters among them. A whole run's rows are more.
WAITING_BYTES_MAX: Final = 16 << 20  # Of both: some are small, and some a thousand times as large.


class Waiting:
    """Batches that follow one another, of one partition."""

    def __init__(self) -> None:
        self.rows = 0
        self.bytes = 0
        self._batches: list[Batch] = []
        self._counted = 0  # of the batches

    def __bool__(self) -> bool:
        return bool(self._batches)

    def add(self, batch: Batch) -> None:
        """Let ``batch`` wait, too; ask before whether it is `full`."""
        self._batches.append(batch)

    @property
    def full(self) -> bool:
        """Whether nothing more is to be added.

        Counted is only what is still there when this is asked: most batches begin at once.
        """
        for batch in self._batches[self._counted :]:
            rows, size = size_of(batch)
            self.rows += rows
            self.bytes += size
        self._counted = len(self._batches)
        return self.rows >= WAITING_ROWS_MAX or self.bytes >= WAITING_BYTES_MAX

    def joined(self) -> Batch:
        """All that wait, as one; there is at least one."""
        first, *others = self._batches
        if not others:
            return first
        rows: Told = {}
        for batch in self._batches:
            for view, changed in batch.rows.items():
                rows.setdefault(view, []).extend(changed)
        dead = [letter for batch in self._batches for letter in batch.dead]
        return others[-1]._replace(rows=rows, dead=dead)


def size_of(batch: Batch) -> tuple[int, int]:
    """How many rows and dead letters a batch has, and their bytes.

    A row's key is not counted where it has a value, which says all that the key says.
    """
    rows, size = len(batch.dead), sum(map(_size_of_letter, batch.dead))
    for changed in batch.rows.values():
        rows += len(changed)
        size += sum([len(value or key) for key, value, _ in changed])
    return rows, size


def _size_of_letter(letter: DeadLetter) -> int:
    record = letter.record
    headers = sum(len(name) + len(value or b"") for name, value in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers + len(letter.problem)
