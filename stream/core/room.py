"""How much may be stated of one item, or of one thread: a row shows all of it, and has an end.

What is measured follows from what is held and from nothing else, so that a worker which was
restored refuses what one that never stopped refuses.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stream.core.people import Voice, masked
from stream.errors import NoRoomError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from stream.core.edits import Edit
    from stream.core.events import Person
    from stream.core.item import More
    from stream.core.moments import Happening, Happenings
    from stream.core.thread import Stated

KEPT_MAX: Final = 4 << 20  # Bytes of a row of 8 MiB; the rest is for what there is one of.
TIMES_MAX: Final = 1_000  # That one thing happened, such as an item's deletion
AROUND_EDIT: Final = 256  # Bytes of a row around what an edit says: names of fields, times.
AROUND_HAPPENING: Final = 160
AROUND_NAMES: Final = 64
_ESCAPED: Final = re.compile(r'[\x00-\x1f"\\]')
_ESCAPE: Final = 5  # Bytes that one of them takes besides its own, at most.


def size(text: str | None) -> int:
    """At least the bytes of ``text`` as JSON, with a comma."""
    if text is None:
        return 0
    plain = len(text) if text.isascii() else len(text.encode())
    return plain + 3 + _ESCAPE * len(_ESCAPED.findall(text))


def of_edit(edit: Edit) -> int:
    """The room that a revision takes; its editor's is counted by `of_person`."""
    taken = AROUND_EDIT + size(edit.revision) + size(edit.note) + size(edit.title)
    if edit.by is not None:
        taken += of_person(edit.by.id, edit.by.name)
    for text in (*(edit.tags or ()), *edit.names):
        taken += size(text)
    return taken


def of_person(id_: str | None, name: str | None) -> int:
    """The room that somebody takes; of an id or name that is empty, none is shown."""
    return (size(id_) if id_ else 0) + (size(name) if name else 0)


def of_happening(one: Happening) -> int:
    """The room that a deletion, a closing or an acceptance takes."""
    who = one.who
    return AROUND_HAPPENING + size(one.why) + (0 if who is None else of_person(who.id, who.name))


def of_names(names: Iterable[str]) -> int:
    """The room that names of one person take."""
    return AROUND_NAMES + sum([size(name) for name in names])


def of_item(more: More) -> int:
    """The room that all statements on an item take of which there may be many."""
    if more.taken is None:
        more.taken = (
            sum(map(of_edit, more.edits.values()))
            + _of_all(more.deletions)
            + _of_all(more.restorations)
        )
    return more.taken


def of_thread(stated: Stated) -> int:
    """The same of those on a thread as a whole."""
    if stated.taken is None:
        by_item = (*stated.accepted.items(), *stated.unaccepted.items())
        stated.taken = (
            sum([of_names((item,)) + _of_all(happened) for item, happened in by_item])
            + sum(map(_of_all, stated.happened.values()))
            + sum([of_names((*names, by, why)) for names, by, why in stated.aliases])
            + sum(map(of_names, stated.erased))
        )
    return stated.taken


def with_edit(id_: str, more: More, edit: Edit, by: Person | None) -> int:
    """The room taken after one more statement of a revision; `NoRoomError` where there is none.

    ``edit`` names no editor yet: that is ``by``.
    """
    taken = of_item(more) + of_edit(edit)
    if by is not None:
        taken += of_person(by.id, by.name)
    if taken > KEPT_MAX:
        raise NoRoomError(_full(f"the item `{id_}`", "edits"))
    return taken


def with_removal(id_: str, more: More, before: Happenings, after: Happenings) -> int:
    """The same for a deletion or restoration, which makes ``after`` of those ``before``."""
    if len(after) > TIMES_MAX:
        raise NoRoomError(_often(f"the item `{id_}`", "deletions or restorations"))
    taken = of_item(more) + _growth(before, after)
    if taken > KEPT_MAX:
        raise NoRoomError(_full(f"the item `{id_}`", "deletions or restorations"))
    return taken


def with_happening(
    stated: Stated, what: str, change: tuple[Happenings, Happenings], besides: int = 0
) -> int:
    """The same for what happened to a thread; ``what``: in words, ``change``: before and after."""
    before, after = change
    if len(after) > TIMES_MAX:
        raise NoRoomError(_often("the thread", what))
    return with_more(stated, what, _growth(before, after) + besides)


def with_more(stated: Stated, what: str, more: int) -> int:
    """The same for whatever takes so much ``more`` of a thread's room."""
    taken = of_thread(stated) + more
    if taken > KEPT_MAX:
        raise NoRoomError(_full("the thread", what))
    return taken


def stranger(person: Person | None, hidden: frozenset[str]) -> Voice | None:
    """Who it is, but not known from here on: what is refused must leave no trace."""
    if person is None or not (person.id or person.name):
        return None
    voice = Voice(person.id or None, person.name or None)
    return None if masked(voice, hidden) else voice


def _of_all(happened: Collection[Happening]) -> int:
    return sum([of_happening(one) for one in happened])


def _growth(before: Happenings, after: Happenings) -> int:
    """By how much ``after`` takes more; most of both are the same, and are not measured again."""
    same = {id(one) for one in before} & {id(one) for one in after}
    come = sum([of_happening(one) for one in after if id(one) not in same])
    return come - sum([of_happening(one) for one in before if id(one) not in same])


def _full(what: str, of: str) -> str:
    return (
        f"{what} has no room for more {of}: what is stated of it has come to the"
        f" {KEPT_MAX:,} bytes that its row takes; shorten titles, notes or names in the archive,"
        " or leave some out"
    )


def _often(what: str, of: str) -> str:
    return f"{what} has {TIMES_MAX:,} {of} at different times, the most that its row takes"
