"""What is stated after an item's creation, and of threads and people: each joined on its own.

Each function says whether its statement was news.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stream.core import events as e
from stream.core.firsts import is_first, offer_again
from stream.core.identity import aliased, erased, seen
from stream.core.item import CHANGES, Edit, Item, unknown
from stream.core.moments import happening, joined, stands
from stream.core.people import masked
from stream.core.sums import SPEAKING, count, leave
from stream.core.thread import Observed
from stream.core.when import moment

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream.core.people import Voice
    from stream.core.thread import Thread


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
    by = thread.community.voice(data.by)
    if by is not None and masked(by, thread.hidden):
        by = None
    changed = data.changes
    edit = Edit(
        moment(data.when, event.time),
        data.revision,
        by,
        tuple([name for name in CHANGES if getattr(changed, name) is not None]),
        data.rollback,
        data.note,
        changed.title,
        changed.tags,
        data.mentions if changed.text is not None else (),
    )
    held = thread.items[data.item].more if data.item in thread.items else None
    known = None if held is None else held.edits.get(data.revision)
    if known == edit:
        return False
    item = touch(thread, data.item)
    texts = "text" in edit.changes or (known is not None and "text" in known.changes)
    calls = texts and item.kind in SPEAKING
    if calls:
        leave(thread, item)
    else:
        count(thread, item, -1)
    if known is not None:
        edit = item.joined_edit(known, edit, joined_voice(thread, item, known.by, by))
    more = item.further
    more.edits = {**more.edits, data.revision: edit}
    item.call()
    if not calls:
        count(thread, item, 1)
    return True


def _removed(thread: Thread, event: e.ItemDeleted | e.ItemRestored) -> bool:
    data = event.data
    said = happening(moment(data.when, event.time), seen(thread, data.by))
    item = touch(thread, data.item)
    more = item.further
    deletes = isinstance(event, e.ItemDeleted)
    before = more.deletions if deletes else more.restorations
    after = joined(before, (said,))
    if after == before:
        return False
    count(thread, item, -1)
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
    after = joined(before, (happening(moment(data.when, event.time)),))
    if after == before:
        return False
    held = {**held, data.item: after}
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


def _happened(
    thread: Thread,
    event: e.ThreadClosed | e.ThreadReopened | e.ThreadLocked | e.ThreadUnlocked,
) -> bool:
    data, verb = event.data, _VERBS[type(event)]
    stated = thread.statements
    said = happening(moment(data.when, event.time), seen(thread, data.by), data.why)
    before = stated.happened.get(verb, ())
    after = joined(before, (said,))
    stated.happened = {**stated.happened, verb: after}
    return after != before


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
