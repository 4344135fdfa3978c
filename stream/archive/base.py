"""What every reader of archives is given, and what it tells besides events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, runtime_checkable

from stream.errors import RowError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stream.core.events import Event

UNREADABLE_MAX: Final = 1_000  # Kept with their place; further ones are only counted.
EXAMPLE_MAX: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to read.

    ``community``: for archives that state none. ``format``: a reader's name, None to look at the
    file. ``skip_unreadable``: count what cannot be read and go on, instead of stopping there.
    """

    community: str | None = None
    skip_unreadable: bool = False
    format: str | None = None


class Unreadable(NamedTuple):
    """A place of an archive that holds no event, and why."""

    where: str
    problem: str


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something that was read, but is not what one would think."""

    count: int
    example: str


@dataclass(slots=True)
class Report:
    """What came up while reading; filled as the events are taken."""

    formats: list[str] = field(default_factory=list)
    skipped: int = 0
    unreadable: list[Unreadable] = field(default_factory=list)
    oddities: dict[str, Oddity] = field(default_factory=dict)

    @property
    def format(self) -> str:
        """The formats read, in the order of the archives."""
        return ", ".join(dict.fromkeys(self.formats))

    def odd(self, code: str, example: str) -> None:
        """Count one more of ``code``; the first example is kept."""
        known = self.oddities.get(code)
        if known is None:
            self.oddities[code] = Oddity(1, shortened(example))
        else:
            self.oddities[code] = Oddity(known.count + 1, known.example)

    def fault(self, path: Path, row: int, problem: str, options: Options) -> None:
        """Stop at what cannot be read, or count it where that was asked for."""
        if not options.skip_unreadable:
            raise RowError(file=str(path), row=row, problem=problem)
        self.skipped += 1
        if len(self.unreadable) < UNREADABLE_MAX:
            self.unreadable.append(Unreadable(f"{path}, row {row}", problem))


@runtime_checkable
class Reader(Protocol):
    """One format of archives. Entry points of the group ``threadline.archives`` name more."""

    name: str

    def recognises(self, path: Path, head: bytes) -> bool:
        """Whether the file at ``path``, which begins with ``head``, looks like this format."""
        ...

    def read(self, path: Path, options: Options, report: Report) -> Iterator[Event]:
        """Its events, sorted as well as the archive allows; their ids need not be there."""
        ...


def shortened(text: str) -> str:
    """``text`` on one line, its end left out where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= EXAMPLE_MAX else line[: EXAMPLE_MAX - 1] + "…"


def community_of(path: Path, options: Options, stated: str | None = None) -> str:
    """``--community``, else what the archive states, else the file's name without its ending."""
    return options.community or stated or path.stem
