"""A dump's moments, read in parts, are those that `datetime` reads."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.archive.stack_exchange_moments import at, moment, stamped
from stream.codec.times import stamp
from stream.core.when import ms

_moments = st.datetimes(datetime(1970, 1, 1), datetime(2100, 12, 31)).map(  # noqa: DTZ001 # As dumps.
    lambda found: found.isoformat(timespec="milliseconds")
)
_written = st.one_of(
    _moments,
    st.builds(
        lambda text, place, put: text[:place] + put + text[place + 1 :],
        _moments,
        st.integers(0, 23),
        st.sampled_from(["", "T", " ", "-", "9", "٣", "W", "Z", "+"]),
    ),
)


def _tried(read, row):
    """What is read, or why nothing is."""
    try:
        return read(row)
    except ValueError as error:
        return str(error)


def _stamped(row):
    whole = ms(moment(row))
    return whole, stamp(whole).encode()


@given(_written)
def test_a_moment_is_the_same_in_parts_and_as_a_whole(text):
    row = {"CreationDate": text}
    assert _tried(at, row) == _tried(lambda row: ms(moment(row)), row)
    assert _tried(stamped, row) == _tried(_stamped, row)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2010-W01-5T00:43:37.441", id="by its week"),
        pytest.param("2010-02-30T00:43:37.441", id="on a day that is not"),
        pytest.param("1969-12-31T23:59:59.999", id="too early"),
        pytest.param("2101-01-01T00:00:00.000", id="too late"),
        pytest.param("2010-01-01T24:00:00.000", id="at an hour that is not"),
    ],
)
def test_no_moment_is_read_that_datetime_does_not_read(text):
    row = {"CreationDate": text}
    assert _tried(stamped, row) == _tried(_stamped, row)


def test_a_moment_in_another_zone_is_in_utc():
    row = {"CreationDate": "2010-01-01T02:43:37.441+02:00"}
    assert at(row) == ms(datetime(2010, 1, 1, 0, 43, 37, 441_000, tzinfo=UTC))
