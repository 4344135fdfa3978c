"""The comments of a dump, read by two processes: each takes stretches that the other has not.

They can be, once posts are in: what one comment tells depends on no other. But for faults, their
numbering and comments that are there twice; whatever is not as it should be leaves the comments to
be read one after the other, and what was told of them so far is dropped.
"""

from __future__ import annotations

import sqlite3
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from stream.archive.base import Options, Report
from stream.archive.beside import Found
from stream.archive.expanding import is_compressed
from stream.archive.robots import First, join, watch
from stream.archive.stack_exchange_posts import commented
from stream.archive.stack_exchange_site import Site
from stream.archive.stack_exchange_store import opened_facts
from stream.archive.stack_exchange_xml import Stretches, Unusual
from stream.core.when import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stream.core.events import Event

STEP: Final = 4 * 1024 * 1024  # Bytes of a stretch
STRETCHES: Final = range(3, 10_001)  # With fewer, nobody need share; with more, they grow.

_FACTS: Final = "facts-first", "facts-second"


class SharedComments:
    """The reader's side: what is left to be done where nothing is shared is nothing."""

    def __init__(self, site: Site, step: int) -> None:
        self._site = site
        self._part = _part(site, step)
        self.robots: First = {}

    def begin(self) -> None:
        """Users and posts are in: the comments may be read."""
        beside = self._site.options.beside
        if beside is not None and self._part is not None:
            self._site.store.share(_shared(beside.start()))
            beside.begin(self._part)

    def finish(self) -> bool:
        """Whether they have been told, as if they had been read here and now."""
        site, beside = self._site, self._site.options.beside
        if beside is None or self._part is None:
            return False
        found = beside.finish()
        if found is None:
            return False
        folder = beside.start()
        if not all(site.store.take_comments(folder / name) for name in _FACTS):
            site.store.drop_comments()
            return False
        for one in sorted(found, key=attrgetter("number")):
            site.see(one.last)
            site.report.join(one.oddities)
            join(self.robots, one.robots)
        beside.keep()
        return True


class Comments(msgspec.Struct, frozen=True):
    """``name``: of the community; the others are those of `Stretches`."""

    name: str
    path: str
    size: int
    step: int

    def share(self, folder: Path, *, second: bool) -> _Share:
        return _Share(self, folder, second=second)


class _Share:
    """Of the first process from the end, of the second from the start: so they meet."""

    def __init__(self, part: Comments, folder: Path, *, second: bool) -> None:
        self.found: list[Found] = []
        self._name, self._folder, self._second = part.name, folder, second
        self._stretches = Stretches(Path(part.path), "comments", part.size, part.step)

    @property
    def refused(self) -> bool:
        return _refused(self._folder).exists()

    def events(self) -> Iterator[Event]:
        try:
            with opened_facts(_shared(self._folder), self._folder / _FACTS[self._second]) as store:
                site = Site({}, store, Options(), Report(), self._name)
                numbers = range(self._stretches.count)
                for number in self._claimed(numbers if self._second else reversed(numbers)):
                    site.report, site.last, robots = Report(), EPOCH, First()
                    for row in self._stretches.rows(number):
                        for event in commented(site, row):
                            yield event
                            watch(event, robots)
                    self.found.append(Found(number, site.last, site.report.oddities, robots))
        except (Unusual, ValueError, OSError, sqlite3.Error):
            _refused(self._folder).touch()

    def _claimed(self, numbers: Iterable[int]) -> Iterator[int]:
        """Those that the other has not claimed, up to the first that it has."""
        for number in numbers:
            if self.refused:
                return
            try:
                (self._folder / f"stretch-{number}").touch(exist_ok=False)
            except FileExistsError:
                return
            yield number


def _part(site: Site, step: int) -> Comments | None:
    """None where the comments are few, or packed."""
    file = site.files.get("comments")
    if site.options.beside is None or file is None:
        return None
    try:
        with file.path.open("rb") as source:
            start, size = source.read(4), file.path.stat().st_size
    except OSError:
        return None
    if is_compressed(start) or size < step * STRETCHES.start:
        return None
    site.options.beside.start()  # It takes a while, in which users and posts are read.
    return Comments(site.name, str(file.path), size, max(step, size // STRETCHES.stop))


def _shared(folder: Path) -> Path:
    return folder / "shared"


def _refused(folder: Path) -> Path:
    return folder / "refused"
