"""Rows of ``items``, ``threads`` and ``people`` back into the state that they were told from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from stream.codec.events import decode
from stream.core.edits import Edit
from stream.core.events import OF_PEOPLE, Id, Person
from stream.core.identity import state_community
from stream.core.item import Item, unknown
from stream.core.moments import Happenings, happening, stands
from stream.core.statements import VERBS
from stream.core.thread import NEVER, Observed, silence
from stream.core.when import EPOCH, Time, When, moment, ms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stream.core.fold import Partition
    from stream.core.thread import Stated, Thread


class _Happening(msgspec.Struct, gc=False):
    when: When
    by: Person | None = None
    why: str | None = None
    placed: Time | None = None


class _Edit(msgspec.Struct, gc=False):
    revision: str
    at: Time
    by: Person | None
    changes: tuple[str, ...]
    rollback: bool
    note: str | None
    title: str | None = None
    tags: tuple[str, ...] | None = None
    mentions: tuple[str, ...] = ()
    when: When | None = None


class _Attributed(msgspec.Struct, gc=False):
    by: str
    id: str = ""
    name: str = ""
    evidence: str | None = None


class _Mention(msgspec.Struct, gc=False):
    name: str


class _Item(msgspec.Struct, gc=False):
    community: str
    thread: str
    item: Id
    kind: Literal["question", "answer", "post", "comment"] | None
    on: str | None
    author: Person | None
    attributed: _Attributed | None
    when: When | None
    printed: str | None
    score: int | None
    edits: tuple[_Edit, ...]
    mentions: tuple[_Mention, ...]
    title: str | None = None
    tags: tuple[str, ...] | None = None
    deletions: tuple[_Happening, ...] = ()
    restorations: tuple[_Happening, ...] = ()
    conflict: bool = False
    placed: Time | None = None
    erased: bool = False
    called: tuple[str, ...] | None = None


class _Observed(msgspec.Struct, gc=False):
    id: str
    when: When
    scored: tuple[str, ...]
    views: int | None
    placed: Time | None = None


class _Aliases(msgspec.Struct, gc=False):
    names: tuple[str, ...]
    by: str
    evidence: str | None


class _Stated(msgspec.Struct, gc=False):
    accepted: dict[str, tuple[_Happening, ...]] = {}
    unaccepted: dict[str, tuple[_Happening, ...]] = {}
    closed: tuple[_Happening, ...] = ()
    reopened: tuple[_Happening, ...] = ()
    locked: tuple[_Happening, ...] = ()
    unlocked: tuple[_Happening, ...] = ()
    observed: _Observed | None = None
    aliases: tuple[_Aliases, ...] = ()
    erased: tuple[Person, ...] = ()
    silent_on: tuple[str, ...] | None = None


class _Thread(msgspec.Struct, gc=False):
    community: str
    thread: str
    asked: When | None
    silent_on: tuple[str, ...]
    stated: _Stated | None = None


_item = msgspec.json.Decoder(_Item).decode
_thread = msgspec.json.Decoder(_Thread).decode


def restore(partition: Partition, view: str, key: bytes, value: bytes) -> None:
    """Put one row back; the latest of each key, in any order, then `derived`.

    A row that no worker of ours wrote raises `DecodeError` or ``msgspec.DecodeError``.
    """
    if view == "items":
        row = _item(value)
        thread = partition.thread(row.community, row.thread)
        thread.items[row.item] = _restored_item(thread, row)
    elif view == "threads":
        summary = _thread(value)
        _restore_thread(partition.thread(summary.community, summary.thread), summary)
    elif view == "people":
        event = decode(value, where=f"people, key {key!r}")
        if isinstance(event, OF_PEOPLE):
            state_community(partition.community(event.source), event)


def _restored_item(thread: Thread, row: _Item) -> Item:
    when, on = row.when, row.on
    names = thread.community.calling(_called(row))
    if on is not None and on in thread.items:
        on = thread.items[on].id  # Equal strings are kept once.
    voice = thread.community.voice(row.author)
    if when is not None and when.at is not None and row.kind is not None:
        item = Item(row.item, row.kind, on, voice, ms(when.at))
        item.said = names
        if row.conflict or row.erased:
            item.further.contested, item.further.erased = row.conflict, row.erased
    else:
        item = unknown(row.item)
        item.kind, item.on, item.author = row.kind, on, voice
        if when is not None:
            item.place(moment(when, row.placed or EPOCH))
        more = item.further
        more.contested, more.erased = row.conflict, row.erased
        more.names = None if row.kind is None else names
    item.score = row.score or None  # A 0 follows from what kinds have a score.
    if _has_more(row):
        _restore_more(thread, item, row)
    item.call()
    return item


def _called(row: _Item) -> tuple[str, ...]:
    """Whom an item called when it was created."""
    if row.called is not None:
        return row.called
    return tuple([mention.name for mention in row.mentions]) if row.mentions else ()


def _has_more(row: _Item) -> bool:
    return bool(
        row.edits
        or row.title is not None
        or row.tags
        or row.printed is not None
        or row.deletions
        or row.restorations
        or row.attributed is not None
    )


def _restore_more(thread: Thread, item: Item, row: _Item) -> None:
    more = item.further
    more.title, more.printed = row.title, row.printed
    more.tags = row.tags
    more.edits = {edit.revision: _restored_edit(thread, edit) for edit in row.edits}
    more.deletions = _happenings(thread, row.deletions)
    more.restorations = _happenings(thread, row.restorations)
    more.deleted = stands(more.deletions, more.restorations)
    if row.attributed is not None:
        said = row.attributed
        more.attributed = (said.id, said.name, said.by, said.evidence or "")


def _restored_edit(thread: Thread, row: _Edit) -> Edit:
    at = When(at=row.at) if row.when is None else row.when
    voice = thread.community.voice(row.by)
    names = row.mentions
    place = moment(at, row.at)
    return Edit(
        place, row.revision, voice, row.changes, row.rollback, row.note, row.title, row.tags, names
    )


def _happenings(thread: Thread, rows: tuple[_Happening, ...]) -> Happenings:
    voice = thread.community.voice
    return tuple(
        [happening(moment(row.when, row.placed or EPOCH), voice(row.by), row.why) for row in rows]
    )


def _restore_thread(thread: Thread, row: _Thread) -> None:
    silent: tuple[str, ...] | None = row.silent_on
    if row.asked is None:
        silent = None if row.stated is None else row.stated.silent_on
    if row.stated is None and silent is None:
        return
    stated = thread.statements
    stated.silent = None if silent is None else silence(silent)
    if row.stated is not None:
        _restore_stated(thread, stated, row.stated)


def _restore_stated(thread: Thread, stated: Stated, said: _Stated) -> None:
    """Nothing becomes the nothing that all threads have: most have it in most of this."""
    stated.accepted = _by_item(thread, said.accepted)
    stated.unaccepted = _by_item(thread, said.unaccepted)
    told = {verb: _happenings(thread, getattr(said, verb)) for verb in VERBS}
    stated.happened = {verb: happened for verb, happened in told.items() if happened} or NEVER
    if said.observed is not None:
        seen = said.observed
        place = moment(seen.when, seen.placed or EPOCH)
        stated.observed = Observed(seen.id, place, seen.scored, seen.views)
    if said.aliases:
        aliases = [(one.names, one.by, one.evidence or "") for one in said.aliases]
        stated.aliases = frozenset(aliases)
    if said.erased:
        stated.erased = frozenset([(one.id or "", one.name or "") for one in said.erased])


def _by_item(thread: Thread, said: dict[str, tuple[_Happening, ...]]) -> Mapping[str, Happenings]:
    return {item: _happenings(thread, rows) for item, rows in said.items()} or NEVER
