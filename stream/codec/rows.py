"""An item and whom it answers, as JSON."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import orjson

from stream.codec.times import stamp
from stream.core.item import EXACT, OPEN
from stream.core.waits import Wait, reply
from stream.core.when import LONG_AGO

if TYPE_CHECKING:
    from stream.core.item import Edit, Found, Item, More
    from stream.core.moments import Happening
    from stream.core.people import Voice
    from stream.core.thread import Thread


def text(value: object) -> str:
    """Any plain value as JSON."""
    return orjson.dumps(value).decode()


@lru_cache(maxsize=65_536)
def quote(value: str) -> str:
    """A short string that comes again, such as a name or an id, as JSON."""
    return orjson.dumps(value).decode()


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
    if item.mode == EXACT:
        return f'{{"at":"{stamp(item.at)}"}}'
    if item.kind is None:
        return "null"
    return bounds(item.after, item.at, is_open=item.mode == OPEN)


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
        return f'{{"status":"waiting","since":"{stamp(one.since)}"}}'
    return '{"status":"unknown"}'


def item_row(thread: Thread, item: Item) -> bytes:
    """A row of ``items``."""
    on = "null" if item.on is None else quote(item.on)
    mentions = ",".join([_mention(found) for found in item.found]) if item.found else ""
    more = item.more
    if more is None and item.mode == EXACT and not (item.contested or item.erased):
        return (
            f'{thread.head},"item":{quote(item.id)},"kind":"{item.kind}","on":{on},'
            f'"author":{person(item.author)},"attributed":null,'
            f'"when":{{"at":"{stamp(item.at)}"}},"printed":null,'
            f'"score":{_score(thread, item) if thread.stated is not None else "null"},'
            f'"edits":[],"deleted":null,"mentions":[{mentions}]{_called(item)}}}'
        ).encode()
    return _rare_row(thread, item, on, mentions)


def _called(item: Item) -> str:
    """Whom it called when it was made, where its mentions do not say so."""
    if not item.names and not item.found:
        return ""
    if item.names == tuple([found.name for found in item.found]) or item.names is None:
        return ""
    return f',"called":{text(item.names)}'


def _rare_row(thread: Thread, item: Item, on: str, mentions: str) -> bytes:
    kind = "null" if item.kind is None else f'"{item.kind}"'
    more = item.more
    printed, attributed, deleted, edits, extras = "null", "null", "null", "", ""
    if more is not None:
        printed = "null" if more.printed is None else text(more.printed)
        attributed = _attributed(more)
        deleted = when_happened(more.deletions[-1]) if item.deleted else "null"
        edits = ",".join([_edit(more.edits[key]) for key in ordered(more)])
        extras = _more(item, more)
    if item.contested:
        extras += ',"conflict":true'
    if item.mode == OPEN and item.kind is not None:
        extras += f',"placed":"{stamp(item.at)}"'
    if item.erased:
        extras += ',"erased":true'
    extras += _called(item)
    return (
        f'{thread.head},"item":{quote(item.id)},"kind":{kind},"on":{on},'
        f'"author":{person(item.author)},"attributed":{attributed},"when":{when(item)},'
        f'"printed":{printed},"score":{_score(thread, item)},"edits":[{edits}],'
        f'"deleted":{deleted},"mentions":[{mentions}]{extras}}}'
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


def _more(item: Item, more: More) -> str:
    """Facts that few items have, and that a worker needs to go on."""
    extras = ""
    if more.title is not None and not item.erased:
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
    to = "null" if found.to is None else quote(found.to.id)
    return (
        f'{{"name":{quote(found.name)},"how":"{found.how}","person":{person(found.person)},'
        f'"item":{to}}}'
    )


def reply_row(thread: Thread, item: Item) -> bytes:
    """A row of ``replies``: whom an item answers, by each policy."""
    unsaid = "" if item.unsaid is None else _target(item.unsaid, item.unsaid.to, item)
    explicit = unsaid if item.unsaid is not None and item.unsaid.how == "explicit" else ""
    latest = addressed = explicit
    if item.found and not explicit:
        latest = addressed = ",".join([_target(one, one.to, item) for one in item.found if one.to])
        if any(one.better is not one.to for one in item.found):
            addressed = ",".join([_target(one, one.better, item) for one in item.found if one.to])
    return (
        f'{thread.head},"item":{quote(item.id)},"author":{person(item.author)},'
        f'"when":{when(item)},"replies_to":{{"explicit":[{explicit}],'
        f'"mention-latest":[{latest}],"mention-addressed":[{addressed}],'
        f'"implicit":[{latest or unsaid}]}}}}'
    ).encode()


def _target(found: Found, to: Item | None, item: Item) -> str:
    if to is None:
        return ""
    if item.mode == to.mode == EXACT:
        waited = f'{{"status":"observed","ms":{item.at - to.at}}}'
    else:
        waited = wait(reply(to, item))
    return (
        f'{{"item":{quote(to.id)},"person":{person(to.author)},"how":"{found.how}",'
        f'"wait":{waited}}}'
    )
