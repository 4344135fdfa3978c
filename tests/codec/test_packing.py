"""An event, packed: its parts come back, and bytes compare as events do."""

from __future__ import annotations

from operator import attrgetter

from hypothesis import given
from hypothesis import strategies as st

from stream.codec.events import Encoded
from stream.codec.framing import NOWHERE
from stream.codec.packing import KEY_AT, id_of, packed, parts, time_of, unpacked

IN_ORDER = attrgetter("at", "rank", "id")

encoded = st.builds(
    Encoded,
    key=st.none() | st.text(min_size=1, max_size=9).map(str.encode),
    value=st.binary(max_size=30),
    at=st.integers(-(1 << 53), 1 << 53),
    id=st.binary(min_size=16, max_size=16).map(bytes.hex),
    rank=st.integers(0, 17),
)


@given(encoded)
def test_what_is_packed_comes_back_whole(event):
    record = packed(event)
    assert unpacked(record) == event
    assert parts(record) == (event.key, event.value, event.at)
    assert time_of(record) == event.at
    assert id_of(record).hex() == event.id


@given(encoded, st.text(max_size=9), st.booleans(), st.integers(0, 9))
def test_where_a_key_begins_no_value_does(event, start, own, letters):
    if own and event.key is not None:
        start = event.key.decode()[:letters]
    found = packed(event).startswith(start.encode(), KEY_AT)
    if event.key is None:
        assert found == (not start)
        assert packed(event).startswith(NOWHERE, KEY_AT)
    elif len(start.encode()) <= len(event.key):
        assert found == event.key.startswith(start.encode())


@given(st.lists(encoded, unique_by=IN_ORDER))
def test_bytes_compare_as_events_do(events):
    assert sorted(map(packed, events)) == list(map(packed, sorted(events, key=IN_ORDER)))
