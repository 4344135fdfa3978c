"""A batch that is compressed beforehand holds what was put into it, as any client reads it."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.record.default_records import DefaultRecordBatch
from hypothesis import given
from hypothesis import strategies as st

from stream.archive.fitting import EVENT_BYTES_MAX
from stream.errors import BrokerError
from stream.kafka.batch import BATCH_BYTES, SOON_BYTES, Batch
from stream.kafka.topics import RECORD_BYTES_MAX

keys = st.none() | st.binary(max_size=9)
records = st.lists(
    st.tuples(keys, st.none() | st.binary(max_size=99), st.integers(-9, 1 << 50))
    | st.tuples(keys, st.binary(), st.integers(0, 9), st.just([("a", b"b"), ("n", None)])),
    min_size=1,
)


def built(batch, producer=(7, 2, 31)):
    asyncio.run(batch.compressed())
    batch._set_producer_state(*producer)  # noqa: SLF001 # As aiokafka does.
    return bytes(batch._build())  # noqa: SLF001


def read(data):
    found = DefaultRecordBatch(bytearray(data))
    assert found.validate_crc()
    return found, list(found)


@given(records, st.booleans())
def test_what_is_put_in_comes_out(put, transactional):
    batch = Batch(transactional=transactional)
    assert batch.fill(put, "topic") == batch.count == len(put)
    found, out = read(built(batch))
    assert [(one.key, one.value, one.timestamp, one.headers) for one in out] == [
        (key, value, max(at, 0), headers[0] if headers else []) for key, value, at, *headers in put
    ]
    assert (found.producer_id, found.producer_epoch, found.base_sequence) == (7, 2, 31)
    assert found.is_transactional == transactional


@pytest.mark.parametrize("size", [10, SOON_BYTES, BATCH_BYTES], ids=["here", "edge", "on a thread"])
def test_it_is_sent_again_as_it_was(size):
    batch = Batch(transactional=False)
    batch.fill([(b"k", bytes(range(256)) * (size // 256), 5)], "topic")
    before = batch.size()
    first = built(batch)
    assert bytes(batch._build()) == first  # noqa: SLF001
    assert len(first) == batch.size() < before + 100


def test_what_finds_no_room_goes_into_the_next():
    put = [(b"%d" % n, b"x" * (BATCH_BYTES // 3), n) for n in range(4)]
    first, second = Batch(transactional=False), Batch(transactional=False)
    place = first.fill(put, "topic")
    assert 0 < place < len(put)
    assert second.fill(put, "topic", place) == len(put)
    out = [record for batch in (first, second) for record in read(built(batch))[1]]
    assert [record.key for record in out] == [key for key, _, _ in put]
    assert [record.offset for record in out] == [*range(place), *range(len(put) - place)]


def test_every_event_that_is_read_fits_into_the_log():
    record = (b"community/" + b"t" * 500_000, b"x" * EVENT_BYTES_MAX, 5)
    assert Batch(transactional=False).fill([record], "topic") == 1


def test_one_that_no_topic_takes_is_named():
    with pytest.raises(BrokerError, match=r"a record with the key c/t has .* bytes, topic takes"):
        Batch(transactional=False).fill([(b"c/t", b"x" * RECORD_BYTES_MAX, 5)], "topic")
