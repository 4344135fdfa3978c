"""An item: the join of all that was stated of one post or comment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, TypeVar

if TYPE_CHECKING:
    from stream.core.moments import Happenings
    from stream.core.people import Voice
    from stream.core.when import Moment

HORIZON: Final = 1 << 53  # No upper bound: sorts after every moment.
EXACT, BOUNDED, OPEN = 0, 1, 2

CHANGES: Final = ("title", "text", "tags")

T = TypeVar("T", str, tuple[str, ...], tuple[str, str, str, str])


class Edit(NamedTuple):
    """A revision. ``title``, ``tags``: the new values; ``names``: whom the new text calls."""

    moment: Moment
    revision: str
    by: Voice | None
    changes: tuple[str, ...]
    rollback: bool
    note: str | None
    title: str | None
    tags: tuple[str, ...] | None
    names: tuple[str, ...]


class Found(NamedTuple):
    """Whom a comment answers.

    ``name``: as called; ``better``: the person's latest comment not said to a third person.
    """

    name: str
    how: str  # exact, prefix, alias, unresolved; explicit, implicit
    to: Item | None
    person: Voice | None
    better: Item | None


class More:
    """What few items have."""

    __slots__ = ("attributed", "deletions", "edits", "printed", "restorations", "tags", "title")

    def __init__(self) -> None:
        self.title: str | None = None
        self.tags: tuple[str, ...] | None = None
        self.printed: str | None = None
        self.edits: dict[str, Edit] = {}
        self.deletions: Happenings = ()
        self.restorations: Happenings = ()
        # Id and name ("" where missing), by, evidence.
        self.attributed: tuple[str, str, str, str] | None = None


class Item:
    """``kind`` is None while only what refers to it has been read.

    ``after`` ≤ its moment ≤ ``at``; where nothing bounds it above (`OPEN`), ``at`` is its place.
    ``contested``: two statements about it contradict each other.
    """

    __slots__ = (
        "after",
        "answering",
        "at",
        "author",
        "contested",
        "deleted",
        "erased",
        "found",
        "id",
        "kind",
        "mode",
        "more",
        "names",
        "on",
        "said",
        "score",
        "unsaid",
    )

    def __init__(self, id_: str) -> None:
        self.id = id_
        self.kind: str | None = None
        self.on: str | None = None
        self.author: Voice | None = None
        self.after = -HORIZON
        self.at = HORIZON
        self.mode = OPEN
        self.names: tuple[str, ...] | None = None  # Called when it was created.
        self.said: tuple[str, ...] = ()  # Called in its current text.
        self.score: int | None = None
        self.contested = False
        self.deleted = False
        self.erased = False  # Its author is; the words must not be shown.
        self.answering = False  # A row of ``replies`` has been told.
        self.more: More | None = None
        self.found: tuple[Found, ...] = ()
        self.unsaid: Found | None = None

    def __lt__(self, other: Item) -> bool:
        return self.at < other.at or (self.at == other.at and self.id < other.id)

    @property
    def by(self) -> int:
        """When it existed at the latest; `HORIZON` where nothing says so."""
        return HORIZON if self.mode == OPEN else self.at

    @property
    def further(self) -> More:
        """`more`, made where there is none yet."""
        if self.more is None:
            self.more = More()
        return self.more

    def stand(self, moment: Moment) -> None:
        """The same, for the first statement."""
        self.after, self.at, exact, is_open = moment
        if exact:
            self.mode = EXACT
        elif not is_open:
            self.mode = BOUNDED
            self.contested = self.after > self.at

    def place(self, moment: Moment) -> None:
        """Join a statement of when it was made: bounds meet; exact beats bounded beats open."""
        after, at, exact, is_open = moment
        if self.mode == EXACT or exact:
            self._place_exactly(after, at, exact=exact, is_open=is_open)
            return
        self.after = max(self.after, after)
        if self.mode == OPEN and not is_open:
            self.at, self.mode = at, BOUNDED
        elif (self.mode == OPEN) == is_open:
            self.at = min(self.at, at)
        self.contested |= self.mode == BOUNDED and self.after > self.at

    def _place_exactly(self, after: int, at: int, *, exact: bool, is_open: bool) -> None:
        if self.mode == EXACT and exact:
            self.contested |= self.at != at
            self.after = self.at = min(self.at, at)
        elif exact:
            self.contested |= at < self.after or at > self.by
            self.after = self.at = at
            self.mode = EXACT
        else:
            self.contested |= self.at < after or (not is_open and self.at > at)

    def call(self) -> None:
        """Find again whom the current text calls: that of the latest revision of it."""
        texts = (
            [edit for edit in self.more.edits.values() if "text" in edit.changes]
            if self.more is not None and self.more.edits
            else None
        )
        self.said = max(texts, key=version).names if texts else self.names or ()

    def agreed(self, held: T | None, value: T | None) -> T | None:
        """Nothing known gives way; of two answers the smaller, and the item is contested."""
        if held is None or value is None:
            return value if held is None else held
        if held != value:
            self.contested = True
        return min(held, value)

    def joined_edit(self, held: Edit, edit: Edit, by: Voice | None) -> Edit:
        """Two statements of one revision; ``by``: their editors, joined."""
        if held == edit:
            return held
        self.contested |= held._replace(by=by) != edit._replace(by=by)
        first = min(held, edit, key=lambda e: (not e.moment.exact, e.moment))
        return Edit(
            first.moment,
            held.revision,
            by,
            tuple([name for name in CHANGES if name in held.changes or name in edit.changes]),
            held.rollback or edit.rollback,
            self.agreed(held.note, edit.note),
            self.agreed(held.title, edit.title),
            self.agreed(held.tags, edit.tags),
            min((one.names for one in (held, edit) if "text" in one.changes), default=()),
        )


def version(edit: Edit) -> tuple[int, str]:
    """By which revisions follow one another: (time, id)."""
    return edit.moment.at, edit.revision


Items: TypeAlias = dict[str, Item]


def latest_title(item: Item) -> str | None:
    """The title of the latest revision of it."""
    more = item.more
    if more is None:
        return None
    edits = [edit for edit in more.edits.values() if edit.title is not None]
    return max(edits, key=version).title if edits else more.title


def latest_tags(item: Item) -> tuple[str, ...]:
    """The tags of the latest revision of them."""
    more = item.more
    if more is None:
        return ()
    edits = [edit for edit in more.edits.values() if edit.tags is not None]
    return (max(edits, key=version).tags if edits else more.tags) or ()
