"""The process that writes: what it is told, all of it or nothing, and no longer than we live."""

from __future__ import annotations

import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from functools import partial
from io import FileIO

import pytest

from stream.errors import ServeError
from stream.pipes import send
from stream.serve.schema import open_reader
from stream.serve.tables import Written
from stream.serve.turns import turns
from stream.serve.writer import KeepEnds, KeepStarts, Settle
from stream.serve.writer_process import ORDER, packed, writing


@pytest.fixture
def database(tmp_path):
    return tmp_path / "views.db"


def lock_of(database):
    return database.with_name("views.db.lock")


@contextmanager
def ordered(database):
    with lock_of(database).open("w") as lock, writing(database, lock.fileno()) as writer:
        yield writer


def named(number):
    return Written(communities=[(number, f"community {number}")])


def names(database):
    with closing(open_reader(database)) as db:
        return [name for (name,) in db.execute("SELECT name FROM communities ORDER BY no")]


def test_orders_are_done_when_they_are_answered(database):
    with ordered(database) as writer:
        for number in (1, 2):
            writer.do(packed(named(number)))
            assert len(names(database)) == number
        writer.do(packed(KeepEnds({("events", 0): 7})))
        writer.do(packed(KeepStarts({0: 3})))
        with closing(open_reader(database)) as db:
            assert db.execute("SELECT topic, part, end FROM ends").fetchall() == [("events", 0, 7)]
            starts = db.execute("SELECT value FROM meta WHERE name = 'starts'").fetchall()
        assert starts == [('{"0": 3}',)]
        assert b"community 2" not in database.read_bytes()
        writer.do(packed(Settle()))
        assert b"community 2" in database.read_bytes()


def wrong(number):
    """Of which only the first half can be written."""
    return Written(
        communities=[(number, f"community {number}"), (number + 1, "community 1")],
        positions=[("events", 0, number)],
    )


async def test_behind_what_goes_wrong_nothing_is_written_though_it_was_ordered(database):
    """It was made for a database that has what went wrong."""
    with ordered(database) as writer:
        writer.do(packed(named(1)))
        async with turns() as thread:
            for order in (wrong(2), named(4), named(5)):
                thread.begin(partial(writer.do, packed(order)))
            with pytest.raises(sqlite3.IntegrityError, match="UNIQUE") as raised:
                await thread.done()
            assert "in _write" in raised.value.__notes__[0]
        with pytest.raises(ServeError, match="ended with status 3"):
            writer.do(packed(named(6)))
    assert names(database) == ["community 1"]
    with closing(open_reader(database)) as db:
        assert db.execute("SELECT * FROM positions").fetchall() == []


def test_a_writer_that_was_killed_is_told_with_its_database(database):
    with ordered(database) as writer:
        writer.do(packed(named(1)))
        os.kill(writer.pid, signal.SIGKILL)
        os.waitid(os.P_PID, writer.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(ServeError, match=rf"writes to {database} ended with status -9"):
            writer.do(packed(named(2)))
    assert names(database) == ["community 1"]


def test_an_order_of_which_only_the_beginning_came_was_never_given(database, capfd):
    with ordered(database) as writer:
        writer.do(packed(named(1)))
        reading, part = os.pipe()
        with FileIO(part, "w") as to:
            send(to, ORDER, packed(named(2)) + b"behind it")
        with FileIO(reading) as whole:
            writer.to.write(whole.readall()[: -len(b"d it")])
    assert names(database) == ["community 1"]
    assert capfd.readouterr().err == ""


def test_what_was_ordered_by_who_is_gone_is_done_without_a_word(database, capfd):
    reading, part = os.pipe()
    with FileIO(part, "w") as to, FileIO(reading) as whole:
        send(to, ORDER, packed(named(1)))
        send(to, ORDER, packed(named(2)))
        orders = whole.read(10_000)
    command = [sys.executable, "-m", "stream.serve.writer_process", str(database), "20"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()  # Nobody reads its answers any more.
        process.communicate(orders, timeout=30)
    assert process.returncode == 0
    assert names(database) == ["community 1", "community 2"]
    assert capfd.readouterr().err == ""


def test_who_is_told_to_end_by_others_does_what_was_ordered(database):
    with ordered(database) as writer:
        writer.do(packed(named(1)))
        os.kill(writer.pid, signal.SIGTERM)
        os.kill(writer.pid, signal.SIGINT)
        writer.do(packed(named(2)))
    assert names(database) == ["community 1", "community 2"]


def test_who_is_gone_leaves_the_lock_to_the_writer_until_that_has_ended(database):
    with lock_of(database).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with writing(database, lock.fileno()) as writer:
            writer.do(packed(named(1)))
            lock.close()
            with lock_of(database).open("w") as other, pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with lock_of(database).open("w") as other:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
