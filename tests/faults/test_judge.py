"""A judge who finds nothing is worth something only if he finds what is planted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

import pytest

from stream.codec.cuts import Cut, cut_key, encode_cut
from stream.codec.events import encode
from stream.codec.keys import quoted
from stream.core.position import Position
from stream.kafka.topics import VIEWS, Topics
from tests.faults import judge, judge_served, reference, witness
from tests.faults.community import Community
from tests.faults.witness import Said

if TYPE_CHECKING:
    from collections.abc import Callable

Log = list[tuple[bytes | None, bytes | None]]
NAMES = Topics("judged")
COMMUNITY = Community(seed=3, threads=20)
WANTED = COMMUNITY.rows(1)


class Record(NamedTuple):
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()


def numbered(pairs):
    return [Record(offset, key, value) for offset, (key, value) in enumerate(pairs)]


def logged():
    """The archive as one replay publishes it into one partition."""
    community = quoted(COMMUNITY.name).encode()
    order = sorted(COMMUNITY.encoded, key=lambda event: (event.at, event.rank, event.id))
    finished = encode(COMMUNITY.finished)
    return [(event.key or community, event.value) for event in [*order, finished]]


def right_rows():
    rows: dict[str, Log] = {view: [] for view in VIEWS}
    for (view, _, key), value in WANTED.items():
        rows[view].append((key, value))
    return rows


def read(log=None, told=None, rows=None):
    """Topics in which all is well, but for what is given."""
    log = logged() if log is None else log
    rows = right_rows() if rows is None else rows
    views = {view: len(pairs) for view, pairs in rows.items()}
    told = [Cut(partition=0, offset=len(log), views=views)] if told is None else told
    records = {(NAMES.view(view), 0): numbered(pairs) for view, pairs in rows.items() if pairs}
    records[NAMES.events, 0] = numbered(log)
    records[NAMES.progress, 0] = numbered((cut_key(0), encode_cut(cut)) for cut in told)
    return judge.Read(NAMES, records)


def problems_of_log(log, replays=1):
    return list(judge.log(COMMUNITY, 1, read(log), replays))


def test_where_all_is_well_nothing_is_found():
    assert problems_of_log(logged()) == []
    assert list(judge.views(WANTED, read())) == []
    assert list(judge.cuts(read())) == []


LOG_FAULTS: dict[str, tuple[Callable[[Log], Log], str]] = {
    "an event is lost": (lambda log: [*log[:50], *log[51:]], "1 events before it are lost"),
    "two have changed places": (
        lambda log: [*log[:50], log[51], log[50], *log[52:]],
        "1 events before it are lost",
    ),
    "one is there twice": (lambda log: [*log[:50], *log[49:]], "is 2 pieces"),
    "some are there twice": (
        lambda log: [*log[:50], *log[40:]],
        "they begin at offset 0 at event 0, 0 again; offset 50 at event 40, 10 again",
    ),
    "the end is missing": (lambda log: [*log[:-9], log[-1]], "says that all is there"),
    "the end is missing, and nobody claims it": (lambda log: log[:-9], "8 events before"),
    "a stranger is among them": (
        lambda log: [*log[:50], (b"k", Community(seed=4, threads=1).encoded[0].value), *log[50:]],
        "which nobody published",
    ),
}


@pytest.mark.parametrize(("plant", "found"), LOG_FAULTS.values(), ids=LOG_FAULTS)
def test_what_is_wrong_with_a_log_is_found(plant, found):
    assert found in "\n".join(problems_of_log(plant(logged())))


def test_what_replays_have_published_again_is_not_wrong():
    log = logged()
    assert problems_of_log([*log[:80], *log[60:]], replays=2) == []
    assert problems_of_log([*log[:80], *log[60:90], *log[90:]], replays=2) == []
    assert problems_of_log([*log[:80], *log[81:]], replays=2) != []


def changed(row):
    key, value = row
    return key, value.replace(b'"', b"'", 1)


@pytest.mark.parametrize(
    "plant",
    [
        pytest.param(lambda rows: rows[:-1], id="missing"),
        pytest.param(lambda rows: [*rows, (b"c/t/x", b"{}")], id="too many"),
        pytest.param(lambda rows: [*rows, changed(rows[0])], id="overwritten"),
        pytest.param(lambda rows: [*rows, (rows[0][0], None)], id="deleted"),
    ],
)
@pytest.mark.parametrize("view", VIEWS)
def test_a_row_that_is_not_the_folds_is_found(view, plant):
    rows = right_rows()
    rows[view] = plant(rows[view])
    assert len(list(judge.views(WANTED, read(rows=rows)))) == 1


def cut(offset, **views):
    return Cut(partition=0, offset=offset, views={**dict.fromkeys(VIEWS, 10**6), **views})


END = len(logged())


@pytest.mark.parametrize(
    ("told", "found"),
    [
        pytest.param([cut(9), cut(5), cut(END)], "a cut at 5 follows one at 9", id="back"),
        pytest.param([cut(9), cut(9), cut(END)], "a cut at 9 follows one at 9", id="twice"),
        pytest.param([cut(9), cut(END, items=999)], "items goes back", id="a view"),
        pytest.param([cut(9)], f"the last cut is 9, the log ends at {END}", id="not the end"),
        pytest.param([cut(END, items=1)], "items has records behind the last cut", id="behind"),
    ],
)
def test_what_is_wrong_with_cuts_is_found(told, found):
    assert found in "\n".join(judge.cuts(read(told=told)))


def test_a_stream_that_lacks_or_repeats_is_found(tmp_path):
    wanted = judge_served.streamed(read(), 1)
    lines = [value for _, value in logged()]
    out = tmp_path / "tail.out"
    out.write_bytes(b"\n".join(lines) + b"\n")
    assert list(judge_served.stream(wanted, out)) == []
    out.write_bytes(b"\n".join([*lines[1:], lines[5]]) + b"\n")
    assert list(judge_served.stream(wanted, out)) == ["the stream lacks 1 events and repeats 1"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return reference.made(COMMUNITY, 1, tmp_path_factory.mktemp("judged") / "views.sqlite")


@pytest.fixture
def disturbed(undisturbed, tmp_path):
    """A copy, to plant something in."""

    def planted(statement):
        path = tmp_path / "views.sqlite"
        with closing(sqlite3.connect(undisturbed)) as db, closing(sqlite3.connect(path)) as copy:
            db.backup(copy)
            with copy:
                assert copy.execute(statement).rowcount
        return path

    return planted


def read_by(database):
    """The log that a service has followed."""
    with closing(sqlite3.connect(database)) as db:
        events = db.execute("SELECT off, raw FROM events ORDER BY off").fetchall()
    return judge.Read(NAMES, {(NAMES.events, 0): [Record(off, b"", raw) for off, raw in events]})


def test_a_database_that_nothing_has_disturbed_is_as_it_must_be(undisturbed):
    assert list(judge_served.database(undisturbed, undisturbed, read_by(undisturbed))) == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE threads SET state = 'closed' WHERE no = 1", "the table threads has"),
        ("UPDATE waits SET first_answer_after = 7 WHERE no = 1", "the table waits has"),
        ("UPDATE waited SET n = n + 1 WHERE metric = 1 AND n = 1", "the table waited lacks"),
        ("DELETE FROM waited WHERE metric = 1", "the table waited lacks"),
        ("UPDATE spans SET last = last - 1 WHERE no = 1", "the table spans lacks"),
        ("DELETE FROM items WHERE thread = 1", "the table items lacks"),
        ("DELETE FROM replies WHERE thread = 1", "the table replies lacks"),
        ("UPDATE activity SET comments = comments + 1", "the table activity lacks"),
        ("DELETE FROM people", "the table people lacks"),
        ("UPDATE clock SET seen = seen + 1", "the table clock lacks"),
        ("DELETE FROM changed WHERE day % 7 = 0", "never changed"),
        ("DELETE FROM events WHERE seq = 5", "lacks 1 records of the log, and has 0 others"),
        ("INSERT INTO pending VALUES(0, 'items', 9, x'', x'')", "wait for a cut"),
    ],
)
def test_a_row_of_the_database_that_is_not_right_is_found(undisturbed, disturbed, statement, found):
    spoilt = disturbed(statement)
    assert found in "\n".join(judge_served.database(spoilt, undisturbed, read_by(undisturbed)))


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE waited SET n = n + 1 WHERE metric = 1", "/v1/latency?metric=first_answer"),
        ("UPDATE waits SET first_answer_after = 7, first_answer_by = 7", "&since="),
        ("UPDATE waits SET first_answer_after = 7, first_answer_by = 7", "&tag="),
        ("UPDATE spans SET first = first + 1000000000", "&as_of="),
        ("UPDATE items SET author = 'somebody' WHERE thread % 2", "/v1/activity"),
        ("DELETE FROM events WHERE seq % 9 = 0", "?as_of="),
        ("DELETE FROM replies", "/replies?policy=mention-latest"),
        ("DELETE FROM replies", "/replies?policy=mention-addressed"),
        ("DELETE FROM replies", "/replies?policy=implicit"),
    ],
)
async def test_an_answer_that_is_not_right_is_found(undisturbed, disturbed, statement, found):
    async with (
        reference.service(1, undisturbed) as wanted,
        reference.service(1, disturbed(statement)) as service,
    ):
        assert found in "\n".join(await judge_served.differing(COMMUNITY, wanted, service))


async def test_answers_of_the_same_rows_are_the_same(undisturbed):
    async with (
        reference.service(1, undisturbed) as wanted,
        reference.service(1, undisturbed) as service,
    ):
        assert await judge_served.differing(COMMUNITY, wanted, service) == []


def said(thread, offset, **fields):
    body = {"title": "Whose?", "waits": {}, "items": [], **fields}
    return Said(thread, Position({0: offset}), body)


def test_an_answer_that_is_not_the_fold_up_to_its_position_is_found():
    thread = next(key for key, _ in logged() if key != quoted(COMMUNITY.name).encode())
    first = next(n for n, (key, _) in enumerate(logged(), start=1) if key == thread)
    early = list(witness.untrue([said(thread, first - 1)], read(), 1))
    assert "it was not there yet" in early[0]
    other = "\n".join(witness.untrue([said(thread, first)], read(), 1))
    assert "title" in other
    assert "its items were []" in other


def test_an_answer_that_stands_before_an_earlier_one_is_found():
    assert list(witness.backwards([said(b"t", 5), said(b"t", 5), said(b"t", 9)])) == []
    assert len(list(witness.backwards([said(b"t", 5), said(b"t", 4)]))) == 1
