"""What every reader of archives is given, and what it tells besides events."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, runtime_checkable

from stream.archive.fitting import BESIDE_TEXT_MAX, problem
from stream.archive.opening import bare_name
from stream.codec.events import NOWHERE
from stream.codec.events import community_of as community_told
from stream.errors import ArchiveError, RowError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from stream.archive.beside import Beside
    from stream.codec.events import Encoded
    from stream.core.events import Event

UNREADABLE_MAX: Final = 1_000  # Kept with their place; further ones are only counted.
EXAMPLE_MAX: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to read.

    ``community``: for archives that state none. ``format``: a reader's name, None to look at the
    file. ``skip_unreadable``: count what cannot be read and go on, instead of stopping there.
    ``bots``: names or ids of whoever an operator says is a robot, in every community. What is
    compressed may expand to ``expanded_free`` bytes, or to ``expanded_ratio_max`` times its size.
    ``beside``: the process that sorts, where it can read a part of the archive meanwhile.
    """

    community: str | None = None
    skip_unreadable: bool = False
    format: str | None = None
    bots: tuple[str, ...] = ()
    expanded_ratio_max: int = 200
    expanded_free: int = 1 << 30
    beside: Beside | None = field(default=None, compare=False)


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
    """What came up while reading; filled as the events are taken.

    ``events``: how many were read so far; ``ends``: the time of the last of each community, in
    milliseconds.
    """

    formats: list[str] = field(default_factory=list)
    events: int = 0
    ends: dict[str, int] = field(default_factory=dict)
    skipped: int = 0
    unreadable: list[Unreadable] = field(default_factory=list)
    oddities: dict[str, Oddity] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def format(self) -> str:
        """The formats read, in the order of the archives."""
        return ", ".join(dict.fromkeys(self.formats))

    def read(self, events: Iterable[Encoded], options: Options) -> Iterator[Encoded]:
        """``events``, each counted; one that is larger than log or views take is refused."""
        ends, place, end, community = self.ends, NOWHERE, 0, ""
        for event in events:
            if len(event.value) > BESIDE_TEXT_MAX and (wrong := problem(event)):
                item = shortened(f"an item of {(event.key or b'').decode()}")
                self.refuse(item, wrong, options)
                continue
            self.events += 1
            key = event.key or b""
            if not key.startswith(place):
                community = community_told(event)
                end = ends.setdefault(community, event.at)
                place = key[: key.find(b"/") + 1] or NOWHERE  # As the keys of its threads begin
            if event.at > end:
                end = ends[community] = event.at
            yield event

    def odd(self, code: str, example: str) -> None:
        """Count one more of ``code``; the first example is kept."""
        known = self.oddities.get(code)
        if known is None:
            self.oddities[code] = Oddity(1, shortened(example))
        else:
            self.oddities[code] = Oddity(known.count + 1, known.example)

    def join(self, oddities: dict[str, Oddity]) -> None:
        """Count what was counted behind all that is here."""
        for code, odd in oddities.items():
            known = self.oddities.get(code)
            count = odd.count if known is None else known.count + odd.count
            self.oddities[code] = Oddity(count, (known or odd).example)

    def counted(self, what: str, many: int = 1) -> None:
        """So many more of something that only this format has, and that is not odd."""
        self.counts[what] = self.counts.get(what, 0) + many

    def fault(self, path: Path | str, row: int, problem: str, options: Options) -> None:
        """Stop at what cannot be read, or count it where that was asked for."""
        if not options.skip_unreadable:
            raise RowError(file=str(path), row=row, problem=problem)
        self._skip(f"{path}, row {row}", problem)

    def refuse(self, where: str, problem: str, options: Options) -> None:
        """The same for a whole file that is not to be read."""
        if not options.skip_unreadable:
            msg = f"{where} is not read: {problem}; leave it out with --skip-unreadable"
            raise ArchiveError(msg)
        self._skip(where, problem)

    def breaks(self, where: str, options: Options) -> Callable[[str], None] | None:
        """Whom to tell that a packed file can be expanded no further; None: it is the end of it.

        Told once of a file, though it may be opened more than once.
        """
        return partial(self._broken, where) if options.skip_unreadable else None

    def _broken(self, where: str, problem: str) -> None:
        told = Unreadable(where, problem.removeprefix(f"{where} "))
        if told not in self.unreadable:
            self._skip(*told)

    def _skip(self, where: str, problem: str) -> None:
        self.skipped += 1
        if len(self.unreadable) < UNREADABLE_MAX:
            self.unreadable.append(Unreadable(where, problem))


@runtime_checkable
class Reader(Protocol):
    """One format of archives. Entry points of the group ``threadline.archives`` name more.

    ``ordered``: whether `read` gives the events in their order; if not, they are sorted on disk.
    """

    name: str
    ordered: bool

    def recognises(self, path: Path, head: bytes) -> bool:
        """Whether what lies at ``path`` looks like this format.

        ``head``: how it begins, expanded; of a folder or .7z, how the first of its
        `stream.archive.opening.names` does.
        """
        ...

    def read(self, path: Path, options: Options, report: Report) -> Iterator[Event]:
        """Its events; their ids need not be there."""
        ...


def shortened(text: str) -> str:
    """``text`` on one line, its end left out where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= EXAMPLE_MAX else line[: EXAMPLE_MAX - 1] + "…"


def community_of(path: Path, options: Options, stated: str | None = None) -> str:
    """``--community``, else what the archive states, else what the file or folder is called."""
    return options.community or stated or bare_name(path)
