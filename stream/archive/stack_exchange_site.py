"""What all parts of the reader of dumps share: the site, its people, and how far its time goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from stream.archive.base import Options, Report
from stream.archive.stack_exchange_rows import known, rows, whole
from stream.codec.comments import Author, Thread, author, thread
from stream.core.events import Person

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from stream.archive.opening import File
    from stream.archive.robots import First
    from stream.archive.stack_exchange_rows import Row
    from stream.archive.stack_exchange_scores import Scores
    from stream.archive.stack_exchange_store import Store
    from stream.core.events import Event

PEOPLE_MAX: Final = 50_000  # Kept at hand
NAME_MAX: Final = 1_000  # Letters or bytes of who somebody is; longer ones are not kept at hand.
PLACES_MAX: Final = 50_000  # The same, since what refers to a post comes in runs
THREADS_MAX: Final = 4_000  # The same, of some 500 bytes each


Told: TypeAlias = "Callable[[Site, Row], Iterable[Event]]"


class Place(NamedTuple):
    """Of a post: what it is, and what it belongs to."""

    kind: int
    thread: int


class Site:
    """``files``: by the name of their table, as ``posts``. ``last``: the latest moment read.

    ``robots``: what the site's own account did in the rows that were not told as events.
    ``has_history``: PostHistory has rows; one that is empty tells no more than one that is missing.
    ``scores``: where those of comments go, if not to the store; ``scores_in``: where they are then.
    """

    def __init__(
        self, files: dict[str, File], store: Store, options: Options, report: Report, name: str
    ) -> None:
        self.name = name
        self.files = files
        self.store = store
        self.options = options
        self.report = report
        self.last = 0
        self.robots: First = {}
        self.has_history = False
        self.scores: Scores | None = None
        self.scores_in: Path | None = None
        self._people: dict[tuple[int, str | None], Person] = {}
        self._authors: dict[tuple[str | None, str | None], Author] = {}
        self._places: dict[str, Place | None] = {}
        self._threads: dict[int, Thread] = {}

    @property
    def silent_on(self) -> tuple[str, ...]:
        """What the files that are there cannot tell; Posts itself tells scores and acceptances."""
        return () if self.has_history else ("closed", "deleted", "edited")

    def see(self, at: int) -> int:
        """The archive was captured after that."""
        if at > self.last:  # noqa: PLR1730  (a call of `max` a row is dear)
            self.last = at
        return at

    def read(
        self, table: str, told: Told, *, again: bool = False, after: int = 0
    ) -> Iterator[Event]:
        """What is ``told`` of each row of a table; a row that is not as it should be is a fault.

        ``again``: the faults were reported at the first reading; ``after``: so many were read.
        """
        file = self.files.get(table)
        if file is None:
            return
        options = Options(skip_unreadable=True) if again else self.options
        report = Report() if again else self.report
        for number, row in rows(file, options, report):
            if number > after:
                yield from self.checked(told, row, file.where, number, again=again)

    def checked(
        self, told: Told, row: Row, where: str, number: int, *, again: bool = False
    ) -> Iterator[Event]:
        """What is ``told`` of one row, which may be a fault."""
        try:
            yield from told(self, row)
        except ValueError as error:
            if not again:
                about = f" (Id {row['Id'][:20]})" if "Id" in row else ""
                self.report.fault(where, number, f"{error}{about}", self.options)

    def place(self, row: Row) -> Place | None:
        """That of the post that a row is about, once all posts are in."""
        post = row.get("PostId", "")
        try:
            return self._places[post]
        except KeyError:
            found = self.store.place(known(row, "PostId"))
        if len(self._places) >= PLACES_MAX:
            self._places.clear()
        place = None if found is None else Place(*found)
        self._places[post] = place
        return place

    def thread(self, number: int) -> Thread:
        """What the comments of a thread have in common."""
        try:
            return self._threads[number]
        except KeyError:
            found = thread(self.name, str(number))
        if len(self._threads) >= THREADS_MAX:
            self._threads.clear()
        self._threads[number] = found
        return found

    def author(self, row: Row, id_: str, name: str) -> Author:
        """Who is meant by a row's columns of that name."""
        key = row.get(id_), row.get(name)
        try:
            return self._authors[key]
        except KeyError:
            found = author(self.person(whole(row, id_), key[1]))
        if len(key[1] or "") <= NAME_MAX and len(found.said) <= NAME_MAX:
            if len(self._authors) >= PEOPLE_MAX:
                self._authors.clear()
            self._authors[key] = found
        return found

    def person(self, id_: int | None, name: str | None) -> Person | None:
        """Users has the name; a deleted user has no id, but maybe a name."""
        if id_ is None:
            return Person(name=name) if name else None
        key = id_, name
        try:
            return self._people[key]
        except KeyError:
            found = Person(id=str(id_), name=self.store.name(id_) or name or None)
        if len(name or "") <= NAME_MAX and len(found.name or "") <= NAME_MAX:
            if len(self._people) >= PEOPLE_MAX:
                self._people.clear()
            self._people[key] = found
        return found

    def deleted(self, item: str, author: Person | None) -> None:
        """Count an author whose account is gone."""
        if author is None:
            self.report.odd("deleted-author", f"{item} is by nobody who is known")
        elif author.id is None:
            self.report.odd("deleted-author", f"{item} is by {author.name}, whose account is gone")
