"""Tables of a dump, read by two processes: each takes stretches that the other has not.

What a row of these tables tells depends on no other row of it. But for faults, their numbering, and
ids that are there twice, or that do not grow, of comments: whatever is not as it should be leaves
the table to be read from its first row to its last by one, and what was told of it is dropped.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from copy import copy
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from stream.archive.base import Options, Report
from stream.archive.beside import Found
from stream.archive.expanding import is_compressed
from stream.archive.robots import First, join
from stream.archive.stack_exchange_comments import Comments
from stream.archive.stack_exchange_facts import opened_facts
from stream.archive.stack_exchange_posts import (
    DOUBLED,
    commented,
    keep,
    voted,
)
from stream.archive.stack_exchange_scores import Scores, growing, scores_in
from stream.archive.stack_exchange_site import Site
from stream.archive.stack_exchange_xml import Stretches, Unusual

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from stream.archive.stack_exchange_rows import Row
    from stream.core.events import Event

STEP: Final = 2 * 1024 * 1024  # Bytes of a stretch
STRETCHES: Final = range(4, 10_000)  # Fewer are not shared; where there were more, they grow.

Table = Literal["posts", "comments", "votes"]
_TOLD: Final[dict[Table, Callable[[Site, Row], Iterable[Event]]]] = {
    "posts": keep,
    "comments": commented,
    "votes": voted,
}
_KNOWN: Final = "known"  # The file by which the second process knows users and posts


class Shared:
    """What the reader of a dump shares; ``robots``: what the site's robot did in that."""

    def __init__(self, site: Site, step: int) -> None:
        self.robots: First = {}
        self._site = site
        parts = [_part(site, table, step) for table in _TOLD]
        self._parts = {part.table: part for part in parts if part is not None}

    def begin(self, table: Table) -> None:
        """Whatever its rows refer to is in the store: the other process may begin to read it."""
        beside, part = self._site.options.beside, self._parts.get(table)
        if beside is None or part is None:
            return
        known = beside.start() / _KNOWN
        if table != "posts" and not known.exists():
            self._site.store.tell_posts(known)
        beside.begin(part)

    def finish(self, table: Table) -> Iterator[Event]:
        """Read what is left of it; the events that nobody else is told."""
        site, part = self._site, self._parts.get(table)
        beside = site.options.beside
        if beside is None or part is None:
            yield from site.read(table, _TOLD[table])
            return
        folder = beside.start()
        share = Share(part, folder, copy(site))
        if not beside.finish(share, lambda found: self._taken(part, folder, found)):
            if table != "comments":  # Of these nothing is in the store yet.
                site.store.drop(table)
            yield from site.read(table, _TOLD[table])

    def _taken(self, part: Rows, folder: Path, found: list[Found]) -> bool:
        """Whether what both have read of it goes together; then it counts."""
        site, found = self._site, sorted(found, key=attrgetter("number"))
        if part.table == "comments":
            if not growing(found):
                return False
            site.scores_in = scores_in(folder)
        elif not site.store.take(part.table, part.facts(folder)):
            return False
        for one in found:
            site.see(one.last)
            site.report.join(one.oddities)
            join(self.robots, one.robots)
        return True


class Rows(msgspec.Struct, frozen=True):
    """The rows of a table as a `stream.archive.beside.Part`.

    ``name``: of the community; the others are those of `Stretches`.
    """

    table: Table
    name: str
    path: str
    size: int
    step: int

    def stretches(self) -> Stretches:
        return Stretches(Path(self.path), self.table, self.size, self.step)

    def share(self, folder: Path) -> Share:
        return Share(self, folder)

    def facts(self, folder: Path) -> Path:
        """Where the second process leaves what is to be put into the first one's store."""
        return folder / f"{self.table}-facts"


class Share:
    """The first process goes from the start, with its own ``site``, the other from the end."""

    def __init__(self, part: Rows, folder: Path, site: Site | None = None) -> None:
        self.found: list[Found] = []
        self.community = part.name
        self._part, self._folder, self._site = part, folder, site

    @property
    def refused(self) -> bool:
        return self._refused.exists()

    def records(self) -> Iterator[list[bytes]]:
        try:
            with self._opened() as site:
                table, stretches = self._part.table, self._part.stretches()
                if table == "comments":
                    scores = Scores(self._folder, "second" if self._site is None else "first")
                    told = Comments(site, scores).told
                else:
                    scores, told = None, partial(_kept, site, table)
                for number in self._claimed(range(stretches.count)):
                    yield from self._told(site, number, told(stretches, number))
                if scores is not None:
                    scores.leave()
        except (Unusual, ValueError, OSError, sqlite3.Error):
            self._refused.touch()

    def _told(
        self, site: Site, number: int, records: Iterator[list[bytes]]
    ) -> Iterator[list[bytes]]:
        site.report, site.last, site.robots = Report(), 0, {}
        scores = site.scores
        if scores is not None:
            scores.begin()
        yield from records
        if DOUBLED in site.report.oddities:
            raise Unusual
        found = Found(number, site.last, site.report.oddities, site.robots)
        if scores is not None and scores.first is not None:
            found.ids = scores.first, scores.newest
        self.found.append(found)

    @contextmanager
    def _opened(self) -> Iterator[Site]:
        if self._site is not None:
            yield self._site
            return
        part, known = self._part, self._folder / _KNOWN
        with opened_facts(part.table, part.facts(self._folder), known) as store:
            yield Site({}, store, Options(), Report(), part.name)

    def _claimed(self, numbers: range) -> Iterator[int]:
        """Those that the other has not claimed, up to the first that it has."""
        for number in numbers if self._site is not None else reversed(numbers):
            if self.refused:
                return
            try:
                (self._folder / f"{self._part.table}-{number}").touch(exist_ok=False)
            except FileExistsError:
                return
            yield number

    @property
    def _refused(self) -> Path:
        return self._folder / f"{self._part.table}-refused"


def _kept(site: Site, table: Table, stretches: Stretches, number: int) -> Iterator[list[bytes]]:
    """Keep what the rows of a stretch say; none of these tables has an event of its own."""
    for row in stretches.rows(number):
        for _ in _TOLD[table](site, row):
            raise Unusual
    yield []


def _part(site: Site, table: Table, step: int) -> Rows | None:
    """None where the rows are few, or packed."""
    file = site.files.get(table)
    if site.options.beside is None or file is None:
        return None
    try:
        with file.path.open("rb") as source:
            start, size = source.read(4), file.path.stat().st_size
    except OSError:
        return None
    if is_compressed(start) or size < step * STRETCHES.start:
        return None
    return Rows(table, site.name, str(file.path), size, max(step, size // STRETCHES.stop))
