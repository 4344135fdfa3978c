"""An item and whom it answers, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stream.codec.parts import (
    bounds,
    happening,
    person,
    person_of,
    quote,
    quote_id,
    text,
    wait,
    when_happened,
)
from stream.codec.times import stamp
from stream.core.item import OPEN
from stream.core.waits import reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream.core.edits import Edit
    from stream.core.found import Found
    from stream.core.item import Item, More
    from stream.core.thread import Thread

SHOWN_MAX: Final = 128 * 1024  # Characters of a list that repeats what others are called.


def item_row(thread: Thread, item: Item, name: str, made: str) -> bytes:
    """A row of ``items``; ``name`` is its id as JSON, ``made`` what `when` says."""
    if item.more is not None:
        return _rare_row(thread, item, name, made, item.more)
    author, on, stated = item.author, item.on, thread.stated
    shown = "null" if author is None else author.shown or person(author)
    under = "null" if on is None else f'"{on}"' if on.isalnum() else quote(on)
    score = "null" if stated is None or stated.observed is None else _score(thread, item)
    found, mentions, called = item.found, "", ""
    if found:
        mentions = _mention(found[0])
        if len(found) > 1 or len(mentions) > SHOWN_MAX:
            mentions, called = _mentions(item)
    elif item.said:
        called = _called(item)
    return (
        f'{thread.head},"item":{name},"kind":"{item.kind}","on":{under},"author":{shown},'
        f'"attributed":null,"when":{made},"printed":null,"score":{score},"edits":[],'
        f'"deleted":null,"mentions":[{mentions}]{called}}}'
    ).encode()


def _called(item: Item, left_out: int = 0) -> str:
    """Whom it called when it was made, where its mentions do not say so."""
    names = item.names
    if not names and not item.found:
        return ""
    if names is None or (not left_out and names == tuple([found.name for found in item.found])):
        return ""
    return f',"called":{text(names)}'


def _mentions(item: Item) -> tuple[str, str]:
    """Whom it calls, and who was called when it was made, where that does not say so.

    A mention repeats a name and an id that may be long, any number of times: of a list longer
    than `SHOWN_MAX` the end is left out, and how many those are is said.
    """
    shown = _first(map(_mention, item.found), SHOWN_MAX)
    left_out = len(item.found) - len(shown)
    extra = f',"mentions_left_out":{left_out}' if left_out else ""
    return ",".join(shown), _called(item, left_out) + extra


def _first(parts: Iterator[str], most: int) -> list[str]:
    """The first of them, as many as come to no more than ``most`` characters."""
    shown: list[str] = []
    for part in parts:
        most -= len(part) + 1
        if most < 0:
            break
        shown.append(part)
    return shown


def _rare_row(thread: Thread, item: Item, name: str, made: str, more: More) -> bytes:
    """The same of an item that is not plain."""
    kind = "null" if item.kind is None else f'"{item.kind}"'
    on = "null" if item.on is None else quote_id(item.on)
    printed = "null" if more.printed is None else text(more.printed)
    deleted = when_happened(more.deletions[-1]) if more.deleted else "null"
    edits = ",".join([_edit(more.edits[key]) for key in ordered(more)]) if more.edits else ""
    mentions, called = _mentions(item)
    extras = _more(more)
    if more.contested:
        extras += ',"conflict":true'
    if more.mode == OPEN and item.kind is not None:
        extras += f',"placed":"{stamp(item.at)}"'
    if more.erased:
        extras += ',"erased":true'
    return (
        f'{thread.head},"item":{name},"kind":{kind},"on":{on},"author":{person(item.author)},'
        f'"attributed":{_attributed(more)},"when":{made},"printed":{printed},'
        f'"score":{_score(thread, item)},"edits":[{edits}],"deleted":{deleted},'
        f'"mentions":[{mentions}]{extras}{called}}}'
    ).encode()


def ordered(more: More) -> list[str]:
    """The revisions' ids in order of time."""
    return sorted(more.edits, key=lambda key: (more.edits[key].moment.at, key))


