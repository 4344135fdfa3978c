"""PostHistory of a dump from its lines to packed events: nearly all begin a post, or edit it.

As `stream.archive.stack_exchange_comments`: a row about which anything is unusual, and a revision
of which any row is, is told as `stream.archive.stack_exchange_history.History` tells it.
"""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final

import orjson

from stream.archive.robots import MARKED
from stream.archive.stack_exchange_lines import DIGITS_MAX, plain, row, rows
from stream.archive.stack_exchange_moments import written
from stream.archive.stack_exchange_revision import BODY, EDITS, FIRST, ROLLBACKS
from stream.archive.stack_exchange_rows import tags, words
from stream.archive.stack_exchange_site import NAME_MAX
from stream.archive.stack_exchange_tables import ANSWER, QUESTION
from stream.archive.stack_exchange_waiting import Line
from stream.archive.stack_exchange_xml import Unusual
from stream.codec import posts
from stream.codec.framing import identified
from stream.codec.packing import record
from stream.codec.times import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from typing_extensions import Generator

    from stream.archive.beside import Beside
    from stream.archive.opening import File
    from stream.archive.stack_exchange_history import History
    from stream.archive.stack_exchange_lines import Values
    from stream.archive.stack_exchange_waiting import Entries
    from stream.core.events import Event

TOGETHER: Final = 50  # As of comments, they and what is read at a time stay in
CHUNK: Final = 64 * 1024  # the processor's cache.
LONG: Final = 16 * 1024  # Letters of all that a revision says: no event of it is large.
AUTHORS_MAX: Final = 20_000  # Kept at hand, and the same of owners of posts

_ROOT: Final = "posthistory"
_COLUMNS: Final = (
    "PostHistoryTypeId",
    "PostId",
    "RevisionGUID",
    "CreationDate",
    "UserId",
    "UserDisplayName",
    "Comment",
    "Text",
)
_TYPES: Final = {str(type_).encode(): type_ for type_ in range(1, 100)}
_ZERO, _AMPERSAND, _BACKSLASH = b"0&\\"  # Numbers, as `stack_exchange_lines` has them.
_EMPTY: Final = b'=""'  # A column that is there is not the same as one that is not.

_Lines = dict[int, Line]


