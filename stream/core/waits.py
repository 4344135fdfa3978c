"""How long something took: observed, between bounds, still waiting, or not to be known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from stream.core.item import HORIZON, Item
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


class Wait(NamedTuple):
    """``status``: observed, between, waiting, unknown; of the rest, what goes with it.

    An observed wait has ``after`` = ``by``; ``by`` is None where nothing bounds it. ``since`` is
    the moment from which it goes on, in milliseconds since 1970.
    """

    status: str
    after: int = 0
    by: int | None = None
    item: str | None = None
    since: int = 0


class Span(NamedTuple):
    """Bounds of a moment; ``by`` is `HORIZON` where it is open."""

    after: int
    by: int


UNKNOWN: Final = Wait("unknown")


def first_of(one: Item | None, other: Item) -> Item:
    """The one that is known to have existed earlier."""
    if one is None:
        return other
    by, held = other.by, one.by
    return other if by < held or (by == held and other.id < one.id) else one


def between(start: Span, end: Span, item: str | None) -> Wait:
    """The wait from one moment to another."""
    if start.after == start.by and end.after == end.by:
        return Wait("observed", end.by - start.by, end.by - start.by, item)
    after = 0 if start.by == HORIZON else max(0, end.after - start.by)
    by = None if end.by == HORIZON or start.after == LONG_AGO else end.by - start.after
    return Wait("between", after, by, item)


def span(item: Item) -> Span:
    """The bounds of an item's moment; the same twice where it is known."""
    return Span(item.after, item.by)


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
        "first_response": _wait(thread, root, thread.response, _responds),
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


def _responds(thread: Thread, item: Item) -> bool:
    return is_response(thread, item)


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
        return Wait("waiting", since=root.at)
    after, sure = _earliest(thread, first, lambda item: counts(thread, item))
    return between(span(root), Span(after, first.by), first.id if sure else None)


def _earliest(thread: Thread, first: Item, counts: Callable[[Item], bool]) -> tuple[int, bool]:
    """When the first of several may have come, and whether it surely is ``first``."""
    after, sure = first.after, True
    for item in (thread.hazy or {}).values():
        if item is not first and item.after < first.by and counts(item):
            after, sure = min(after, item.after), False
    return after, sure


def _accepted(thread: Thread, root: Item) -> Wait:
    stated = thread.stated
    if stated is None or not stated.accepted:
        return _not_yet(thread, root, "accepted")
    firsts = {item: first_happening(done) for item, done in stated.accepted.items()}
    item, first = min(firsts.items(), key=lambda one: (one[1].by, one[0]))
    others = [span for other, span in firsts.items() if other != item]
    sure = all(other.after >= first.by for other in others)
    after = min([first.after, *(other.after for other in others)])
    return between(span(root), Span(after, first.by), item if sure else None)


def _closed(thread: Thread, root: Item) -> Wait:
    closed = thread.stated.happened.get("closed", ()) if thread.stated is not None else ()
    if not closed:
        return _not_yet(thread, root, "closed")
    return between(span(root), first_happening(closed), None)


def _not_yet(thread: Thread, root: Item, fact: str) -> Wait:
    stated = thread.stated
    if stated is not None and stated.silent is not None and fact in stated.silent:
        return UNKNOWN
    return Wait("waiting", since=root.at)


def first_happening(happenings: Iterable[Happening]) -> Span:
    """Within which bounds the first of several happened."""
    spans = [Span(one.after, HORIZON if one.open else one.at) for one in happenings]
    return Span(min(one.after for one in spans), min(one.by for one in spans))


def _returned(thread: Thread, root: Item) -> Wait | None:
    """From the first response, within its own bounds, to the asker's next act."""
    response = thread.response
    if response is None:
        return None
    if root.author is None:
        return UNKNOWN
    after, _ = _earliest(thread, response, lambda item: is_response(thread, item))
    start, act = Span(after, response.by), thread.returned
    if act is None:
        return Wait("waiting", since=response.at)
    after, sure = _earliest(thread, act, lambda item: response < item and is_return(thread, item))
    return between(start, Span(after, act.by), act.id if sure else None)


def half_life(thread: Thread) -> int | None:
    """From the question to the moment at which half of the comments had been made."""
    if thread.root is None or not thread.spoken:
        return None
    return thread.spoken[(len(thread.spoken) + 1) // 2 - 1] - thread.root.at
