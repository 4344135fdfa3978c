"""What is written comes into the database beside the writing, so that no commit has to do it."""

from __future__ import annotations

from contextlib import closing

from stream.serve.fold_in import ROWS, folding_in
from stream.serve.schema import open_writer

SAID = b"a community of which nobody has heard"


def test_what_was_written_is_in_the_file_once_enough_has_come(tmp_path):
    database = tmp_path / "views.db"
    with closing(open_writer(database)) as db:
        db.execute("INSERT INTO communities VALUES(1, ?)", (SAID.decode(),))
        with folding_in(database) as folds:
            folds.written(ROWS - 1)
        assert SAID not in database.read_bytes()

        with folding_in(database) as folds:
            folds.written(ROWS - 1)
            folds.written(1)
        assert SAID in database.read_bytes()


def test_somebody_who_still_reads_what_was_before_holds_nobody_up(tmp_path):
    database = tmp_path / "views.db"
    with closing(open_writer(database)) as db, closing(open_writer(database)) as reading:
        reading.execute("BEGIN")
        assert reading.execute("SELECT name FROM communities").fetchall() == []
        with folding_in(database) as folds:
            for n in range(3):
                db.execute("INSERT INTO communities VALUES(?, ?)", (n, f"{n} {SAID.decode()}"))
                folds.written(ROWS)
        assert reading.execute("SELECT name FROM communities").fetchall() == []
        reading.execute("COMMIT")
        assert len(reading.execute("SELECT name FROM communities").fetchall()) == 3
