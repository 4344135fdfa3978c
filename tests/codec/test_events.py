"""Events are written by parts, for speed; a plain reading of the definition says the same."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b
from typing import get_type_hints

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.codec.events import decode, encode
from stream.codec.keys import thread_key
from stream.codec.times import stamp_of
from stream.core import events as e
from stream.core.when import When, ms, to_datetime

SORTED = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME
words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
texts = words | st.sampled_from(['"when":{', '","when":{"at":"', "}", "\\", "\x7f\x1f"])
times = st.integers(-(1 << 41), 1 << 42).map(to_datetime)
bounds = st.none() | times
whens = st.builds(When, at=times) | st.builds(When, after=bounds, by=bounds)
TRICKY = {
    "item": words,
    "revision": words,
    "when": whens,
    "until": times,
    "text": texts,
    "why": texts,
    "note": texts,
}


def stated(kind):
    """Any event of one type."""
    data = get_type_hints(kind, include_extras=True)["data"]
    fields = {field for field in data.__struct_fields__ if field in TRICKY}
    said = st.builds(data, **{field: TRICKY[field] for field in fields})
    return st.builds(kind, source=words, subject=words, time=times, id=st.just(""), data=said)


def plainly(event):
    """What DESIGN says an event is, with one general encoder for all of it."""
    data = msgspec.to_builtins(event.data, builtin_types=(datetime,))
    kind, time = event.__struct_config__.tag, stamp_of(event.time)
    stated = orjson.dumps([kind, event.source, event.subject, time, data], stamp_of, SORTED)
    said = {
        "specversion": "1.0",
        "type": kind,
        "id": blake2b(stated, digest_size=16).hexdigest(),
        "source": event.source,
        "time": time,
        "data": data,
    }
    if event.subject:
        said["subject"] = event.subject
    return orjson.dumps(said, stamp_of, SORTED)


@pytest.mark.parametrize("kind", e.RANK, ids=lambda kind: kind.__name__)
def test_an_event_is_its_plain_json_with_the_id_of_what_it_states(kind):
    @given(stated(kind))
    def is_plain(event):
        encoded = encode(event)
        assert encoded.value == plainly(event)
        assert (encoded.at, encoded.rank) == (ms(event.time), e.RANK[kind])
        assert encoded.key == thread_key(event.source, event.subject)
        assert encode(decode(encoded.value, where="")) == encoded

    is_plain()


def test_what_concerns_a_community_has_no_key():
    event = e.PersonErased(
        source="c", time=datetime(2017, 4, 24, tzinfo=UTC), data=e.ErasureData(person=e.Person("1"))
    )
    assert encode(event).key is None
    assert encode(event).value == plainly(event)
