"""How long each thread waited for one thing: as its row says, or folded again where that differs.

A row holds for a moment if nothing was stated since that changes a wait; without robots, or with
other aliases, if none of those has written in the thread. What is folded again is kept for the
next question about the same moment, which is often about another metric.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import orjson

from stream.codec.events import decode
from stream.codec.keys import split_key
from stream.core.latency import Numbers, Tally, WaitValue, aggregate, tally_of
from stream.serve.affected import affected, people
from stream.serve.again import Again, Folding, How
from stream.serve.estimate_process import is_long
from stream.serve.kept import Kept
from stream.serve.rows import wait_values
from stream.serve.spans import CHANGING, EDITED, ERASED
from stream.serve.tallied import Tallied

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from stream.core.events import Event
    from stream.core.wait import Wait
    from stream.serve.affected import Place
    from stream.serve.shown import Shown

MEASURED_MAX: Final = 64  # Answers, of some 100 KB each
KEPT_MAX: Final = 20_000  # Threads, of some 1 KB each; more are folded again for each metric.
AS_THEY_STAND: Final = How()


class Which(NamedTuple):
    """The threads that are asked about; the times are those at which they began."""

    community: int | None = None
    since: int | None = None
    until: int | None = None
    tag: str | None = None

    def has(self, thread: Again) -> bool:
        return (
            (self.since is None or self.since <= thread.first_at)
            and (self.until is None or thread.first_at < self.until)
            and (self.tag is None or self.tag in thread.tags)
        )


class Asked(NamedTuple):
    """A question about waits, before anybody has looked whether that community is there."""

    metric: str
    community: str | None
    since: int | None
    until: int | None
    tag: str | None
    how: How


class Estimate(Protocol):
    """As `aggregate` is called, wherever it is made."""

    def __call__(self, metric: str, tally: Tally, /, *, as_of: int) -> Numbers: ...


class LongError(Exception):
    """To measure that takes long, and whoever asked does not wait for it."""


class Waited:
    """Remembers what was last folded again, and measured. Several threads may ask at once."""

    def __init__(self, kept_max: int = KEPT_MAX, estimate: Estimate = aggregate) -> None:
        self._kept_max = kept_max
        self._estimate = estimate
        self._tallied = Tallied()
        self._kept: tuple[object, dict[int, Again | None]] = (None, {})
        self._measured = Kept[Asked, Numbers](MEASURED_MAX)

    def measured(
        self, shown: Shown, asked: Asked, which: Which, *, as_of: int, patient: bool = True
    ) -> Numbers:
        """`aggregate` of all, once for each state of the views, however often it is asked for.

        ``which``: the same threads as ``asked`` names. Some 10,000 waits that are known by bounds
        take seconds: a `LongError` where nobody is ``patient``.
        """
        state = shown.database, shown.version, as_of
        kept = self._measured.get(asked, state)
        if kept is not None:
            return kept
        tally = self.tally(shown, asked.metric, which, asked.how)
        if not patient and is_long(tally):
            raise LongError
        return self._measured.put(asked, state, self._estimate(asked.metric, tally, as_of=as_of))

    def is_long(self, asked: Asked) -> bool:
        """Whether it may take long: threads are folded again, or bounds were met the last time."""
        found = self._measured.last(asked) or {}
        return asked.how != AS_THEY_STAND or found.get("estimator") == "turnbull"

    def tally(self, shown: Shown, metric: str, which: Which, how: How = AS_THEY_STAND) -> Tally:
        """All of `values` counted; without going through the threads where all are asked about."""
        if how == AS_THEY_STAND and which == Which(which.community):
            known = shown.communities().values()
            those = known if which.community is None else [which.community]
            return self._tallied.tally(shown, metric, those)
        return tally_of(self.values(shown, metric, which, how))

    def values(
        self, shown: Shown, metric: str, which: Which, how: How = AS_THEY_STAND
    ) -> Iterator[WaitValue]:
        """The waits for ``metric``, robots' among them, but for those that have not begun."""
        numbers, again = self._again(shown, which, how)
        for thread in again:
            wait = None if thread is None else thread.waits[metric]
            if thread is not None and wait is not None and which.has(thread):
                yield WaitValue("robot") if thread.by_robot else _value(wait)
        standing = _standing(shown, metric, which, how.as_of)
        yield from wait_values(row for number, *row in standing if number not in numbers)

    def _again(
        self, shown: Shown, which: Which, how: How
    ) -> tuple[Collection[int], Iterable[Again | None]]:
        """The numbers of the threads whose rows do not hold, and what those were."""
        if how == AS_THEY_STAND:
            return (), ()
        tags = which.tag is not None
        key = (shown.database, shown.position, which.community, how, tags)
        held, again = self._kept
        if held != key:
            places = affected(shown, which.community, how, tags=tags)
            numbers = {place.number for place in places}
            folded = _folded(shown, places, how, tags=tags)
            if len(places) > self._kept_max:
                return numbers, folded
            again = dict(zip((place.number for place in places), folded, strict=True))
            self._kept = (key, again)
        return again.keys(), again.values()


