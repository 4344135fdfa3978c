"""What is counted once and remembered is, at any moment, what the rows themselves add up to."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing
from functools import partial
from itertools import pairwise, repeat
from random import Random
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.codec.cuts import Cut, cut_key, encode_cut
from stream.codec.events import identified
from stream.codec.times import stamp
from stream.core.activity import QUARTER_MS, Counts, quarter, starts
from stream.core.latency import tally_of
from stream.core.waits import METRICS
from stream.serve import tallied, tallies
from stream.serve.counted import Counted
from stream.serve.rows import wait_values
from stream.serve.schema import COUNTS, make, open_reader, open_writer
from stream.serve.shown import Views
from stream.serve.tallied import Tallied
from tests.buckets import buckets
from tests.laws.stories import broad, crowded, erasing
from tests.serve.storing import Storing
from tests.serve.world import World
from tests.story import DAY, NOON, answered, asked, commented, edited

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stream.serve.shown import Shown
    from tests.serve.world import Place

COMMUNITIES = ("a.example", "b.example")
SEED = Random(1)  # noqa: S311 (a story, no secret)
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "Asia/Kolkata")]


class Remembering(NamedTuple):
    """What an API process holds."""

    tallied: Tallied
    counted: Counted


def told(rng: Random, rounds: int = 3) -> World:
    """Stories in two communities; between them, rows of every view are taken away."""
    world = World(partitions=2)
    for _ in range(rounds):
        for community in COMMUNITIES:
            make_up = rng.choice([broad, crowded, erasing])
            moved = partial(msgspec.structs.replace, source=community)
            world.publish(*(identified(moved(event)) for event in make_up(rng)))
        world.work()
        for part in range(world.partitions):
            bury(world, rng, part)
    return world


def bury(world: World, rng: Random, part: int) -> None:
    """Tombstones for some rows of a partition, in a cut of their own."""
    for view in ("threads", "items", "activity"):
        keys = sorted({key for _, key, _ in world.topics[view, part] if key})
        for key in rng.sample(keys, min(len(keys), rng.randint(0, 2))):
            world.append(view, part, key, None)
    displace(world, rng, part)
    views = {view: world.end(view, part) for view in ("threads", "items", "activity")}
    end = world.end("events", part)
    world.append(
        "progress", part, cut_key(part), encode_cut(Cut(partition=part, offset=end, views=views))
    )


def displace(world: World, rng: Random, part: int) -> None:
    """An item's row that says another time and author, whatever the activity says."""
    rows = [(key, value) for _, key, value in world.topics["items", part] if value]
    for key, value in rng.sample(rows, min(len(rows), 2)):
        item = orjson.loads(value)
        item["when"] = {"at": stamp(NOON + rng.randint(-3, 3) * DAY)}
        item["author"] = {"name": rng.choice(["Zoe", "Zed"])}
        world.append("items", part, key, orjson.dumps(item))


def steps(path: Path, world: World, rng: Random) -> Iterator[None]:
    """Follow, batch by batch; now and then it is killed, or made to begin anew."""
    spills = rng.choice([3, 100_000])
    at: dict[Place, int] = {}
    for life in range(4):
        with closing(open_writer(path)) as db:
            store = Storing(db, partitions=world.partitions, waiting_max=spills)
            at, size = store.positions(), rng.randint(1, 40)
            for batch, positions in world.batches(at, repeat(size)):
                if life < 3 and rng.random() < 0.1:
                    break
                if life < 3 and rng.random() < 0.1 and not killed(db, store, batch, positions, rng):
                    break
                store.apply(batch, positions)
                yield
            if life == 1 and rng.random() < 0.5:
                db.execute("BEGIN IMMEDIATE")
                make(db)
                db.execute("COMMIT")
                yield


