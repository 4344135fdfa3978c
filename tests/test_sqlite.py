"""Values reach SQLite as they are, though nobody looks for who might adapt them."""

import sqlite3
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from stream.sqlite import take_as_they_are

_values = st.one_of(
    st.none(),
    st.binary(max_size=40),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.floats(allow_nan=False),
)


@given(values=st.lists(_values, min_size=1, max_size=8))
def test_values_come_back_as_they_were(values):
    take_as_they_are()
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE told (value)")
        db.executemany("INSERT INTO told VALUES (?)", [(value,) for value in values])
        found = [value for (value,) in db.execute("SELECT value FROM told ORDER BY rowid")]
    assert [(type(value), value) for value in found] == [(type(value), value) for value in values]
