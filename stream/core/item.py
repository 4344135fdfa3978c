"""An item: the join of all that was stated of one post or comment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from stream.core.edits import NO_EDITS, version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stream.core.edits import Edit
    from stream.core.found import Found
    from stream.core.moments import Happenings
    from stream.core.people import Voice
    from stream.core.when import Moment

HORIZON: Final = 1 << 53  # No upper bound: sorts after every moment.
EXACT, BOUNDED, OPEN = 0, 1, 2

T = TypeVar("T", str, tuple[str, ...], tuple[str, str, str, str])


class More:
    """What few items have; it begins as that of an item of which nothing is known yet.

    ``contested``: two statements about the item contradict each other. ``erased``: its author is,
    and the words must not be shown. ``names``: called when it was created.
    """

    __slots__ = (
        "after",
        "attributed",
        "contested",
        "deleted",
        "deletions",
        "edits",
        "erased",
        "mode",
        "names",
        "printed",
        "restorations",
        "tags",
        "taken",
        "title",
    )

    def __init__(self) -> None:
        self.mode = OPEN
        self.after = -HORIZON
        self.names: tuple[str, ...] | None = None
        self.contested = self.deleted = self.erased = False
        self.title: str | None = None
        self.tags: tuple[str, ...] | None = None
        self.printed: str | None = None
        self.edits: Mapping[str, Edit] = NO_EDITS
        self.deletions: Happenings = ()
        self.restorations: Happenings = ()
        self.taken: int | None = None  # See `room`; None: to be found out.
        # Id and name ("" where missing), by, evidence.
        self.attributed: tuple[str, str, str, str] | None = None


class Item:
    """``kind`` is None while only what refers to it has been read.

    Most items are *plain*: their moment is known, they were never edited, deleted or contested,
    and have nothing else that is in `More`; there are very many, so that is all they carry.

    ``after`` ≤ its moment ≤ ``at``; where nothing bounds it above (`OPEN`), ``at`` is its place.
    ``said``: called in its current text. ``entered``: its part is in the sums of its thread.
    ``answering``: a row of ``replies`` has been told.
    """

    __slots__ = (
        "answering",
        "at",
        "author",
        "entered",
        "found",
        "id",
        "kind",
        "more",
        "on",
        "said",
        "score",
        "unsaid",
    )

    def __init__(
        self, id_: str, kind: str | None, on: str | None, author: Voice | None, at: int
    ) -> None:
        """A plain one; see `unknown`."""
        self.id = id_
        self.kind = kind
        self.on = on
        self.author = author
        self.at = at
        self.said: tuple[str, ...] = ()
        self.found: tuple[Found, ...] = ()
        self.unsaid: Found | None = None
        self.score: int | None = None
        self.answering = self.entered = False
        self.more: More | None = None

    def __lt__(self, other: Item) -> bool:
        return self.at < other.at or (self.at == other.at and self.id < other.id)

    @property
    def mode(self) -> int:
        """`EXACT`, `BOUNDED` or `OPEN`: what is known of its moment."""
        return EXACT if self.more is None else self.more.mode

    @property
    def after(self) -> int:
        return self.at if self.more is None else self.more.after

    @property
    def by(self) -> int:
        """When it existed at the latest; `HORIZON` where nothing says so."""
        return HORIZON if self.more is not None and self.more.mode == OPEN else self.at

    @property
    def names(self) -> tuple[str, ...] | None:
        """Called when it was created; None before that is known."""
        return self.said if self.more is None else self.more.names

    @property
    def contested(self) -> bool:
        return self.more is not None and self.more.contested

    @property
    def deleted(self) -> bool:
        return self.more is not None and self.more.deleted

    @property
    def erased(self) -> bool:
        return self.more is not None and self.more.erased

    @property
    def further(self) -> More:
        """`more`, made where there is none yet."""
        more = self.more
        if more is None:
            more = self.more = More()
            more.mode, more.after, more.names = EXACT, self.at, self.said
        return more

    def place(self, moment: Moment) -> None:
        """Join a statement of when it was made: bounds meet; exact beats bounded beats open."""
        after, at, exact, is_open = moment
        if self.more is None and exact and at == self.at:
            return  # A repetition; else it may be contested, which is not plain any more.
        more = self.further
        if more.mode == EXACT or exact:
            self._place_exactly(more, moment)
            return
        more.after = max(more.after, after)
        if more.mode == OPEN and not is_open:
            self.at, more.mode = at, BOUNDED
        elif (more.mode == OPEN) == is_open:
            self.at = min(self.at, at)
        more.contested |= more.mode == BOUNDED and more.after > self.at

    def _place_exactly(self, more: More, moment: Moment) -> None:
        after, at, exact, is_open = moment
        if more.mode == EXACT and exact:
            more.contested |= self.at != at
            more.after = self.at = min(self.at, at)
        elif exact:
            more.contested |= at < more.after or at > self.by
            more.after = self.at = at
            more.mode = EXACT
        else:
            more.contested |= self.at < after or (not is_open and self.at > at)

    def call(self) -> None:
        """Find again whom the current text calls: that of the latest revision of it."""
        more = self.more
        if more is None:
            return
        texts = [edit for edit in more.edits.values() if "text" in edit.changes]
        self.said = max(texts, key=version).names if texts else more.names or ()

    def agreed(self, held: T | None, value: T | None) -> T | None:
        """Nothing known gives way; of two answers the smaller, and the item is contested."""
        if held is None or value is None:
            return value if held is None else held
        if held != value:
            self.further.contested = True
        return min(held, value)


def unknown(id_: str) -> Item:
    """An item of which nothing is known yet."""
    item = Item(id_, None, None, None, HORIZON)
    item.more = More()
    return item


def latest_title(item: Item) -> str | None:
    """The title of the latest revision of it."""
    more = item.more
    if more is None or not more.edits:
        return None if more is None else more.title
    edits = [edit for edit in more.edits.values() if edit.title is not None]
    return max(edits, key=version).title if edits else more.title


def latest_tags(item: Item) -> tuple[str, ...]:
    """The tags of the latest revision of them."""
    more = item.more
    if more is None or not more.edits:
        return (None if more is None else more.tags) or ()
    edits = [edit for edit in more.edits.values() if edit.tags is not None]
    return (max(edits, key=version).tags if edits else more.tags) or ()
