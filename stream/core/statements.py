"""What is stated after an item's creation, and of threads and people: each joined on its own.

Each function says whether its statement was news.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from stream.core import events as e
from stream.core.community import ONE_EDIT
from stream.core.edits import CHANGES, Edit, joined_edit
from stream.core.firsts import is_first, offer_again
from stream.core.identity import aliased, erased, seen
from stream.core.item import Item, unknown
from stream.core.moments import happening, joined, stands
from stream.core.room import of_names, stranger, with_edit, with_happening, with_removal
from stream.core.sums import SPEAKING, count, leave
from stream.core.thread import Observed
from stream.core.when import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stream.core.item import More
    from stream.core.moments import Happenings
    from stream.core.people import Voice
    from stream.core.thread import Thread

T = TypeVar("T")


def joined_voice(
    thread: Thread, item: Item, held: Voice | None, other: Voice | None
) -> Voice | None:
    """Who both mean: id and name each agreed on."""
    if held is None or other is None or held is other:
        return other if held is None else held
    id_ = item.agreed(held.id, other.id)
    return thread.community.voice(e.Person(id_, item.agreed(held.name, other.name)))


def touch(thread: Thread, id_: str) -> Item:
    """The item of that id, to be told again; known of from here on, if it was not."""
    item = thread.items.get(id_)
    if item is None:
        item = thread.items[id_] = unknown(id_)
        thread.entering.append(item)
    thread.touched[item.id] = item
    return item


def _edited(thread: Thread, event: e.PostEdited | e.CommentEdited) -> bool:
    data = event.data
    changed = data.changes
    edit = Edit(
        moment(data.when, event.time),
        data.revision,
        None,
        tuple([name for name in CHANGES if getattr(changed, name) is not None]),
        data.rollback,
        data.note,
        changed.title,
        changed.tags,
        data.mentions if changed.text is not None else (),
    )
    held = thread.items[data.item].more if data.item in thread.items else None
    known = None if held is None else held.edits.get(data.revision)
    if known is not None and _repeats(thread, known, edit, data.by):
        return False
    taken = None if held is None else with_edit(data.item, held, edit, data.by)
    edit = edit._replace(by=seen(thread, data.by))
    item = touch(thread, data.item)
    if known is None:
        _revise(thread, item, edit)
        item.further.taken = taken if edit.by is not None or data.by is None else None
        return True
    _leave_if_calling(thread, item, known, edit)
    count(thread, item, -1)
    by = joined_voice(thread, item, known.by, edit.by)
    _put(item.further, joined_edit(item, known, edit, by))
    item.further.taken = None
    count(thread, item, 1)
    return True


def _repeats(thread: Thread, known: Edit, edit: Edit, by: e.Person | None) -> bool:
    """Whether ``edit``, by whom ``by`` says, is what is known of its revision."""
    who = stranger(by, thread.hidden)
    return known._replace(by=None) == edit and _who(known.by) == _who(who)


def _who(voice: Voice | None) -> tuple[str | None, str | None]:
    return (None, None) if voice is None else (voice.id, voice.name)


def _revise(thread: Thread, item: Item, edit: Edit) -> None:
    """One more revision: it adds to the sums, whatever is in them of the others."""
    _leave_if_calling(thread, item, edit)
    _put(item.further, edit)
    if item.entered:
        thread.edits += 1
        thread.community.count(edit.moment.at, ONE_EDIT)


def _leave_if_calling(thread: Thread, item: Item, *edits: Edit) -> None:
    """Take its part out where others may be called now; whom, is found when it enters again."""
    if item.kind in SPEAKING and any("text" in edit.changes for edit in edits):
        leave(thread, item)


def _put(more: More, edit: Edit) -> None:
    more.edits = own(more.edits)
    more.edits[edit.revision] = edit


def own(held: Mapping[str, T]) -> dict[str, T]:
    """What is held, to be changed; a dictionary of its own where it was the nothing of all."""
    return held if isinstance(held, dict) else dict(held)


def _removed(thread: Thread, event: e.ItemDeleted | e.ItemRestored) -> bool:
    data, id_ = event.data, event.data.item
    deletes = isinstance(event, e.ItemDeleted)
    place = moment(data.when, event.time)
    held = thread.items[id_].more if id_ in thread.items else None
    before: Happenings = ()
    taken = None
    if held is not None:
        before = held.deletions if deletes else held.restorations
        after = joined(before, happening(place, stranger(data.by, thread.hidden)))
        if after == before:
            return False
        taken = with_removal(id_, held, before, after)
    after = joined(before, happening(place, seen(thread, data.by)))
    item = touch(thread, id_)
    more = item.further
    count(thread, item, -1)
    more.taken = taken
    if deletes:
        more.deletions = after
    else:
        more.restorations = after
    deleted = stands(more.deletions, more.restorations)
    if deleted and not more.deleted:
        thread.stale |= is_first(thread, item)
    back = more.deleted and not deleted
    more.deleted = deleted
    count(thread, item, 1)
    if back:
        offer_again(thread, item)
    return True


def _accepted(thread: Thread, event: e.AnswerAccepted | e.AnswerUnaccepted) -> bool:
    stated, data = thread.statements, event.data
    accepts = isinstance(event, e.AnswerAccepted)
    held = stated.accepted if accepts else stated.unaccepted
    before = held.get(data.item, ())
    after = joined(before, happening(moment(data.when, event.time)))
    if after == before:
        return False
    named = 0 if before else of_names((data.item,))
    stated.taken = with_happening(stated, "acceptances", (before, after), besides=named)
    held = own(held)
    held[data.item] = after
    if accepts:
        stated.accepted = held
    else:
        stated.unaccepted = held
    return True


VERBS: Final = ("closed", "reopened", "locked", "unlocked")
_VERBS: Final[dict[type, str]] = {
    e.ThreadClosed: "closed",
    e.ThreadReopened: "reopened",
    e.ThreadLocked: "locked",
    e.ThreadUnlocked: "unlocked",
}
_TIMES: Final = {
    "closed": "closings",
    "reopened": "reopenings",
    "locked": "lockings",
    "unlocked": "unlockings",
}


def _happened(
    thread: Thread,
    event: e.ThreadClosed | e.ThreadReopened | e.ThreadLocked | e.ThreadUnlocked,
) -> bool:
    data, verb = event.data, _VERBS[type(event)]
    stated, place = thread.statements, moment(data.when, event.time)
    before = stated.happened.get(verb, ())
    after = joined(before, happening(place, stranger(data.by, thread.hidden), data.why))
    if after == before:
        return False
    stated.taken = with_happening(stated, _TIMES[verb], (before, after))
    said = happening(place, seen(thread, data.by), data.why)
    stated.happened = held = own(stated.happened)
    held[verb] = joined(before, said)
    return True


def _observed(thread: Thread, event: e.ThreadObserved) -> bool:
    data, held = event.data, thread.statements.observed
    said = Observed(event.id, moment(data.when, event.time), data.scored, data.views)
    items = [touch(thread, id_) for id_ in data.scores]
    if held is not None and held.version >= said.version:
        return bool(items)
    thread.statements.observed = said
    for item in thread.items.values():
        item.score = None
        thread.touched[item.id] = item
    for item in items:
        item.score = data.scores[item.id] or None
    return True


def _attributed(thread: Thread, event: e.ItemAttributed) -> bool:
    data, person = event.data, event.data.person
    said = (person.id or "", person.name or "", data.by, data.evidence or "")
    item = touch(thread, data.item)
    more = item.further
    if more.attributed == said or seen(thread, person) is None:
        return True
    count(thread, item, -1)
    more.attributed = item.agreed(more.attributed, said)
    count(thread, item, 1)
    return True


def _nothing(thread: Thread, event: e.Event) -> bool:  # noqa: ARG001 - one of STATE
    return False


STATE: Final[dict[type, Callable[[Thread, Any], bool]]] = {
    e.PostEdited: _edited,
    e.CommentEdited: _edited,
    e.ItemDeleted: _removed,
    e.ItemRestored: _removed,
    e.AnswerAccepted: _accepted,
    e.AnswerUnaccepted: _accepted,
    e.ThreadClosed: _happened,
    e.ThreadReopened: _happened,
    e.ThreadLocked: _happened,
    e.ThreadUnlocked: _happened,
    e.ThreadObserved: _observed,
    e.PersonAliased: aliased,
    e.ItemAttributed: _attributed,
    e.PersonErased: erased,
    e.PersonFlagged: _nothing,  # Never of a thread.
    e.ReplayProgressed: _nothing,
    e.ReplayFinished: _nothing,
}
