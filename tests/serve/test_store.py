"""The store: however the records come in, whenever it is stopped, the tables are the same."""

from __future__ import annotations

import pickle
from collections import deque
from contextlib import closing
from itertools import cycle, repeat
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stream.codec.cuts import Cut, encode_cut
from stream.serve import log, numbers
from stream.serve import tables as written
from stream.serve.changes import ViewReader
from stream.serve.numbers import Numbers
from stream.serve.schema import open_reader, open_writer
from stream.serve.store import VIEWS, Store
from stream.serve.tables import Tables, Written
from tests.laws.stories import broad, crowded
from tests.serve.storing import Storing
from tests.serve.world import Record, World
from tests.story import HOUR, answered, asked, commented, progressed

if TYPE_CHECKING:
    from tests.serve.world import Place

TABLES = {
    "events": "SELECT part, off, kind, at, raw FROM events",
    "threads": "SELECT key, part, state, first_at, raw FROM threads",
    "waits": "SELECT key, w.* FROM waits w JOIN names USING(no)",
    "waited": "SELECT c.name, metric, status, low, high, n FROM waited w"
    " JOIN communities c ON c.no = w.community WHERE n > 0",
    "spans": "SELECT key, s.first, s.last, edited, aliased FROM spans s JOIN names USING(no)",
    "items": "SELECT key, item, at, author, i.raw FROM items i JOIN names ON no = thread",
    "replies": "SELECT key, item, r.raw FROM replies r JOIN names ON no = thread",
    "activity": "SELECT c.name, a.* FROM activity a JOIN communities c ON c.no = community",
    "people": "SELECT key, part, raw FROM people",
    "clock": "SELECT c.name, part, until, seen FROM clock JOIN communities c ON c.no = community",
    "cuts": "SELECT part, off FROM cuts",
    "pending": "SELECT * FROM pending",
}
NUMBERS = {"no", "community"}
MEMORY = Path(":memory:")


def tables(db):
    """Every table without the numbers that differ with the order of first sight."""
    found = {}
    for name, query in TABLES.items():
        rows = db.execute(query)
        kept = [n for n, column in enumerate(rows.description) if column[0] not in NUMBERS]
        found[name] = sorted(repr([row[n] for n in kept]) for row in rows.fetchall())
    return found


def told(seed, *, rounds=3):
    """A world that has been worked on some times."""
    rng = Random(seed)  # noqa: S311 (a story, no secret)
    world = World()
    for _ in range(rounds):
        world.publish(*broad(rng), *crowded(rng), progressed(rng.randint(0, 9) * HOUR))
        world.work()
    return world


def followed(world, sizes=(1_000,), order=None, **more):
    """The tables that come of it."""
    with closing(open_writer(MEMORY)) as db:
        store = Storing(db, partitions=world.partitions, **more)
        for batch, positions in world.batches({}, cycle(sizes), order):
            store.apply(batch, positions)
        return tables(db)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.lists(st.integers(1, 60), min_size=1, max_size=7), st.randoms())
def test_in_whatever_batches_and_order_of_topics_the_tables_are_the_same(seed, sizes, rng):
    world = told(seed)
    order = list(world.ends())
    rng.shuffle(order)
    assert followed(world, sizes=sizes, order=order) == followed(world)


def in_step(world, store, most):
    """Batch after batch of what the store wants; the last ones have all there is."""
    at: dict[Place, int] = {}
    while any(at.get(place, 0) < end for place, end in world.ends().items()):
        wanted = store.wanted(most)
        batch = {}
        for place, count in wanted.items():
            start = at.get(place, 0)
            batch[place] = world.topics[place][start : start + count]
            at[place] = start + len(batch[place])
        assert any(batch.values())
        yield batch, dict(at)


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(1, 200))
@example(1, 200)
def test_read_in_step_nothing_waits_for_long_and_all_is_shown(seed, most):
    world = told(seed)
    with closing(open_writer(MEMORY)) as db:
        store = Storing(db, partitions=world.partitions, waiting_max=0)
        for batch, positions in in_step(world, store, most):
            store.apply(batch, positions)
            if most == 200:  # More than any cut here needs.
                assert db.execute("SELECT count(*) FROM pending").fetchone() == (0,)
        assert tables(db) == followed(world)
    assert store.wanted(most)["events", 0] == most  # Whatever comes next.