class ByLines:
    """What a file of it tells; ``beside`` keeps what is packed already."""

    def __init__(self, history: History, beside: Beside, file: File) -> None:
        self._history, self._beside, self._file = history, beside, file
        self._site, self._store = history.site, history.site.store
        self._records: list[bytes] = []
        self._authors: dict[tuple[bytes, bytes], bytes] = {}  # Of rows, and of posts:
        self._owners: dict[tuple[int, str | None], bytes | None] = {}

    def told(self) -> Generator[Event, None, int | None]:
        """The events of what is unusual.

        Then how many rows are done with, where what follows is not surely what an XML parser would
        find; None where they all are.
        """
        taken = 0
        try:
            with self._file.open() as source:
                lines = rows(iter(partial(source.read, CHUNK), b""), _ROOT, _COLUMNS)
                while some := list(islice(lines, TOGETHER)):
                    yield from self._of_lines(some, taken + 1)
                    self._keep()
                    taken += len(some)
        except Unusual:
            return taken
        yield from self._due(self._history.waiting.rest())
        self._keep()
        return None

    def _keep(self) -> None:
        self._beside.keep(self._records, self._site.name)
        self._records = []

    def _of_lines(self, lines: list[Values], first: int) -> Iterator[Event]:
        history, authors, newest = self._history, self._authors, 0
        for number, one in enumerate(lines, first):
            line, kind, id_, guid, created, user, name, comment, text = one
            type_, at = _TYPES.get(kind), written(created)
            if (
                (type_ is None or at is None or not guid or line.find(_EMPTY) >= 0)
                or (not id_.isdigit() or id_[0] == _ZERO or len(id_) > DIGITS_MAX)
                or ((user, name) not in authors and not self._knows(user, name))
            ):
                yield from self._unusual(line, number)
                continue
            said: bytes | str = plain(text) if _AMPERSAND in text else text
            letters = len(said) if said.isascii() or isinstance(said, str) else len(said.decode())
            known, post = plain(guid), int(id_)
            entry = type_, letters, Line(known, created, at, user, name, comment, said)
            if at > newest:  # noqa: PLR1730  (a call of `max` a row is dear)
                newest = at
            self._site.has_history = True
            history.rows += 1
            if history.waiting.put(known, post, entry):
                yield from self._due(history.waiting.due())
        self._site.see(newest)

    def _unusual(self, line: bytes, number: int) -> Iterator[Event]:
        yield from self._site.checked(self._history.add, row(line), self._file.where, number)

    def _knows(self, user: bytes, name: bytes) -> bool:
        """Whether it is usual for him to have done something; then it is known how he is said."""
        if len(name) > NAME_MAX:
            return False
        columns = {"UserId": plain(user), "UserDisplayName": plain(name)}
        try:
            found = self._site.author({k: v for k, v in columns.items() if v}, *columns).person
        except ValueError:
            return False
        said = posts.person(found, b"by")
        if (found is not None and found.id == MARKED) or len(said) > NAME_MAX:
            return False
        if len(self._authors) >= AUTHORS_MAX:
            self._authors.clear()
        self._authors[user, name] = said
        return True

    def _due(self, revisions: Iterable[tuple[int, Entries]]) -> Iterator[Event]:
        for post, entries in revisions:
            packed = self._packed(post, entries)
            if packed is None:
                yield from self._history.told(post, entries)
            else:
                self._history.revisions += 1
                self._records.append(packed)

    def _packed(self, post: int, entries: Entries) -> bytes | None:
        """What a revision tells; None where anything about it is unusual."""
        revision: _Lines = {}
        said = 0
        for type_, letters, line in entries:
            if not isinstance(line, Line):
                return None
            revision.setdefault(type_, line)  # Of one type twice, the first
            said += letters + len(line.comment)
        if said > LONG:
            return None
        if BODY in revision and revision.keys() <= FIRST:
            return self._begun(post, revision)
        if revision.keys() <= EDITS:
            return self._edited(post, revision)
        return None

    def _begun(self, id_: int, revision: _Lines) -> bytes | None:
        post = self._store.next_post(id_)
        if post is None or post.told or post.kind not in (QUESTION, ANSWER):
            return None
        author = self._owner(post.owner, post.owner_name)
        titled, tagged = post.title or "", post.tags or ""
        if author is None or len(titled) + len(tagged) > LONG:
            return None
        about, item, time = str(post.thread), b'"%d"' % id_, stamp(post.at).encode()
        text = _json(revision[BODY].text)
        if post.kind == ANSWER:
            data = posts.answer(author, item, orjson.dumps(about), text, time)
        else:
            first, about = revision.get(3), str(id_)
            listed = posts.listed(tags(tagged if first is None else _str(first.text)))
            first = revision.get(1)
            title = orjson.dumps(titled) if first is None else _json(first.text)
            silent_on = orjson.dumps(self._site.silent_on)
            data = posts.question(author, item, silent_on, listed, text, title, time)
        self._store.tell(id_)
        around = posts.begun(self._site.name, about)
        event, value = identified(around, time, data)
        return record(post.at, around.rank, event, around.key, value)

    def _owner(self, id_: int | None, name: str | None) -> bytes | None:
        """The author of a post, as said; None where it is nobody, or the site's own account."""
        if id_ is None or len(name or "") > NAME_MAX:
            return None
        try:
            return self._owners[id_, name]
        except KeyError:
            found = self._site.person(id_, name)
        said = None if found is None or found.id == MARKED else posts.person(found, b"author")
        if len(self._owners) >= AUTHORS_MAX:
            self._owners.clear()
        self._owners[id_, name] = said if said is None or len(said) <= NAME_MAX else None
        return self._owners[id_, name]

    def _edited(self, id_: int, revision: _Lines) -> bytes | None:
        site = self._site
        place = site.place({"PostId": str(id_)})
        if place is None or place.kind not in (QUESTION, ANSWER):
            return None
        lines = [revision[type_] for type_ in sorted(revision)]
        guid, created, at = lines[0].guid, lines[0].created, lines[0].at
        by = [self._authors.get((line.user, line.name)) for line in lines]
        if None in by:  # So many others came between that it is known no more.
            return None
        title, text, tagged = (revision.get(n) or revision.get(n + 3) for n in (4, 5, 6))
        note = next((line.comment for line in lines if line.comment), None)
        self._store.mark(id_, "edited", at)
        time = created + b"Z"
        data = posts.edit(
            next(filter(None, by), b""),
            b'"%d"' % id_,
            None if note is None else orjson.dumps(words(plain(note))),
            orjson.dumps(self._history.in_turn(id_, at, guid)),
            None if tagged is None else posts.listed(tags(_str(tagged.text))),
            None if text is None else _json(text.text),
            None if title is None else _json(title.text),
            time,
            rollback=any(type_ in revision for type_ in ROLLBACKS),
        )
        around = posts.changed(site.name, str(place.thread))
        event, value = identified(around, time, data)
        return record(at, around.rank, event, around.key, value)


def _json(said: bytes | str) -> bytes:
    """A text of a `Line` as JSON."""
    if isinstance(said, str):
        return orjson.dumps(words(said))
    return orjson.dumps(said.decode()) if _BACKSLASH in said else b'"%b"' % said


def _str(said: bytes | str) -> str:
    return said if isinstance(said, str) else said.decode()
