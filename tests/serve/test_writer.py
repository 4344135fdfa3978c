"""The process that writes: what it is told, all of it or nothing, and no longer than we live."""

from __future__ import annotations

import fcntl
import os
import signal
import sqlite3
from contextlib import closing, contextmanager
from io import FileIO

import pytest

from stream.errors import ServeError
from stream.pipes import send
from stream.serve.schema import open_reader
from stream.serve.tables import Written
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


def test_what_goes_wrong_is_raised_where_it_was_ordered_and_leaves_nothing(database):
    with ordered(database) as writer:
        writer.do(packed(named(1)))
        two = Written(communities=[(2, "community 2"), (3, "community 1")])
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
            writer.do(packed(two))
        writer.do(packed(named(4)))
    assert names(database) == ["community 1", "community 4"]


def test_a_writer_that_was_killed_is_told_with_its_database(database):
    with ordered(database) as writer:
        writer.do(packed(named(1)))
        os.kill(writer.pid, signal.SIGKILL)
        os.waitid(os.P_PID, writer.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(ServeError, match=rf"writes to {database} ended with status -9"):
            writer.do(packed(named(2)))
    assert names(database) == ["community 1"]


def test_an_order_of_which_only_the_beginning_came_was_never_given(database):
    with ordered(database) as writer:
        writer.do(packed(named(1)))
        reading, part = os.pipe()
        with FileIO(part, "w") as to:
            send(to, ORDER, packed(named(2)))
        with FileIO(reading) as whole:
            writer.to.write(whole.readall()[:-1])
    assert names(database) == ["community 1"]


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
