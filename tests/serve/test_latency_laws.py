"""Waits as of any moment, with and without robots and aliases, are those of a fold of it all.

The fold is the clean one of the laws, which has nothing in common with what serve runs.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.codec.events import identified
from stream.codec.times import read_time
from stream.core import events as e
from stream.core.latency import WaitValue
from stream.core.waits import METRICS
from stream.core.when import ms
from stream.serve.again import How
from stream.serve.schema import open_reader
from stream.serve.shown import Shown, Views
from stream.serve.waited import Waited, Which
from tests import story as s
from tests.laws import stories
from tests.laws.clean import collect, thread_row
from tests.laws.clean_people import People
from tests.laws.clean_replies import Replies
from tests.serve.conftest import Served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.laws.clean import Facts

PEOPLE = ("Ann", "Bob", "Cy", "Dee", "Eve")


def naming(rng: Random) -> list[e.Event]:
    """Few items, and much that is stated of who is who, what is there and what it is about."""
    minutes = iter(rng.sample(range(90), 30))

    def when(*, here: bool = True) -> s.Told:
        where: s.Told = {"thread": s.THREAD} if here else {}
        return {"after": next(minutes) * s.MINUTE, **where}

    def some(most: int) -> range:
        return range(rng.randint(0, most))

    items = ["a1", "a2", "q.c1", "q.c2"]
    return [
        s.asked(rng.choice(PEOPLE), tags=rng.choice([(), ("x",)]), **when()),
        *(s.answered(item, rng.choice(PEOPLE), **when()) for item in items[:2]),
        *(s.commented(item, rng.choice(PEOPLE), **when()) for item in items[2:]),
        *(s.aliased(*rng.sample(PEOPLE, 2), **when(here=False)) for _ in some(4)),
        *(s.aliased(*rng.sample(PEOPLE, 2), **when()) for _ in some(2)),
        *(s.flagged(rng.choice(PEOPLE), **when(here=False)) for _ in some(2)),
        *(s.deleted(rng.choice(items), **when()) for _ in some(3)),
        *(s.restored(rng.choice(items), **when()) for _ in some(2)),
        *(s.edited("q", revision=str(n), tags=("y", "x")[: n % 3], **when()) for n in some(3)),
    ]


COMMUNITIES = {
    "b.example": stories.broad,
    "c.example": stories.crowded,
    "e/e": stories.erasing,
    "n.example": naming,
}


class Then(NamedTuple):
    """What a thread was."""

    community: str
    first_at: int
    tags: list[str]
    waits: dict[str, Any]
    by_robot: bool


def told(rng: Random) -> list[e.Event]:
    """A story in each of some communities, of a few threads."""
    events = []
    for community, make in COMMUNITIES.items():
        for n in range(rng.randint(1, 3)):
            for event in make(rng):
                thread = event.subject and f"{event.subject}.{n}"
                moved = msgspec.structs.replace(event, source=community, subject=thread)
                events.append(identified(moved))
    rng.shuffle(events)
    return events


def truth(events: list[e.Event], how: How) -> Iterator[Then]:
    """Every thread, by the clean fold of what was stated by then."""
    known = [
        event
        for event in {(type(x), x.id): x for x in events}.values()
        if how.as_of is None or ms(event.time) <= how.as_of or isinstance(event, e.PersonErased)
        if how.aliases or not isinstance(event, e.PersonAliased)
    ]
    for community, subject in sorted({(x.source, x.subject) for x in known if x.subject}):
        wide = [x for x in known if x.source == community and not x.subject]
        those = [x for x in known if (x.source, x.subject) == (community, subject)]
        facts = collect(those, People([*those, *wide]))
        written = [] if how.robots else facts.robots_items()
        by_robot = root(facts) in written
        if written and not by_robot:
            those = [x for x in those if getattr(x.data, "item", None) not in written]
            facts = collect(those, People([*those, *wide]))
        row = thread_row(facts, Replies(facts))
        if row["first_at"] is not None:
            first_at = read_time(row["first_at"])
            yield Then(community, first_at, row["tags"], row["waits"], by_robot)


def root(facts: Facts) -> str | None:
    found = [
        item
        for item in facts.items.values()
        if item.kind in ("question", "post") and item.on is None
    ]
    return min(found, key=lambda item: item.key).id if found else None


def value(wait: dict[str, Any]) -> WaitValue:
    if wait["status"] == "waiting":
        return WaitValue("waiting", since=read_time(wait["since"]))
    if "ms" in wait:
        return WaitValue("observed", wait["ms"], wait["ms"])
    return WaitValue(wait["status"], wait.get("after_ms"), wait.get("by_ms"))


def wanted(threads: list[Then], metric: str, which: Which, community: str | None) -> Counter[Any]:
    return Counter(
        WaitValue("robot") if thread.by_robot else value(thread.waits[metric])
        for thread in threads
        if thread.waits[metric] is not None
        if community in (None, thread.community)
        if which.since is None or which.since <= thread.first_at
        if which.until is None or thread.first_at < which.until
        if which.tag is None or which.tag in thread.tags
    )


def whiches(rng: Random, shown: Shown, moments: list[int]) -> list[tuple[str | None, Which]]:
    """Some of the questions that may be asked, and the community that each is about."""
    since, until = rng.choice(moments), rng.choice(moments) + 1
    asked: list[tuple[str | None, Which]] = [
        (None, Which()),
        (None, Which(since=since, until=until)),
        (None, Which(tag=rng.choice(["x", "y", "rust"]))),
    ]
    for name, number in shown.communities().items():
        asked += [(name, Which(number)), (name, Which(number, since=since, tag="x"))]
    return rng.sample(asked, 3)


@settings(max_examples=60)
@given(rng=st.integers(0, 2**32 - 1).map(Random))
def test_waits_are_those_of_a_fold_of_what_had_been_stated(rng: Random):
    with TemporaryDirectory() as folder:
        served = Served(Path(folder) / "views.db")
        events = told(rng)
        at = rng.randint(0, len(events)) if rng.random() < 0.3 else len(events)
        served.world.publish(*events[:at])
        served.world.work()
        served.world.publish(*events[at:])  # Of these the views know nothing yet.
        served.follow()
        served.db.close()
        moments = [ms(event.time) for event in events]
        db = open_reader(Path(folder) / "views.db")
        with Views(db).shown() as shown:
            check(rng, shown, events[:at], moments)
        db.close()


def check(rng: Random, shown: Shown, events: list[e.Event], moments: list[int]) -> None:
    waited = Waited(kept_max=rng.choice([1, 1_000]))
    for as_of in (None, *(rng.choice(moments) - rng.randint(0, 1) for _ in range(3))):
        for robots in (True, False):
            for aliases in (True, False):
                how = How(as_of, robots, aliases)
                threads = list(truth(events, how))
                for community, which in whiches(rng, shown, moments):
                    for metric in METRICS:
                        found = Counter(waited.values(shown, metric, which, how))
                        assert found == wanted(threads, metric, which, community), (metric, how)