def test_cuts_from_before_the_start_are_read_before_any_view(served):
    served.store.cuts_from = {0: 3, 1: 0, 2: 0}
    assert [topic for topic, part in served.store.wanted(10) if part == 0] == ["progress"]
    assert ("items", 1) in served.store.wanted(10)


@pytest.mark.parametrize("most", [1, 100, 20_000])
def test_of_what_is_early_little_is_read_and_only_after_a_while(served, most):
    served.store.cuts_from = {0: 3, 1: 3, 2: 3}  # They are slow to come.
    cuts = {("progress", part): most for part in range(3)}
    assert served.store.wanted(most) == served.store.wanted(most, waited_s=0.9) == cuts
    places = {(topic, part) for topic in ("events", "progress", *VIEWS) for part in range(3)}
    little = served.store.wanted(most, waited_s=1.1)
    assert set(little) == places
    assert all(little.values())
    assert sum(little.values()) <= max(most, len(places))


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(1, 30))
def test_what_waits_in_the_database_shows_as_what_waits_in_memory(seed, size):
    world = told(seed)
    progress_last = sorted(world.ends(), key=lambda place: place[0] == "progress")
    with pytest.MonkeyPatch.context() as slow:
        slow.setattr(written, "READ_AT_ONCE", 2)
        spilling = followed(world, sizes=[size], order=progress_last, waiting_max=3)
    assert spilling == followed(world)


@pytest.mark.parametrize(
    ("view", "key"),
    [
        ("threads", b"c.example/t1"),
        ("items", b"c.example/t1/q"),
        ("replies", b"c.example/t1/q"),
        ("activity", b"c.example/2017-04-24T12:45:00.000Z"),
        ("people", b"c.example/#7"),
    ],
)
def test_all_that_is_named_by_what_waits_in_the_database_has_its_number(view, key):
    with closing(open_writer(MEMORY)) as db:
        threads, communities = Numbers(db, "names", "key"), Numbers(db, "communities", "name")
        ViewReader(threads, communities).number(view, 0, [key])
        assert communities.fresh() == [(1, "c.example")]
        of_thread = view in {"threads", "items", "replies"}
        assert threads.fresh() == ([(1, "c.example/t1")] if of_thread else [])


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(1, 60), st.sampled_from([3, 100_000]))
def test_what_is_made_while_those_before_are_not_written_yet_is_the_same(
    tmp_path_factory, seed, size, spills
):
    world = told(seed)
    path = tmp_path_factory.mktemp("beside") / "views.db"
    with closing(open_writer(path)) as db, closing(open_reader(path)) as asked:
        writing, begun = Tables(db), deque[Written]()
        with pytest.MonkeyPatch.context() as forgetful:
            forgetful.setattr(numbers, "REMEMBERED_MAX", 2)
            forgetful.setattr(log, "REMEMBERED_MAX", 2)
            store = Store(asked, partitions=world.partitions, waiting_max=spills)
            for batch, positions in world.batches({}, repeat(size)):
                begun.append(store.made(batch, positions))
                while len(begun) > (0 if store.alone else numbers.UNDER_WAY):
                    writing.write(pickle.loads(pickle.dumps(begun.popleft())))  # noqa: S301 (ours)
            while begun:
                writing.write(begun.popleft())
        assert tables(db) == followed(world)


def test_events_that_were_stored_are_not_stored_again(served):
    served.world.publish(asked(), answered(after=HOUR))
    served.world.work()
    served.follow()
    part = served.world.part()
    again = served.world.topics["events", part]
    served.store.apply({("events", part): again}, {("events", part): len(again)})
    assert served.db.execute("SELECT count(*) FROM events").fetchone() == (len(again),)


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(1, 40), st.data())
def test_stopped_anywhere_it_goes_on_without_loss_or_repetition(tmp_path_factory, seed, size, data):
    world = told(seed)
    path = tmp_path_factory.mktemp("stopped") / "views.db"
    spills = data.draw(st.sampled_from([3, 50_000]))
    for _ in range(4):
        db = open_writer(path)
        store = Storing(db, partitions=world.partitions, waiting_max=spills)
        batches = list(world.batches(store.positions(), repeat(size)))
        for batch, positions in batches[: data.draw(st.integers(0, len(batches)))]:
            store.apply(batch, positions)
        db.close()  # All that it holds in memory is gone.
    db = open_writer(path)
    store = Storing(db, partitions=world.partitions)
    for batch, positions in world.batches(store.positions(), repeat(size)):
        store.apply(batch, positions)
    assert tables(db) == followed(world)
    db.close()


