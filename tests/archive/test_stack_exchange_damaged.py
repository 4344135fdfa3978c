"""Whatever was done to a dump's files: events or an error that says what is wrong."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.archive.base import Options, Report
from stream.archive.detect import read_encoded
from stream.errors import StreamError
from tests.archive.stack_exchange_site import (
    DAY,
    HOUR,
    answer,
    comment,
    first,
    history,
    link,
    question,
    stamp,
    vote,
    write,
)

TABLES = ("Posts", "Comments", "PostHistory", "Votes", "PostLinks", "Users")
VALUES = (b"", b"-1", b"0", b"99", b"x", b"9999-12-31T23:59:59.999", b"&#x10FFFF;", b"[1]", b"{}")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return write(
        tmp_path_factory.mktemp("damaged"),
        Posts=[question(1, AcceptedAnswerId=2, ClosedDate=stamp(DAY)), answer(2), answer(3)],
        Comments=[comment(1), comment(2, on=2, text="@Ann &c.")],
        PostHistory=[
            *first(),
            history(5, 1, HOUR, "r2", Text="x"),
            history(10, 1, DAY, "r3", Comment="101", Text='{"OriginalQuestionIds":[7]}'),
            history(12, 2, DAY, "r4", Text='{"Voters":[{"Id":3}]}', UserId=None),
        ],
        Votes=[vote(2), vote(3)],
        PostLinks=[link(7, at=DAY)],
    )


def _damaged(draw, data):
    """A value in place of another, or some bytes left out and others put there."""
    if draw(st.booleans()):
        quotes = [at for at, byte in enumerate(data) if byte == ord('"')]
        pair = draw(st.integers(0, len(quotes) // 2 - 1))
        start, end = quotes[2 * pair] + 1, quotes[2 * pair + 1]
        put = draw(st.sampled_from(VALUES))
    else:
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 200)))
        put = draw(st.one_of(st.binary(max_size=20), st.sampled_from([b"<row />", b'"', b"]]>"])))
    return data[:start] + put + data[end:]


@pytest.mark.parametrize("table", TABLES)
@given(data=st.data())
def test_a_damaged_dump_is_read_or_told(site, table, data):
    path = site / f"{table}.xml"
    whole = path.read_bytes()
    try:
        path.write_bytes(_damaged(data.draw, whole))
        with suppress(StreamError):
            list(read_encoded([site], Options(), Report()))
        with suppress(StreamError):
            list(read_encoded([site], Options(skip_unreadable=True), Report()))
    finally:
        path.write_bytes(whole)