def killed(db, store, batch, positions, rng):
    """A transaction that ends in the middle: all of it is gone. Whether it was over before."""
    left = rng.randint(1, 30)

    def stop() -> bool:
        nonlocal left
        left -= 1
        return bool(left < 0)

    db.set_progress_handler(stop, 50)
    try:
        store.apply(batch, positions)
    except sqlite3.OperationalError:
        return False
    finally:
        db.set_progress_handler(None, 0)
    return True


def check(shown: Shown, remembering: Remembering, rng: Random) -> None:
    numbers = list(shown.communities().values())
    for those in ([], numbers, *([number] for number in numbers)):
        for metric in rng.sample(METRICS, 2):
            assert remembering.tallied.tally(shown, metric, those) == plain(shown, metric, those)
        bucket, zone = rng.choice(["15m", "hour", "day", "week", "month"]), rng.choice(ZONES)
        check_counts(shown, remembering.counted, those, bucket, zone)


def plain(shown: Shown, metric: str, those: list[int]):
    columns = f"{metric}_status, {metric}_after, {metric}_by"
    found = shown.rows(f"SELECT community, {columns} FROM waits")  # noqa: S608
    return tally_of(wait_values(row for number, *row in found if number in those))


def check_counts(shown: Shown, counted: Counted, those: list[int], bucket: str, zone) -> None:
    activity = [row for row in shown.rows("SELECT * FROM activity") if row[0] in those]
    items = shown.rows("SELECT community, at, author FROM items WHERE author IS NOT NULL")
    times = [row[1] for row in activity] + [at for number, at, _ in items if number in those]
    if not times:
        return
    first, end = quarter(min(times)), quarter(max(times)) + QUARTER_MS
    first = max(first, end - 40 * 96 * QUARTER_MS) if bucket in {"15m", "hour"} else first
    begins = starts(first, end, bucket, zone)
    windows = list(pairwise([first, *begins[1:], end]))
    quarters = [(start, Counts(*counts)) for _, start, _, *counts in activity]
    rows = buckets(quarters, bucket=bucket, zone=zone, since=first, until=end)
    people = [
        len({(no, who) for no, at, who in items if no in those and since <= at < until})
        for since, until in windows
    ]
    wanted = list(zip([row.counts for row in rows], people, strict=True))
    assert counted.counts(shown, those, windows) == wanted


@settings(max_examples=60)
@given(rng=st.integers(0, 2**32 - 1).map(Random))
def test_at_any_moment_it_is_what_the_rows_add_up_to(tmp_path_factory, rng):
    path = tmp_path_factory.mktemp("remembered") / "views.db"
    open_writer(path).close()
    remembering = Remembering(
        Tallied(kept_max=rng.choice([0, 5, 1_000])), Counted(kept_max=rng.choice([1, 1_000]))
    )
    with (
        pytest.MonkeyPatch.context() as forgetful,
        closing(open_reader(path)) as db,
        closing(open_reader(path)) as slow,
    ):
        told_for = rng.choice([1, 3, 500])
        forgetful.setattr(tallies, "TOLD", told_for)
        forgetful.setattr(tallied, "TOLD", told_for)
        with ExitStack() as earlier:
            before = earlier.enter_context(Views(slow).shown())
            for _ in steps(path, told(rng), rng):
                if rng.random() < 0.3:
                    with Views(db).shown() as shown:
                        check(shown, remembering, rng)
                    check(before, remembering, rng)
                    earlier.close()
                    before = earlier.enter_context(Views(slow).shown())
        with Views(db).shown() as shown:
            check(shown, remembering, rng)


def test_who_asks_of_an_earlier_moment_is_told_of_that(served):
    """Two threads answer, and the one that began first may be the last to ask."""
    remembering = Remembering(Tallied(), Counted())
    served.world.publish(asked(author="Ann"))
    served.world.work()
    served.follow()
    with (
        closing(open_reader(served.database)) as early,
        closing(open_reader(served.database)) as db,
        Views(early).shown() as before,
    ):
        assert tally(before, remembering).since
        served.world.publish(answered("a1", author="Bob", after=DAY))
        served.world.work()
        served.follow()
        for _ in range(2):
            with Views(db).shown() as shown:
                assert tally(shown, remembering).observed == {DAY: 1}
                check(shown, remembering, SEED)
            assert not tally(before, remembering).observed
            check(before, remembering, SEED)


