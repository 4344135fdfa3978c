"""When events are due, and what may be said of how far they are published."""

from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from stream.codec.events import community_of, decode, encode
from stream.codec.packing import packed, time_of
from stream.core.events import ReplayFinished
from stream.core.when import ms
from stream.replay import Statements
from stream.replay_pace import Pace
from stream.replay_source import How, Progress, Source
from tests.story import DAY, HOUR, NOON, SECOND, asked, commented


def test_event_time_goes_as_many_times_faster_as_asked():
    pace = Pace(3600)
    assert [pace.due_s(NOON + hours * HOUR) for hours in (0, 1, 1, 5)] == [0, 1, 1, 5]


def test_asking_when_the_next_would_be_due_changes_nothing():
    pace = Pace(1)
    pace.due_s(NOON)
    assert pace.wait_s(NOON + 8 * SECOND) == pace.wait_s(NOON + 8 * SECOND) == 8
    assert pace.due_s(NOON + 9 * SECOND) == 9


def test_a_long_silence_takes_no_longer_than_the_longest_allowed():
    pace = Pace(3600, max_gap_ms=DAY)
    found = [pace.due_s(NOON + days * DAY) for days in (0, 1, 31, 32)]
    assert found == [0, 24, 48, 72]


def test_between_events_time_goes_on_but_not_past_the_next():
    pace = Pace(1000)
    pace.due_s(NOON)
    assert pace.now(0.5, NOON + HOUR) == NOON + 500 * SECOND
    assert pace.now(99_999, NOON + HOUR) == NOON + HOUR - 1
    assert pace.now(0, NOON) == NOON - 1


@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from("ab")), min_size=1), st.data())
def test_no_more_is_said_to_be_there_than_was_published(drawn, data):
    events = [
        encode(commented(f"q.c{n}", after=after, community=f"{name}.example"))
        for n, (after, name) in enumerate(sorted(drawn))
    ]
    until = data.draw(st.none() | st.integers(0, 22).map(lambda after: NOON + after))
    published = data.draw(st.integers(0, len(events)))
    ends = {community_of(event): event.at for event in events}
    source = Source(lambda: map(packed, events), How(until=until), ends)
    progress, left = Progress(), source.events()
    done = []
    for event in islice(left, published):
        progress.add([event])
        done.append(event)
    progress.stopped = next(left, None) is not None
    statements = Statements(source, progress, {})
    said = statements.finished()
    if done and progress.stopped:
        said += statements.progressed(time_of(done[-1]) - 1)
    missing = [event for event in events if packed(event) not in done]
    for statement in map(_decoded, said):
        those = [event for event in missing if community_of(event) == statement.source]
        assert all(event.at > ms(statement.data.until) for event in those)
        if isinstance(statement, ReplayFinished):
            assert not missing


@given(st.lists(st.integers(0, 9), min_size=1), st.data())
def test_a_point_is_the_same_however_many_events_came_at_a_time(drawn, data):
    events = [packed(encode(commented(f"q.c{n}", after=at))) for n, at in enumerate(sorted(drawn))]
    singly, together = Progress(), Progress()
    for event in events:
        singly.add([event])
    left = events
    while left:
        size = data.draw(st.integers(1, len(left)))
        together.add(left[:size])
        left = left[size:]
    assert together.ends == singly.ends
    last = time_of(events[-1])
    for until in (last - 1, last):
        assert together.point(until) == singly.point(until)
    earlier = [event for event in events if time_of(event) < last]
    assert together.point(last - 1).events == len(earlier)


def _decoded(statement):
    return decode(statement.value, where="")


def test_who_leaves_out_the_beginning_claims_nothing_unless_it_was_there_before():
    events = [packed(encode(event)) for event in (asked(), commented("q.c1", after=HOUR))]
    how = How(since=NOON + 1)
    for before, said in (
        ({}, 0),
        ({"community.example": NOON - 1}, 0),
        ({"community.example": NOON}, 1),
    ):
        source = Source(lambda: events, how, {})
        progress = Progress()
        for event in source.events():
            progress.add([event])
        assert len(Statements(source, progress, before).finished()) == said
        assert progress.unstated == (set() if said else {"community.example"})