def _standing(shown: Shown, metric: str, which: Which, as_of: int | None) -> list[Any]:
    """Number and columns of the threads to which nothing happened after ``as_of``."""
    tables, wanted, values = "waits w", list[str](), list[object]()

    def where(condition: str, *bound: object) -> None:
        wanted.append(condition)
        values.extend(bound)

    if which.community is not None:
        where("w.community = ?", which.community)
    if (which.since, which.until, which.tag) != (None, None, None):
        tables += " JOIN threads t USING(no)"
    if which.since is not None:
        where("t.first_at >= ?", which.since)
    if which.until is not None:
        where("t.first_at < ?", which.until)
    if which.tag is not None:
        # The bytes are searched first: to parse a row takes a hundred times as long.
        where("instr(t.raw, ?)", orjson.dumps(which.tag))
        where(
            "EXISTS(SELECT 1 FROM json_each(CAST(t.raw AS TEXT), '$.tags') WHERE value = ?)",
            which.tag,
        )
    if as_of is not None:
        tables += " JOIN spans s USING(no)"
        where("s.last <= ?", as_of)
    return shown.rows(
        f"SELECT w.no, {metric}_status, {metric}_after, {metric}_by FROM {tables}"  # noqa: S608
        f" WHERE {' AND '.join(wanted) or 1}",  # Our own words; the metric is one of ours.
        *values,
    )


def _folded(shown: Shown, places: list[Place], how: How, *, tags: bool) -> Iterator[Again | None]:
    """Each of ``places``, those of a community one after the other."""
    communities = shown.communities()
    for name, those in groupby(places, key=_community):
        folding = Folding(name, people(shown, communities[name]), how)
        for place in those:
            events = _events(shown, place, how.as_of, tags=tags)
            yield folding.thread(split_key(place.key.encode())[1], events)


def _community(place: Place) -> str:
    return split_key(place.key.encode())[0]


def _events(shown: Shown, place: Place, as_of: int | None, *, tags: bool) -> list[Event]:
    """What was stated of a thread by then that can matter to its waits."""
    kinds = ", ".join(map(str, sorted(CHANGING | {EDITED} if tags else CHANGING)))
    found = shown.rows(
        "SELECT raw FROM events WHERE thread = ? AND off < ?"  # noqa: S608 (our own numbers)
        f" AND (kind = ? OR kind IN ({kinds}) AND ifnull(at <= ?, 1)) ORDER BY seq",
        place.number,
        shown.position.get(place.part, 0),
        ERASED,
        as_of,
    )
    return [decode(raw, where="") for (raw,) in found]


def _value(wait: Wait) -> WaitValue:
    if wait.status == "waiting":
        return WaitValue(wait.status, since=wait.since)
    if wait.status == "unknown":
        return WaitValue(wait.status)
    return WaitValue(wait.status, wait.after, wait.by)