def test_more_and_more_threads_wait_as_long_as_each_other(served):
    remembering = Remembering(Tallied(), Counted())
    for many in (1, 2, 3):
        served.world.publish(asked(thread=f"t{many}"), answered(thread=f"t{many}", after=DAY))
        served.world.work()
        served.follow()
        with closing(open_reader(served.database)) as db, Views(db).shown() as shown:
            assert tally(shown, remembering).observed == {DAY: many}


def test_what_has_changed_is_found_without_going_through_all_waits(served):
    remembering = Remembering(Tallied(), Counted())
    statements: list[str] = []
    with closing(open_reader(served.database)) as db:
        for thread, after in (("t1", DAY), ("t2", 2 * DAY)):
            served.world.publish(asked(thread=thread), answered(thread=thread, after=after))
            served.world.work()
            served.follow()
            statements.clear()
            db.set_trace_callback(statements.append)
            with Views(db).shown() as shown:
                tally(shown, remembering)
            db.set_trace_callback(None)
        about = [each for each in statements if " waited " in each]
        plans = [db.execute(f"EXPLAIN QUERY PLAN {each}").fetchall()[0][-1] for each in about]
    assert len(plans) == 2, about
    for plan in plans:
        assert "COVERING INDEX waited_version" in plan
        assert "version>?" in plan


def tally(shown, remembering):
    return remembering.tallied.tally(shown, "first_answer", shown.communities().values())


def test_an_item_that_moves_is_missed_where_it_was(served):
    """An answer known by bounds stands where it is proved, until its own time is told."""
    counted = Counted()
    served.world.publish(asked(author="Ann"), answered("a1", author="Bob", between=(0, 3 * DAY)))
    served.world.work()
    served.follow()
    assert people(served, counted) == [1, 0, 0, 1]
    served.world.publish(answered("a1", author="Bob", after=DAY))
    served.world.work()
    served.follow()
    assert people(served, counted) == [1, 1, 0, 0]
    kept = served.world.topics["items", served.world.part()]
    assert len(kept) > 2, "the row was replaced"


def people(served, counted):
    with closing(open_reader(served.database)) as db, Views(db).shown() as shown:
        [[earliest]] = shown.rows("SELECT min(start) FROM activity")
        first = earliest - earliest % DAY
        windows = [(first + n * DAY, first + (n + 1) * DAY) for n in range(4)]
        found = counted.counts(shown, shown.communities().values(), windows)
    return [count for _, count in found]


def test_days_that_nothing_changes_are_not_counted_again(served):
    """However often they are asked about, and whatever else is written."""
    counted = Counted()
    served.world.publish(
        asked(author="Ann"), *(commented(f"q.c{n}", author="Bob", after=n * DAY) for n in range(9))
    )
    served.world.work()
    served.follow()
    with closing(open_reader(served.database)) as db:
        asking: list[str] = []
        db.set_trace_callback(asking.append)

        def counts() -> int:
            asking.clear()
            with Views(db).shown() as shown:
                [[earliest]] = shown.rows("SELECT min(start) FROM activity")
                days = [earliest - earliest % DAY + n * DAY for n in range(10)]
                counted.counts(shown, shown.communities().values(), list(pairwise(days)))
            return sum(query.count("],[") + 1 for query in asking if COUNTS[0] in query)

        assert (counts(), counts()) == (9, 0)
        served.world.publish(
            edited("q.c8", after=8 * DAY + 1), commented("q.c9", after=8 * DAY + 2)
        )
        served.world.work()
        served.follow()
        assert (counts(), counts()) == (1, 0)
