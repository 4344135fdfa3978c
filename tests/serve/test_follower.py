"""The follower on a real broker: killed, stopped, and on a log that was made anew."""

from __future__ import annotations

import asyncio
import fcntl
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stream.archive.generate import generate
from stream.errors import ServeError
from stream.kafka.topics import create
from stream.serve.follower import run
from stream.serve.follower_process import FAILED, order
from tests.faults.admin import delete_topics
from tests.process.harness import caught_up, folded, publish, workers
from tests.serve.test_store import tables
from tests.story import DAY, HOUR, answered, asked, commented, finished

if TYPE_CHECKING:
    from stream.config import Settings

pytestmark = pytest.mark.broker

ROWS = {
    "threads": "SELECT part, key, raw FROM threads",
    "items": "SELECT n.key, i.item, i.raw FROM items i JOIN names n ON n.no = i.thread",
    "replies": "SELECT n.key, r.item, r.raw FROM replies r JOIN names n ON n.no = r.thread",
}


@asynccontextmanager
async def following(settings: Settings, database: Path):
    task = asyncio.create_task(run(settings, database))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def shown(database: Path, position, *, within_s=60.0):
    """A connection to the database, once its cuts cover ``position``."""
    deadline = time.monotonic() + within_s
    cuts: dict[int, int] = {}
    while True:
        if await asyncio.to_thread(database.exists):
            db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
            try:
                cuts = dict(db.execute("SELECT part, off FROM cuts").fetchall())
            except sqlite3.OperationalError:
                cuts = {}
            if all(cuts.get(part, 0) >= offset for part, offset in position.items()):
                return db
            db.close()
        assert time.monotonic() < deadline, f"{position} is not shown, only {cuts}"
        await asyncio.sleep(0.05)


@pytest.mark.long
async def test_killed_amid_a_replay_it_goes_on_and_its_rows_are_the_fold(settings, tmp_path):
    events = list(
        generate(
            threads=250,
            seed=7,
            since=datetime(2017, 4, 1, tzinfo=UTC),
            until=datetime(2017, 6, 1, tzinfo=UTC),
        )
    )
    database = tmp_path / "views.db"
    with workers(settings, tmp_path) as start:
        await create(settings)
        start()
        publishing = asyncio.create_task(_slowly(settings, events))
        for wait_s, whom in (
            (0.9, _itself),
            (1.2, _its_writer),
            (1.1, _itself),
            (0.9, _its_writer),
        ):
            with _follower(settings, database) as follower:
                await asyncio.sleep(wait_s)
                os.kill(await whom(follower), signal.SIGKILL)
                assert await asyncio.to_thread(follower.wait, 30) in (-signal.SIGKILL, FAILED)
        position = await publishing
        await caught_up(settings)
    async with following(settings, database):
        db = await shown(database, position)
    stopped = tables(db)
    wanted = await folded(settings)
    assert {key.encode(): raw for _, key, raw in db.execute(ROWS["threads"])} == _all(
        wanted, "threads"
    )
    for view in ("items", "replies"):
        found = {f"{key}/{item}".encode(): raw for key, item, raw in db.execute(ROWS[view])}
        assert found == _all(wanted, view)
    db.close()

    async with following(settings, tmp_path / "other.db"):
        db = await shown(tmp_path / "other.db", position)
    assert tables(db) == stopped
    db.close()


@pytest.mark.long
async def test_without_room_it_says_so_and_goes_on_where_it_was_once_there_is_some(
    settings, tmp_path, capfd
):
    since, until = datetime(2017, 4, 1, tzinfo=UTC), datetime(2017, 6, 1, tzinfo=UTC)
    events = list(generate(threads=150, seed=8, since=since, until=until))
    database = tmp_path / "views.db"
    with workers(settings, tmp_path) as start:
        await create(settings)
        start()
        position = await publish(settings, events)
        await caught_up(settings)
    for room in (450_000, 700_000):
        with _follower(settings, database, room=room) as follower:
            assert await asyncio.to_thread(follower.wait, 30) == FAILED
        assert f"follower: cannot write to {database}: " in capfd.readouterr().err
    found = []
    for path in (database, tmp_path / "other.db"):
        async with following(settings, path):
            db = await shown(path, position)
        found.append(tables(db))
        db.close()
    assert found[0] == found[1]