def test_records_without_a_cut_are_not_seen(served):
    served.world.publish(asked(), answered(after=HOUR))
    served.world.work()
    part = served.world.part()
    cuts = served.world.topics.pop(("progress", part))
    served.follow()
    assert served.db.execute("SELECT count(*) FROM threads").fetchone() == (0,)
    assert served.db.execute("SELECT count(*) FROM events").fetchone() == (2,)

    served.world.topics["progress", part] = cuts
    served.follow()
    assert served.db.execute("SELECT state FROM threads").fetchall() == [("answered",)]


def test_what_lies_behind_a_cut_waits_for_the_next(served):
    served.world.publish(asked())
    served.world.work()
    served.world.publish(answered(after=HOUR))
    served.world.work()
    part = served.world.part()
    newest = served.world.topics["progress", part].pop()
    served.follow()
    assert served.db.execute("SELECT state FROM threads").fetchall() == [("waiting",)]
    assert served.db.execute("SELECT count(*) FROM items").fetchone() == (1,)

    served.world.topics["progress", part].append(newest)
    served.follow()
    assert served.db.execute("SELECT state FROM threads").fetchall() == [("answered",)]
    assert served.db.execute("SELECT count(*) FROM items").fetchone() == (2,)


def test_a_cut_from_before_the_start_is_not_shown_until_the_newest_of_then_is_read(served):
    """Compaction may have taken what the older one covered."""
    world = served.world
    world.publish(asked())
    world.work()
    world.publish(answered(after=HOUR))
    world.work()
    part = world.part()
    views = {view: world.end(view, part) for view in ("items", "threads", "activity")}
    served.store.cuts_from = {part: 2}
    first, second = world.topics["progress", part]
    rest = {view: world.topics[view, part] for view in views}
    served.store.apply(
        {("events", part): world.topics["events", part], ("progress", part): [first]}
        | {(view, part): records for view, records in rest.items()},
        {("events", part): 2, ("progress", part): 1} | {(v, part): n for v, n in views.items()},
    )
    assert served.db.execute("SELECT count(*) FROM threads").fetchone() == (0,)
    served.store.apply({("progress", part): [second]}, {("progress", part): 2})
    assert served.db.execute("SELECT state FROM threads").fetchall() == [("answered",)]


def test_a_tombstone_takes_its_row_away(served):
    served.world.publish(asked(), commented("q.c1", mentions=("Ann",), after=HOUR))
    served.world.work()
    served.follow()
    assert served.db.execute("SELECT count(*) FROM replies").fetchone() == (1,)

    part = served.world.part()
    served.world.append("replies", part, served.world.topics["replies", part][0].key, None)
    views = {"replies": served.world.end("replies", part)}
    cut = Cut(partition=part, offset=served.world.end("events", part), views=views)
    served.world.append("progress", part, b"%d" % part, encode_cut(cut))
    served.follow()
    assert served.db.execute("SELECT count(*) FROM replies").fetchone() == (0,)


def test_what_nobody_can_read_is_passed_over_and_the_rest_goes_on(served, caplog):
    served.world.publish(asked())
    part = served.world.part()
    key = served.world.topics["events", part][0].key
    elsewhere = Record(1, b"other/thread", served.world.topics["events", part][0].value)
    garbage = [elsewhere, Record(2, key, b"{"), Record(3, None, b"x"), Record(4, key, None)]
    served.store.apply({("events", part): garbage}, {("events", part): 5})
    served.store.apply({("progress", part): [Record(0, b"0", b"no cut")]}, {})
    assert "passed over: progress" in caplog.text
    assert served.db.execute("SELECT count(*) FROM events").fetchone() == (0,)
    assert served.store.positions()["events", part] == 5
