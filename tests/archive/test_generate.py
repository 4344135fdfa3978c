"""The made-up community: repeatable to the byte, in order, and of sound references."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.archive.generate import generate
from stream.codec.events import decode, encode, identified
from stream.core import events as e
from stream.core.when import ms

APRIL = datetime(2017, 4, 1, tzinfo=UTC)
JUNE = datetime(2017, 6, 1, tzinfo=UTC)
SEEDS = st.integers(0, 2**32)
CREATED = (e.PostCreated, e.CommentCreated)
PINNED = "9138f28722543e058b850eac804f0af7"


def made_up(threads=60, seed=7, since=APRIL, until=JUNE, community="community.example"):
    return list(generate(threads=threads, seed=seed, since=since, until=until, community=community))


def test_the_same_seed_gives_the_same_bytes_on_every_machine():
    lines = b"\n".join(encode(event).value for event in made_up())
    assert blake2b(lines, digest_size=16).hexdigest() == PINNED


def test_another_seed_tells_another_story():
    assert made_up(seed=7) != made_up(seed=8)


@given(SEEDS, st.integers(1, 60))
@settings(max_examples=15)
def test_events_come_in_their_order_and_never_twice(seed, threads):
    keys = [e.order(event) for event in made_up(threads, seed)]
    assert all(one < next_one for one, next_one in pairwise(keys))


@given(SEEDS, st.integers(1, 60))
@settings(max_examples=15)
def test_whatever_is_spoken_of_exists_before(seed, threads):
    there = set()
    for event in made_up(threads, seed):
        data = event.data
        if isinstance(event, CREATED):
            assert data.on is None or (event.subject, data.on) in there
            assert (event.subject, data.item) not in there
            there.add((event.subject, data.item))
        elif hasattr(data, "item"):
            assert (event.subject, data.item) in there
        elif event.subject:
            assert (event.subject, "q") in there


@given(SEEDS)
@settings(max_examples=10)
def test_every_event_reads_back_and_has_the_id_of_its_statement(seed):
    for event in made_up(20, seed):
        assert decode(encode(event).value, where="here") == event == identified(event)


@given(SEEDS, st.integers(1, 60), st.integers(1, 60))
@settings(max_examples=15)
def test_all_threads_begin_in_the_span_and_nothing_comes_after_it(seed, threads, days):
    until = APRIL + timedelta(days)
    events = made_up(threads, seed, until=until)
    assert all(APRIL <= event.time < until for event in events)
    assert len({event.subject for event in events if event.subject}) == threads


def test_what_comes_at_the_end_or_later_never_comes():
    days = timedelta(20)
    short = [x for x in made_up(until=APRIL + days) if isinstance(x, e.PostCreated)]
    assert {x.data.kind for x in short} == {"question", "answer"}
    assert max(x.time for x in short) < APRIL + days


def test_it_names_its_community():
    assert {event.source for event in made_up(3, community="other.example")} == {"other.example"}


def test_no_time_is_left_no_event_is_told():
    assert made_up(since=APRIL, until=APRIL) == []


@pytest.fixture(scope="module")
def events():
    """Of a thousand threads, in a year: like a real community, in rough shares."""
    return made_up(1000, until=APRIL + timedelta(365))


def test_everything_that_can_happen_in_a_thread_happens(events):
    happens = Counter(type(event) for event in events)
    assert set(happens) == {
        *(e.PostCreated, e.CommentCreated, e.PostEdited, e.CommentEdited, e.ItemDeleted),
        *(e.ItemRestored, e.AnswerAccepted, e.AnswerUnaccepted, e.ThreadClosed),
        *(e.ThreadReopened, e.PersonAliased, e.PersonFlagged),
    }


def test_sizes_are_heavy_tailed(events):
    sizes = sorted(Counter(event.subject for event in events if event.subject).values())
    assert 4 <= sizes[500] <= 9
    assert sizes[-1] > 50 * sizes[500]


def test_some_are_never_answered(events):
    answered = {x.subject for x in events if getattr(x.data, "kind", "") == "answer"}
    assert 0.12 < 1 - len(answered) / 1000 < 0.28


def test_waits_for_the_first_answer_run_from_minutes_to_weeks(events):
    asked, waits = dict[str, int](), dict[str, int]()
    for event in events:
        if isinstance(event, e.PostCreated):
            at = ms(event.time)
            asked.setdefault(event.subject, at)
            if event.data.kind == "answer":
                waits.setdefault(event.subject, at - asked[event.subject])
    sorted_waits = sorted(waits.values())
    tenth, median, last = (sorted_waits[len(waits) * n // 20] for n in (2, 10, 19))
    assert tenth < 30 * 60_000
    assert 3_600_000 < median < 24 * 3_600_000
    assert last > 7 * 86_400_000


def test_some_comments_call_somebody_and_the_archive_tells_everything(events):
    comments = [x.data for x in events if isinstance(x, e.CommentCreated)]
    assert 0.25 < sum(bool(c.mentions) for c in comments) / len(comments) < 0.5
    for comment in comments:
        assert all(f"@{name} " in (comment.text or "") for name in comment.mentions)
    questions = [x.data for x in events if getattr(x.data, "kind", "") == "question"]
    assert {q.silent_on for q in questions} == {()}


def test_texts_have_60_to_600_characters_but_for_short_remarks(events):
    lengths = sorted(len(x.data.text or "") for x in events if isinstance(x, CREATED))
    assert lengths[0] >= 60
    assert lengths[-1] <= 640  # One sentence is never cut off.


def test_a_robot_edits_much_within_one_hour(events):
    by_robot = [x for x in events if _by_robot(x)]
    assert len(by_robot) > 100
    assert by_robot[-1].time - by_robot[0].time < timedelta(hours=1)


def test_nights_and_weekends_are_quiet(events):
    hours = Counter(event.time.hour for event in events)
    days = Counter(event.time.weekday() for event in events)
    assert hours[3] * 3 < hours[14]
    assert max(days[5], days[6]) < min(days[1], days[2], days[3])


def test_some_deleted_their_accounts_and_most_acts_are_by_few(events):
    authors = Counter(x.data.author for x in events if isinstance(x, CREATED))
    known = sum(authors.values())
    assert 0 < authors.pop(None) < 0.05 * known
    assert sum(count for _, count in authors.most_common(50)) > 0.25 * known


@pytest.mark.long
def test_what_is_kept_does_not_grow_with_how_long_it_lasts():
    """Ten times the threads in ten times the time: a run of generations, no more at once."""
    short, long = (_widest(threads=200 * n, days=300 * n) for n in (1, 10))
    assert long < 2 * short


def _by_robot(event):
    return getattr(getattr(event.data, "by", None), "id", "") == "-1"


def _widest(*, threads, days):
    """The most threads that are open at one time, seen from outside."""
    events = [x for x in made_up(threads, until=APRIL + timedelta(days)) if not _by_robot(x)]
    last = {event.subject: event.time for event in events}
    open_now, widest = set[str](), 0
    for event in events:
        open_now.add(event.subject)
        if last[event.subject] == event.time:
            open_now.discard(event.subject)
        widest = max(widest, len(open_now))
    return widest


def test_it_starts_at_once_whatever_its_size():
    many = generate(threads=10_000_000, seed=1, since=APRIL, until=JUNE)
    assert len(list(islice(many, 1000))) == 1000
