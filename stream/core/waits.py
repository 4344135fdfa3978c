"""How long something took: observed, between bounds, still waiting, or not to be known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from stream.core.item import EXACT, HORIZON, Item
from stream.core.wait import Wait
from stream.core.when import LONG_AGO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from stream.core.moments import Happening
    from stream.core.thread import Thread

METRICS: Final = (
    "first_response",
    "first_answer",
    "first_comment",
    "accepted",
    "closed",
    "asker_return",
)


UNKNOWN: Final = Wait("unknown")
Span: TypeAlias = tuple[int, int]
"""The earliest and the latest that a moment can be; the latter `HORIZON` where it is open."""


def first_of(one: Item | None, other: Item) -> Item:
    """The one that is known to have existed earlier."""
    if one is None:
        return other
    by, held = other.by, one.by
    return other if by < held or (by == held and other.id < one.id) else one


def between(start: Span, end: Span, item: str | None) -> Wait:
    """The wait from one moment to another."""
    from_after, from_by = start
    to_after, to_by = end
    if from_after == from_by and to_after == to_by:
        return Wait("observed", to_by - from_by, to_by - from_by, item)
    after = 0 if from_by == HORIZON else max(0, to_after - from_by)
    by = None if to_by == HORIZON or from_after == LONG_AGO else to_by - from_after
    return Wait("between", after, by, item)


def span(item: Item) -> Span:
    """The bounds of an item's moment; the same twice where it is known."""
    more = item.more
    if more is None or more.mode == EXACT:
        return item.at, item.at
    return more.after, item.by


def reply(to: Item, item: Item) -> Wait:
    """From an item to one that answers it."""
    return between(span(to), span(item), None)


def waits(thread: Thread) -> dict[str, Wait | None]:
    """Every metric of a thread; None for a wait that has not begun."""
    root = thread.root
    if root is None:
        return dict.fromkeys(METRICS)
    asks = root.kind == "question"
    return {
        "first_response": _wait(thread, root, thread.response, is_response),
        "first_answer": _wait(thread, root, thread.answer, _answers) if asks else None,
        "first_comment": _wait(thread, root, thread.comment, _comments),
        "accepted": _accepted(thread, root) if asks else None,
        "closed": _closed(thread, root),
        "asker_return": _returned(thread, root),
    }


def is_response(thread: Thread, item: Item) -> bool:
    """An answer, or a comment on the question, by somebody else than the asker, and not deleted.

    In a forum, where nothing is a question, every post and comment. An unknown author is somebody
    else.
    """
    if item.deleted or item is thread.root or item.kind is None or not responds(thread, item):
        return False
    return thread.asker is None or item.author is None or thread.who(item.author) != thread.asker


def responds(thread: Thread, item: Item) -> bool:
    """Whether an item of this kind, where it stands, responds to the question."""
    root = thread.root
    if item.kind == "comment" and root is not None and root.kind == "question":
        return item.on == root.id
    return item.kind != "question"


def is_return(thread: Thread, item: Item) -> bool:
    """By the asker, and not deleted."""
    if item.deleted or item is thread.root or item.author is None or item.kind is None:
        return False
    return thread.asker is not None and thread.who(item.author) == thread.asker


def _answers(thread: Thread, item: Item) -> bool:
    return item.kind == "answer" and is_response(thread, item)


def _comments(thread: Thread, item: Item) -> bool:
    root = thread.root
    on_root = root is not None and item.on == root.id
    return item.kind == "comment" and on_root and is_response(thread, item)


def _wait(
    thread: Thread, root: Item, first: Item | None, counts: Callable[[Thread, Item], bool]
) -> Wait:
    if first is None:
        return _waiting(root)
    if not thread.hazy:  # Most of the time: all moments are known.
        waited = first.at - root.at
        return Wait("observed", waited, waited, first.id)
    after, sure = _earliest(thread, first, counts)
    return between(span(root), (after, first.by), first.id if sure else None)


def _waiting(since: Item) -> Wait:
    return Wait("waiting", 0, None, None, since.at)


def _earliest(
    thread: Thread, first: Item, counts: Callable[[Thread, Item], bool]
) -> tuple[int, bool]:
    """When the first of several may have come, and whether it surely is ``first``."""
    after, sure = first.after, True
    for item in (thread.hazy or {}).values():
        if item is not first and item.after < first.by and counts(thread, item):
            after, sure = min(after, item.after), False
    return after, sure


def _accepted(thread: Thread, root: Item) -> Wait:
    stated = thread.stated
    if stated is None or not stated.accepted:
        return _not_yet(thread, root, "accepted")
    firsts = {item: first_happening(done) for item, done in stated.accepted.items()}
    item, first = min(firsts.items(), key=lambda one: (one[1][1], one[0]))
    others = [after for other, (after, _) in firsts.items() if other != item]
    after, by = first
    sure = all(other >= by for other in others)
    return between(span(root), (min([after, *others]), by), item if sure else None)


def _closed(thread: Thread, root: Item) -> Wait:
    closed = thread.stated.happened.get("closed", ()) if thread.stated is not None else ()
    if not closed:
        return _not_yet(thread, root, "closed")
    return between(span(root), first_happening(closed), None)


def _not_yet(thread: Thread, root: Item, fact: str) -> Wait:
    stated = thread.stated
    if stated is not None and stated.silent is not None and fact in stated.silent:
        return UNKNOWN
    return _waiting(root)


def first_happening(happenings: Iterable[Happening]) -> Span:
    """Within which bounds the first of several happened."""
    spans = [(one.after, HORIZON if one.open else one.at) for one in happenings]
    return min([after for after, _ in spans]), min([by for _, by in spans])


def _returned(thread: Thread, root: Item) -> Wait | None:
    """From the first response, within its own bounds, to the asker's next act."""
    response = thread.response
    if response is None:
        return None
    if root.author is None:
        return UNKNOWN
    act = thread.returned
    if act is None:
        return _waiting(response)
    if not thread.hazy:
        waited = act.at - response.at
        return Wait("observed", waited, waited, act.id)
    after, _ = _earliest(thread, response, is_response)
    start = (after, response.by)
    after, sure = _earliest(thread, act, _returns)
    return between(start, (after, act.by), act.id if sure else None)


def _returns(thread: Thread, item: Item) -> bool:
    response = thread.response
    return response is not None and response < item and is_return(thread, item)


def half_life(thread: Thread) -> int | None:
    """From the question to the moment at which half of the comments had been made."""
    if thread.root is None or not thread.spoken:
        return None
    return thread.spoken[(len(thread.spoken) + 1) // 2 - 1] - thread.root.at
