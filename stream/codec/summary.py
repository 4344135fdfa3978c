"""A thread's summary as JSON, with every statement made about the thread as a whole."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from stream.codec.parts import (
    bounds,
    happening,
    person,
    person_of,
    quote,
    text,
    wait,
    when_again,
)
from stream.codec.times import stamp, stamp_again
from stream.core.item import latest_tags, latest_title
from stream.core.waits import half_life, waits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stream.core.moments import Happenings
    from stream.core.thread import Observed, Stated, Thread


def thread_row(thread: Thread) -> bytes:
    """A row of ``threads``."""
    root, kinds = thread.root, thread.kinds
    title, tags, asked, asker = "null", "[]", "null", "null"
    if root is not None:
        title = "null" if root.erased else text(latest_title(root))
        tags, asked, asker = text(latest_tags(root)), when_again(root), person(root.author)
    first_at = last_at = "null"
    if any(kinds):
        first_at, last_at = f'"{stamp_again(thread.first_at)}"', f'"{stamp(thread.last_at)}"'
    half = half_life(thread)
    waited = ",".join([f'"{name}":{wait(one)}' for name, one in waits(thread).items()])
    stated = thread.stated
    silent = _all_of((stated.silent if stated is not None else None) or frozenset())
    extra = "" if stated is None else _stated(stated, rooted=root is not None)
    return (
        f'{thread.head},"title":{title},"tags":{tags},"state":"{thread.state}",'
        f'"asked":{asked},"asker":{asker},"first_at":{first_at},"last_at":{last_at},'
        f'"counts":{{"questions":{kinds[0]},"answers":{kinds[1]},"posts":{kinds[2]},'
        f'"comments":{kinds[3]},"edits":{thread.edits},"deleted":{thread.deleted},'
        f'"people":{thread.people_count}}},'
        f'"mentions":{{"resolved":{thread.resolved},"unresolved":{thread.unresolved}}},'
        f'"waits":{{{waited}}},"half_life_ms":{"null" if half is None else half},'
        f'"silent_on":{silent},"conflicts":{thread.contested}{extra}}}'
    ).encode()


@lru_cache(maxsize=1024)
def _all_of(facts: frozenset[str]) -> str:
    return text(sorted(facts))


def _stated(stated: Stated, *, rooted: bool) -> str:
    """What was stated of the thread; empty where nothing was."""
    if rooted and not (
        stated.accepted
        or stated.unaccepted
        or stated.happened
        or stated.observed is not None
        or stated.aliases
        or stated.erased
    ):
        return ""
    parts = [
        f'"{name}":{{{_by_item(held)}}}'
        for name, held in (("accepted", stated.accepted), ("unaccepted", stated.unaccepted))
        if held
    ]
    parts += [f'"{verb}":{_all(stated.happened[verb])}' for verb in sorted(stated.happened)]
    if stated.observed is not None:
        parts.append(f'"observed":{_observed(stated.observed)}')
    if stated.aliases:
        parts.append(f'"aliases":[{_aliases(stated)}]')
    if stated.erased:
        people = ",".join([person_of(*pair) for pair in sorted(stated.erased)])
        parts.append(f'"erased":[{people}]')
    if stated.silent is not None and not rooted:
        parts.append(f'"silent_on":{_all_of(stated.silent)}')
    return f',"stated":{{{",".join(parts)}}}' if parts else ""


def _all(happened: Happenings) -> str:
    return f"[{','.join([happening(one) for one in happened])}]"


def _by_item(held: Mapping[str, Happenings]) -> str:
    return ",".join([f"{quote(item)}:{_all(held[item])}" for item in sorted(held)])


def _observed(observed: Observed) -> str:
    moment = observed.moment
    seen = (
        f'{{"at":"{stamp(moment.at)}"}}'
        if moment.exact
        else bounds(moment.after, moment.at, is_open=moment.open)
    )
    placed = f',"placed":"{stamp(moment.at)}"' if moment.open else ""
    return (
        f'{{"id":{text(observed.id)},"when":{seen},"scored":{text(observed.scored)},'
        f'"views":{text(observed.views)}{placed}}}'
    )


def _aliases(stated: Stated) -> str:
    return ",".join(
        [
            f'{{"names":{text(names)},"by":{text(by)},"evidence":{text(evidence or None)}}}'
            for names, by, evidence in sorted(stated.aliases)
        ]
    )