def _score(thread: Thread, item: Item) -> str:
    if item.score is not None:
        return str(item.score)
    observed = thread.stated.observed if thread.stated is not None else None
    return "0" if observed is not None and item.kind in observed.scored else "null"


def _attributed(more: More) -> str:
    if more.attributed is None:
        return "null"
    id_, name, by, evidence = more.attributed
    who = person_of(id_, name)[1:-1]
    return f'{{{who},"by":{text(by)},"evidence":{text(evidence or None)}}}'


def _edit(edit: Edit) -> str:
    moment = edit.moment
    extras = "" if edit.title is None else f',"title":{text(edit.title)}'
    if edit.tags is not None:
        extras += f',"tags":{text(edit.tags)}'
    if edit.names:
        extras += f',"mentions":{text(edit.names)}'
    if not moment.exact:
        extras += f',"when":{bounds(moment.after, moment.at, is_open=moment.open)}'
    return (
        f'{{"revision":{text(edit.revision)},"at":"{stamp(moment.at)}","by":{person(edit.by)},'
        f'"changes":{text(edit.changes)},"rollback":{"true" if edit.rollback else "false"},'
        f'"note":{text(edit.note)}{extras}}}'
    )


def _more(more: More) -> str:
    """Facts that few items have, and that a worker needs to go on."""
    extras = ""
    if more.title is not None and not more.erased:
        extras += f',"title":{text(more.title)}'
    if more.tags is not None:
        extras += f',"tags":{text(more.tags)}'
    for name, happened in (("deletions", more.deletions), ("restorations", more.restorations)):
        if happened:
            rows = ",".join([happening(one) for one in happened])
            extras += f',"{name}":[{rows}]'
    return extras


def _mention(found: Found) -> str:
    to, who = found.to, found.person
    item = "null" if to is None else quote_id(to.id)
    shown = "null" if who is None else who.shown or person(who)
    return f'{{"name":{quote(found.name)},"how":"{found.how}","person":{shown},"item":{item}}}'


def reply_row(thread: Thread, item: Item, name: str, made: str) -> bytes:
    """A row of ``replies``: whom an item answers, by each policy; else as `item_row`."""
    explicit = unsaid = ""
    said, found = item.unsaid, item.found
    if said is not None:
        unsaid = _target(said, said.to, item)
        if said.how == "explicit":
            explicit = unsaid
    latest = addressed = explicit
    if said is None and len(found) == 1:  # Most of the time.
        one = found[0]
        latest = addressed = _target(one, one.to, item)
        if one.better is not one.to:
            addressed = _target(one, one.better, item)
    elif found and not explicit:
        latest = addressed = _targets([(one, one.to) for one in found if one.to], item)
        if [one for one in found if one.better is not one.to]:
            addressed = _targets([(one, one.better) for one in found if one.to], item)
    return (
        f'{thread.head},"item":{name},"author":{person(item.author)},"when":{made},'
        f'"replies_to":{{"explicit":[{explicit}],"mention-latest":[{latest}],'
        f'"mention-addressed":[{addressed}],"implicit":[{latest or unsaid}]}}}}'
    ).encode()


def _targets(found: list[tuple[Found, Item | None]], item: Item) -> str:
    """Whom it answers; as of mentions, the end is left out where it is long."""
    if len(found) == 1:
        return _target(*found[0], item)
    return ",".join(_first((_target(one, to, item) for one, to in found), SHOWN_MAX))


def _target(found: Found, to: Item | None, item: Item) -> str:
    if to is None:
        return ""
    if item.more is None and to.more is None:
        waited = f'{{"status":"observed","ms":{item.at - to.at}}}'
    else:
        waited = wait(reply(to, item))
    who = to.author
    shown = "null" if who is None else who.shown or person(who)
    return f'{{"item":{quote_id(to.id)},"person":{shown},"how":"{found.how}","wait":{waited}}}'
