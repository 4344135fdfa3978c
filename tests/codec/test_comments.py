"""A comment's bytes are those of its event."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from stream.codec import comments
from stream.codec.events import encode
from stream.codec.times import stamp
from stream.core.events import Person
from stream.core.when import ms

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_names = st.none() | _texts
_people = st.none() | st.builds(Person, id=_names, name=_names)
_times = st.datetimes(
    datetime(1970, 1, 1),  # noqa: DTZ001 # Its zone is given with it.
    datetime(2100, 1, 1),  # noqa: DTZ001 # As above.
    timezones=st.just(UTC),
).map(ms)


@st.composite
def _comments(draw):
    at = draw(_times)
    return comments.Comment(
        thread=comments.thread(draw(_texts), draw(_texts.filter(bool))),
        author=comments.author(draw(_people)),
        item=draw(_texts),
        on=draw(_texts),
        text=draw(_texts),
        mentions=tuple(draw(st.lists(_texts, max_size=3))),
        at=at,
        time=stamp(at).encode(),
    )


@given(_comments())
def test_a_comment_without_its_event_is_encoded_as_the_event_is(comment):
    assert comments.encode(comment) == encode(comments.event(comment))
