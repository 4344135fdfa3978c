"""An item and whom it answers, as JSON."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import orjson

from stream.codec.times import stamp, stamp_again
from stream.core.item import EXACT, OPEN
from stream.core.waits import reply
from stream.core.when import LONG_AGO

if TYPE_CHECKING:
    from stream.core.found import Found
    from stream.core.item import Edit, Item, More
    from stream.core.moments import Happening
    from stream.core.people import Voice
    from stream.core.thread import Thread
    from stream.core.wait import Wait


def text(value: object) -> str:
    """Any plain value as JSON."""
    return orjson.dumps(value).decode()


@lru_cache(maxsize=65_536)
def quote(value: str) -> str:
    """A short string that comes again, such as a name, as JSON."""
    return orjson.dumps(value).decode()


def quote_id(id_: str) -> str:
    """An id as JSON: many are numbers that never come again, in which nothing is to be escaped."""
    return f'"{id_}"' if id_.isalnum() else quote(id_)


def person(voice: Voice | None) -> str:
    """A person; null where nobody is known."""
    if voice is None:
        return "null"
    if not voice.shown:
        voice.shown = person_of(voice.id, voice.name)
    return voice.shown


def person_of(id_: str | None, name: str | None) -> str:
    """A person of that id and name, either of which may be missing."""
    return text({k: v for k, v in (("id", id_), ("name", name)) if v})


def bounds(after: int, at: int, *, is_open: bool) -> str:
    """A moment of which only bounds are known."""
    lower = "null" if after == LONG_AGO else f'"{stamp(after)}"'
    upper = "null" if is_open else f'"{stamp(at)}"'
    return f'{{"after":{lower},"by":{upper}}}'


def when(item: Item) -> str:
    """When an item was made; null while only what refers to it has been read."""
    more = item.more
    if more is None or more.mode == EXACT:
        return f'{{"at":"{stamp(item.at)}"}}'
    if item.kind is None:
        return "null"
    return bounds(more.after, item.at, is_open=more.mode == OPEN)


def when_again(item: Item) -> str:
    """The same of one that other things are said of in a row, as the first post of a thread."""
    return when(item) if item.mode != EXACT else f'{{"at":"{stamp_again(item.at)}"}}'


def when_happened(one: Happening) -> str:
    """When something happened."""
    if one.exact:
        return f'{{"at":"{stamp(one.at)}"}}'
    return bounds(one.after, one.at, is_open=one.open)


def wait(one: Wait | None) -> str:
    """A wait; null where it has not begun."""
    if one is None:
        return "null"
    item = f',"item":{quote(one.item)}' if one.item is not None else ""
    if one.status == "observed":
        return f'{{"status":"observed","ms":{one.by}{item}}}'
    if one.status == "between":
        by = "null" if one.by is None else one.by
        return f'{{"status":"between","after_ms":{one.after},"by_ms":{by}{item}}}'
    if one.status == "waiting":
        return f'{{"status":"waiting","since":"{stamp_again(one.since)}"}}'
    return '{"status":"unknown"}'


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
        mentions = _mention(found[0]) if len(found) == 1 else ",".join(map(_mention, found))
    elif item.said:
        called = _called(item)
    return (
        f'{thread.head},"item":{name},"kind":"{item.kind}","on":{under},"author":{shown},'
        f'"attributed":null,"when":{made},"printed":null,"score":{score},"edits":[],'
        f'"deleted":null,"mentions":[{mentions}]{called}}}'
    ).encode()


def _called(item: Item) -> str:
    """Whom it called when it was made, where its mentions do not say so."""
    names = item.names
    if not names and not item.found:
        return ""
    if names is None or names == tuple([found.name for found in item.found]):
        return ""
    return f',"called":{text(names)}'


def _rare_row(thread: Thread, item: Item, name: str, made: str, more: More) -> bytes:
    """The same of an item that is not plain."""
    kind = "null" if item.kind is None else f'"{item.kind}"'
    on = "null" if item.on is None else quote_id(item.on)
    printed = "null" if more.printed is None else text(more.printed)
    deleted = when_happened(more.deletions[-1]) if more.deleted else "null"
    edits = ",".join([_edit(more.edits[key]) for key in ordered(more)]) if more.edits else ""
    mentions = ",".join(map(_mention, item.found))
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
        f'"mentions":[{mentions}]{extras}{_called(item)}}}'
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


def happening(one: Happening) -> str:
    """A deletion, closing or acceptance as it was stated; ``placed`` where only its place is."""
    rest = "" if one.who is None else f',"by":{person(one.who)}'
    if one.why is not None:
        rest += f',"why":{text(one.why)}'
    if one.open:
        rest += f',"placed":"{stamp(one.at)}"'
    return f'{{"when":{when_happened(one)}{rest}}}'


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
    if found and not explicit:
        latest = addressed = ",".join([_target(one, one.to, item) for one in found if one.to])
        if [one for one in found if one.better is not one.to]:
            addressed = ",".join([_target(one, one.better, item) for one in found if one.to])
    return (
        f'{thread.head},"item":{name},"author":{person(item.author)},"when":{made},'
        f'"replies_to":{{"explicit":[{explicit}],"mention-latest":[{latest}],'
        f'"mention-addressed":[{addressed}],"implicit":[{latest or unsaid}]}}}}'
    ).encode()


def _target(found: Found, to: Item | None, item: Item) -> str:
    if to is None:
        return ""
    if item.more is None and to.more is None:
        waited = f'{{"status":"observed","ms":{item.at - to.at}}}'
    else:
        waited = wait(reply(to, item))
    return (
        f'{{"item":{quote_id(to.id)},"person":{person(to.author)},"how":"{found.how}",'
        f'"wait":{waited}}}'
    )
