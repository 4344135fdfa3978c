"""Revisions: the join of all that was stated of one, and which follows which."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stream.core.item import Item
    from stream.core.people import Voice
    from stream.core.when import Moment

CHANGES: Final = ("title", "text", "tags")


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


NO_EDITS: Final[Mapping[str, Edit]] = MappingProxyType({})


def joined_edit(item: Item, held: Edit, edit: Edit, by: Voice | None) -> Edit:
    """Two statements of one revision; ``by``: their editors, joined."""
    if held == edit:
        return held
    item.further.contested |= held._replace(by=by) != edit._replace(by=by)
    first = min(held, edit, key=lambda e: (not e.moment.exact, e.moment))
    return Edit(
        first.moment,
        held.revision,
        by,
        tuple([name for name in CHANGES if name in held.changes or name in edit.changes]),
        held.rollback or edit.rollback,
        item.agreed(held.note, edit.note),
        item.agreed(held.title, edit.title),
        item.agreed(held.tags, edit.tags),
        min((one.names for one in (held, edit) if "text" in one.changes), default=()),
    )


def version(edit: Edit) -> tuple[int, str]:
    """By which revisions follow one another: (time, id)."""
    return edit.moment.at, edit.revision
