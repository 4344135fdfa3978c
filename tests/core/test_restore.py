"""What follows from rows that were put back is found out a little at a time."""

from itertools import pairwise

import pytest

from stream.codec.restore import restore
from stream.codec.views import tell
from stream.core.fold import Partition
from stream.core.restore import SORTED, derived
from tests.story import MINUTE, answered, asked, commented

TOGETHER = 10
ITEMS = 500
ONE_POST = [asked(), *(commented(f"q.c{n}", after=n * MINUTE) for n in range(1, ITEMS))]
MANY_POSTS = [asked(), *(answered(f"a{n}", after=n * MINUTE) for n in range(1, ITEMS))]
MANY_THREADS = [asked(thread=f"t{n}", after=n * MINUTE) for n in range(ITEMS)]


def joined(events) -> Partition:
    state = Partition()
    for event in events:
        state.join(event)
    return state


def put_back(events) -> Partition:
    told, state = joined(events), Partition()
    for view, key, value, _ in sorted(tell(told), key=lambda row: row[1]):  # As by compaction.
        if view in {"items", "threads"}:
            restore(state, view, key, value or b"")
    return state


def derived_items(state: Partition) -> int:
    return sum(sum(t.kinds) for c in state.communities.values() for t in c.threads.values())


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(ONE_POST, id="one post with everything"),
        pytest.param(MANY_POSTS, id="one thread with everything"),
        pytest.param(MANY_THREADS, id="many threads"),
    ],
)
def test_others_have_their_turn_after_a_few_items(events):
    """A worker's other partitions stood still until all of it was derived."""
    state = put_back(events)
    steps = [0, *(derived_items(state) for _ in derived(state, TOGETHER))]
    assert derived_items(state) == ITEMS
    assert max(after - before for before, after in pairwise(steps)) <= TOGETHER
    assert len(steps) > ITEMS / TOGETHER


def test_what_comments_mean_is_found_out_in_steps_too():
    called = [commented(f"q.c{n}", after=n * MINUTE, mentions=("Ann",)) for n in range(1, ITEMS)]
    state = put_back([asked(), *called])
    (thread,) = state.communities["community.example"].threads.values()
    found = [0, *(thread.resolved for _ in derived(state, TOGETHER))]
    assert found[-1] == thread.resolved == ITEMS - 1
    assert max(after - before for before, after in pairwise(found)) <= TOGETHER


@pytest.mark.parametrize("kept", [joined, put_back])
def test_the_calls_of_one_person_are_kept_once(kept):
    """Of a million items a third call somebody, and mostly those whom others call, too."""
    called = [commented(f"q.c{n}", after=n * MINUTE, mentions=("Ann",)) for n in range(9)]
    (thread,) = kept([asked(), *called]).communities["community.example"].threads.values()
    calls = [item.said for item in thread.items.values() if item.said]
    assert len(calls) == 9
    assert all(call is calls[0] for call in calls)


def test_it_ends_although_nothing_was_kept():
    assert not list(derived(Partition(), SORTED))
