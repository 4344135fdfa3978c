"""The worker's own job: what it keeps of a partition."""

from __future__ import annotations

import gc

import pytest
from aiokafka.structs import ConsumerRecord

from stream.codec.events import encode
from stream.core.thread import Thread
from stream.kafka.records import partition_of
from stream.process.all_views import AllViews
from stream.process.job import Place
from tests import story as s

EVENTS = "threadline.events"


@pytest.fixture
def uncollected():
    """As in a worker, where the collector looks at nothing that is state."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
def test_what_is_kept_of_a_partition_goes_with_it():
    before = threads()
    job = AllViews(Place(EVENTS, partition_of(key(s.asked()), 4), 4))
    story = [s.asked("Ann"), s.commented("q.c1", "Bob"), s.commented("q.c2", mentions=("bob",))]
    assert not job.fold([record(event, offset) for offset, event in enumerate(story)])
    assert len(job.told()["items"]) == len(story)
    assert threads() == before + 1
    del job
    assert threads() == before


def threads() -> int:
    return sum(isinstance(each, Thread) for each in gc.get_objects())


def key(event) -> bytes:
    found = encode(event).key
    assert found is not None
    return found


def record(event, offset: int) -> ConsumerRecord[bytes, bytes]:
    told = encode(event)
    return ConsumerRecord(EVENTS, 0, offset, told.at, 0, told.key, told.value, None, 0, 0, ())
