"""What happened in a thread, in order, in the words of Stack Exchange's question timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stream.serve.reading import at_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Row = dict[str, Any]

_STATED: Final = ("closed", "reopened", "locked", "unlocked")
_ORDER: Final = ("question", "answer", "post", "comment", "revision")


def entries(thread: Row, items: list[Row]) -> list[Row]:
    """All entries in order of time; a bounded one comes before what proved it."""
    found = [entry for item in items for entry in _of_item(item)]
    found += _of_thread(thread.get("stated") or {})
    return sorted(found, key=_place)


def _place(entry: Row) -> tuple[str, bool, int, str]:
    kind = entry["entry"]
    rank = _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
    return entry["at"], not entry["bounded"], rank, entry["item"] or ""


def _of_item(item: Row) -> Iterator[Row]:
    name = item["item"]
    if item["kind"] is not None:
        yield _entry(item["kind"], name, item, by=item["author"])
    for edit in item["edits"]:
        more = {key: edit[key] for key in ("revision", "changes", "note", "rollback")}
        when = edit.get("when") or {"at": edit["at"]}
        yield _entry("revision", name, {"when": when, "placed": edit["at"]}, by=edit["by"]) | more
    for key, state in (("deletions", "deleted"), ("restorations", "restored")):
        for one in item.get(key, ()):
            yield _happened("post_state_changed", name, one) | {"state": state}


def _of_thread(stated: Row) -> Iterator[Row]:
    for key, entry in (("accepted", "accepted_answer"), ("unaccepted", "unaccepted_answer")):
        for item, happened in stated.get(key, {}).items():
            for one in happened:
                yield _happened(entry, item, one)
    for state in _STATED:
        for one in stated.get(state, ()):
            yield _happened("post_state_changed", None, one) | {"state": state}


def _happened(entry: str, item: str | None, one: Row) -> Row:
    more = {} if one.get("why") is None else {"why": one["why"]}
    return _entry(entry, item, one, by=one.get("by")) | more


def _entry(
    entry: str, item: str | None, row: Mapping[str, Any], *, by: Mapping[str, str] | None
) -> Row:
    """``row`` has a ``when``; the entry repeats it only where it is not exact."""
    when = row["when"]
    bounded = "at" not in when
    made = {"at": at_of(row), "entry": entry, "item": item, "by": by, "bounded": bounded}
    return made | {"when": when} if bounded else made
