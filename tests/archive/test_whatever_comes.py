"""Whatever a file holds: events or an error that says what is wrong, never a traceback."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.archive.base import Options, Report
from stream.archive.detect import read, sample, sample_people
from stream.codec.events import encode
from stream.core.events import CommentCreated, PostCreated
from stream.errors import StreamError
from tests.archive.html_pages import author, comment, post
from tests.archive.html_pages import page as html

HTML = html(
    post(
        comment("One &amp; all.", score=3), comment("@Ann two.", name="None"), by=author("Ann", 4)
    ),
    post(comment("Three."), by=author("Bob"), body="<p>Half <b>of</b> it</p>"),
    post(by=author("Cem", 9), score="-2"),
).encode()
SEEDS = {
    "kiwix-text": sample().read_bytes(),
    "kiwix-html": HTML,
    "event-lines": sample_people().read_bytes(),
}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("whatever") / "file"


def _damaged(draw, data):
    """Some bytes of ``data`` left out, others in their place."""
    start = draw(st.integers(0, len(data)))
    end = draw(st.integers(start, min(len(data), start + 200)))
    put = draw(
        st.one_of(st.binary(max_size=20), st.sampled_from([b"<p>", b"\n", b'"', b"{", b" "]))
    )
    return data[:start] + put + data[end:]


@pytest.mark.parametrize("form", SEEDS)
@given(data=st.data())
def test_a_damaged_archive_is_read_or_told(file, form, data):
    damaged = _damaged(data.draw, SEEDS[form])
    file.write_bytes(damaged)
    with suppress(StreamError):
        list(read([file], Options(), Report()))
    with suppress(StreamError):
        for event in read([file], Options(skip_unreadable=True, format=form), Report()):
            encode(event)


@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_or_told(file, data):
    file.write_bytes(data)
    for form in SEEDS:
        with suppress(StreamError):
            list(read([file], Options(format=form), Report()))


def _said(events):
    return {event.data.text for event in events if isinstance(event, (PostCreated, CommentCreated))}


@given(length=st.integers(0, len(HTML) - 1))
def test_however_html_is_cut_off_nothing_is_made_up(file, length):
    file.write_bytes(HTML)
    whole = _said(read([file], Options(format="kiwix-html"), Report()))
    file.write_bytes(HTML[:length])
    report = Report()
    with suppress(StreamError):
        events = read([file], Options(format="kiwix-html", skip_unreadable=True), report)
        assert _said(events) <= whole
        assert report.unreadable or length > HTML.index(b"/questions/69")