def _all(views, name):
    return {
        key: value
        for (view, _), rows in views.items()
        for key, value in rows.items()
        if view == name
    }


async def _slowly(settings, events):
    position: dict[int, int] = {}
    for start in range(0, len(events), 400):
        position |= await publish(settings, events[start : start + 400])
        await asyncio.sleep(0.1)
    return position


async def _itself(follower):
    return follower.pid


async def _its_writer(follower):
    await _until(lambda: _children(follower.pid))
    return int(_children(follower.pid)[0])


def _children(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _follower(settings, database, *, room=None):
    """``room``: what a file of it may grow to, in bytes."""
    command = [sys.executable, "-m", "stream.serve.follower_process"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    if room is not None:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (room, room))
    assert process.stdin is not None
    process.stdin.write(order(settings, database))
    process.stdin.flush()
    return process


async def test_it_ends_with_whoever_started_it(settings, tmp_path):
    with _follower(settings, tmp_path / "views.db") as process:
        await _until((tmp_path / "views.db").exists)
        process.stdin.close()
        assert await asyncio.to_thread(process.wait, 30) == 0


async def test_sigterm_ends_it_in_good_order(settings, tmp_path):
    with _follower(settings, tmp_path / "views.db") as process:
        await _until((tmp_path / "views.db").exists)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 30) == 0


async def test_two_do_not_write_to_one_database(settings, tmp_path):
    database = tmp_path / "views.db"
    async with following(settings, database):
        await _until(database.exists)
        with pytest.raises(ServeError, match="another process writes to"):
            await run(settings, database)


async def test_one_who_still_writes_for_a_follower_that_is_gone_is_waited_for(settings, tmp_path):
    database = tmp_path / "views.db"
    with database.with_name("views.db.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        async with following(settings, database) as follower:
            await asyncio.sleep(0.5)
            assert not database.exists()
            assert not follower.done()
            fcntl.flock(lock, fcntl.LOCK_UN)
            await _until(database.exists)


@pytest.mark.parametrize(
    ("anew", "holds"),
    [
        pytest.param([asked(thread="t1")], (1, "waiting"), id="shorter"),
        pytest.param(
            [asked(thread="t1", title="Another?"), *(commented(f"q.c{n}") for n in range(9))],
            (10, "waiting"),
            id="as long",
        ),
        pytest.param(
            [asked(thread="t1"), answered(thread="t1", after=HOUR), finished(DAY), asked()],
            (6, "answered"),
            id="of the same events, worked on in other batches",
        ),
    ],
)
async def test_a_log_that_was_made_anew_is_read_from_its_start(
    settings, tmp_path, caplog, anew, holds
):
    database = tmp_path / "views.db"
    await create(settings)
    story = [asked(thread="t1"), answered(thread="t1", after=HOUR), finished(DAY)]
    await _made(settings, tmp_path / "a", story, database)

    await delete_topics(settings)
    await create(settings)

    await _made(settings, tmp_path / "b", anew, database, says=lambda: "built anew" in caplog.text)
    with sqlite3.connect(database) as db:
        [(events,)] = db.execute("SELECT count(*) FROM events").fetchall()
        [(state,)] = db.execute("SELECT state FROM threads").fetchall()
    db.close()
    assert (events, state) == holds


async def test_a_database_of_other_topics_is_built_anew(settings, tmp_path, caplog):
    database = tmp_path / "views.db"
    await _made(settings, tmp_path / "a", [asked(thread="t1")], database)
    other = type(settings)(
        brokers=settings.brokers, prefix=f"{settings.prefix}-2", partitions=settings.partitions
    )
    story = [asked(thread="t2")]
    await _made(other, tmp_path / "b", story, database, says=lambda: "built anew" in caplog.text)
    with sqlite3.connect(database) as db:
        assert db.execute("SELECT key FROM threads").fetchall() == [("community.example/t2",)]
    db.close()


async def _made(settings, folder, story, database, *, says=lambda: True):
    """The story on the log, worked on, and followed into the database once it ``says`` so."""
    folder.mkdir()
    with workers(settings, folder) as start:
        await create(settings)
        position = await publish(settings, story)
        start()
        await caught_up(settings)
    async with following(settings, database):
        await _until(says)
        (await shown(database, position)).close()


async def _until(true, within_s=30.0):
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
