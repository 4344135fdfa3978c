"""The simple job says the same of its records as a plain count over the events does."""

import orjson
import pytest
from aiokafka.structs import ConsumerRecord

from benchmarks import logs
from benchmarks.simple import SimpleJob, truth
from stream.codec.events import encode
from stream.core.events import CREATIONS
from stream.process.job import Place
from tests.story import HOUR, aliased, answered, asked, commented, edited

PLACE = Place("log", 0, 1)


def records(events):
    encoded = [encode(event) for event in events]
    return [
        ConsumerRecord("log", 0, n, each.at, 0, each.key, each.value, None, 0, 0, ())
        for n, each in enumerate(encoded)
    ]


def answers(rows):
    kept = {key.decode(): orjson.loads(value) for key, value, _ in rows}
    return {thread: (count, first) for thread, (count, _, first) in kept.items()}


def test_a_first_response_is_the_first_answer_or_comment_after_the_question():
    story = [
        asked(),
        edited("q", after=1),
        commented("q.c1", after=HOUR),
        answered("a1", after=2 * HOUR),
    ]
    assert list(truth(story).values()) == [(4, HOUR)]


@pytest.mark.parametrize("cut", [0, 1, 700, 1500])
def test_a_job_that_was_restored_goes_on_to_the_same_answers(cut):
    events = list(logs.community(1500))
    first, second = SimpleJob(PLACE), SimpleJob(PLACE)
    first.restored(None)
    first.fold(records(events[:cut]))
    rows = first.told()["threads"]
    for key, value, _ in rows:
        second.restore("threads", key, value or b"")
    second.restored(None)
    second.fold(records(events[cut:]))
    assert {**answers(rows), **answers(second.told()["threads"])} == truth(events)


def test_only_what_a_batch_touched_is_told():
    job = SimpleJob(PLACE)
    job.fold(records([asked(thread="t1"), asked(thread="t2")]))
    job.told()
    job.fold(records([commented("q.c1", thread="t2", after=HOUR)]))
    assert [key for key, _, _ in job.told()["threads"]] == [b"community.example/t2"]


def test_threads_of_one_size_have_that_size_and_grow_side_by_side():
    events = list(logs.threads_of(threads=3, items_each=25))
    assert {thread: count for thread, (count, _) in truth(events).items()} == {
        f"size.example/{n}": 25 for n in range(3)
    }
    assert [event.subject for event in events[:6]] == ["0", "1", "2", "0", "1", "2"]
    made = {(event.subject, event.data.item) for event in events if isinstance(event, CREATIONS)}
    assert len(made) == len(events)


def test_a_log_of_items_has_just_so_many():
    made = [event for event in logs.items(500) if "created" in type(event).__name__.lower()]
    assert len(made) == 500


def test_events_of_a_whole_community_are_no_threads_of_the_log():
    assert all(event.subject for event in logs.community(3000))
    assert not aliased("Ann", "Anna").subject
