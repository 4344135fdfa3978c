"""Between which bounds a mail lies whose own date says too little, or what cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from stream.archive.mail_dates import DAY_MS, YEAR_MS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from sqlite3 import Connection

    from stream.archive.base import Report

Row: TypeAlias = tuple[Any, ...]

LOOKED_AT: Final = 2  # Mails behind one, to see whether its date stands alone.


def every(db: Connection, query: str) -> Iterator[Row]:
    """Rows by seq, a thousand at a time, so that they can be changed on the way."""
    last = 0
    while rows := db.execute(
        f"{query} WHERE seq > ? ORDER BY seq LIMIT 1000",
        (last,),
    ).fetchall():
        yield from rows
        last = rows[-1][0]


def drop_strays(db: Connection, report: Report) -> None:
    """A date a year away from both neighbours, which are not so far apart, is not believed."""
    before: int | None = None
    held: list[Row] = []
    query = "SELECT seq, hi, printed, place FROM mail"
    for row in every(db, query):
        if row[1] is not None:
            held.append(row)
        if len(held) > LOOKED_AT:
            before = _judge(db, report, before, held)
    while held:
        before = _judge(db, report, before, held)


def _judge(db: Connection, report: Report, before: int | None, held: list[Row]) -> int | None:
    seq, at, printed, where = held.pop(0)
    later = [row[1] for row in held]
    if not _stray(before, at, later):
        return int(at)
    db.execute(
        "UPDATE mail SET lo = NULL, hi = NULL,"
        " arrived = CASE WHEN ABS(arrived - ?) > ? THEN arrived END WHERE seq = ?",
        (at, 2 * DAY_MS, seq),
    )
    report.odd("printed-date-refused", f"{printed} ({where})")
    return before


def settle_bounds(db: Connection) -> None:
    """Bounds from what came in before and after, where a mail's own date says too little."""
    before: int | None = None
    query = "SELECT seq, id, lo, hi, arrived, month_lo, month_hi FROM mail"
    for seq, id_, lo, hi, arrived, month_lo, month_hi in every(db, query):
        if lo is not None and lo == hi:
            before = lo
            continue
        after = [one for one in (lo, month_lo) if one is not None]
        by = [one for one in (hi, arrived, month_hi) if one is not None]
        if not after and before is not None:
            after = [before - DAY_MS]
        following = _following(db, seq)
        if not by and following is not None:
            by = [following + DAY_MS]
        by += _answered(db, id_)
        _bound(db, seq, after, by)


def _bound(db: Connection, seq: int, after: list[int], by: list[int]) -> None:
    lo, hi = max(after, default=None), min(by, default=None)
    if lo is not None and hi is not None and lo > hi:
        lo = min([one for one in after if one <= hi], default=None)
    db.execute("UPDATE mail SET lo = ?, hi = ? WHERE seq = ?", (lo, hi, seq))


def _following(db: Connection, seq: int) -> int | None:
    row = db.execute(
        "SELECT lo FROM mail WHERE seq > ? AND lo = hi ORDER BY seq LIMIT 1", (seq,)
    ).fetchone()
    return None if row is None else int(row[0])


def _answered(db: Connection, id_: str) -> list[int]:
    """By when somebody had answered it: it was there by then."""
    row = db.execute("SELECT MIN(hi) FROM mail WHERE parent = ? AND lo = hi", (id_,)).fetchone()
    return [] if row[0] is None else [row[0]]


def _stray(before: int | None, at: int, later: list[int]) -> bool:
    if not later:
        return before is not None and at < before - YEAR_MS
    if before is None:
        spread = max(later) - min(later)
        return len(later) >= LOOKED_AT and spread <= YEAR_MS < at - max(later)
    together = abs(later[0] - before) <= YEAR_MS
    return together and abs(at - before) > YEAR_MS and abs(at - later[0]) > YEAR_MS
