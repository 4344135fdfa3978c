"""Who is erased is taken out of a whole thread at once, to the effect of one item after another."""

from __future__ import annotations

from collections import deque
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.codec.views import tell
from stream.core import identity
from stream.core.events import Person
from stream.core.fold import Partition
from stream.core.restore import derived
from stream.core.sums import leave
from tests.laws import stories
from tests.laws.telling import cut, fold, shuffled
from tests.story import COMMUNITY, HOUR, MINUTE, answered, asked, commented, edited, erased

if TYPE_CHECKING:
    from stream.core.item import Item
    from stream.core.thread import Thread

seeds = st.integers(0, 2**32 - 1)


def one_by_one(thread: Thread, items: list[Item]) -> None:
    """Each leaves the sums and indexes, and enters them again without an author."""
    for item in items:
        leave(thread, item)
        thread.touched[item.id] = item
        item.author, item.further.erased = None, True


@pytest.mark.parametrize("make", [stories.erasing, stories.vanishing])
@settings(max_examples=300)
@given(seed=seeds)
def test_all_at_once_says_what_one_by_one_says(make, seed: int):
    rng = Random(seed)  # noqa: S311 - stories, not secrets
    batches = cut(shuffled(make(rng), rng), rng)
    at_once = fold(batches)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identity, "unname", one_by_one)
        assert fold(batches) == at_once


BOB = Person(id="7", name="Bob")
TOLD = [
    asked("Ann", thread="t1"),
    answered("a1", BOB, thread="t1", after=MINUTE),
    commented("a1.c1", "Cid", thread="t1", after=HOUR, mentions=("bob",)),
    edited("q", "Ann", text="Why not?", thread="t1", after=HOUR),
    asked("Ann", thread="t2"),
    commented("q.c1", "Cid", thread="t2", after=MINUTE),
    edited("q", "Cid", text="Why not?", thread="t2", after=HOUR),
    asked("Ann", thread="t3"),
    edited("q", BOB, text="Why not?", thread="t3", after=HOUR),
]


def test_it_tells_of_what_showed_the_person_and_of_nothing_else():
    """Every thread, and every item with a revision, was told again, however many there are."""
    state = told(TOLD)
    state.join(erased(BOB))
    rows = sorted((view, key.decode()) for view, key, _, _ in tell(state) if view != "people")
    assert rows == [
        ("items", f"{COMMUNITY}/t1/a1"),
        ("items", f"{COMMUNITY}/t1/a1.c1"),
        ("items", f"{COMMUNITY}/t3/q"),
        ("replies", f"{COMMUNITY}/t1/a1.c1"),
        ("threads", f"{COMMUNITY}/t1"),
        ("threads", f"{COMMUNITY}/t3"),
    ]


def test_threads_share_whom_their_community_hides():
    """A worker that was restored kept a copy in each thread, of everybody who was ever erased."""
    state = told([*TOLD, erased(BOB)])
    state.join(erased("Dan"))
    deque(derived(state), maxlen=0)
    community = state.community(COMMUNITY)
    assert all(thread.hidden is community.erased for thread in community.threads.values())


def told(events) -> Partition:
    state = Partition()
    for event in events:
        state.join(event)
    list(tell(state))
    return state
