"""What was said under an item is found the same way, looked through or by an index."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.core import mentions, post
from stream.core.events import Person
from tests.laws import stories
from tests.laws.telling import cut, fold, plain, shuffled, truth
from tests.story import MINUTE, asked, commented

if TYPE_CHECKING:
    from stream.core.events import Event
    from tests.story import Who

randoms = st.integers(0, 2**32 - 1).map(Random)


@pytest.fixture(params=[0, 2, 5], scope="module")
def indexed(request: pytest.FixtureRequest):
    """Stories have fewer comments than a post must have for an index, so one is kept sooner."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(post, "LOOKED_THROUGH", request.param)
        patch.setattr(mentions, "LOOKED_BACK", request.param)
        yield


@pytest.mark.parametrize("make", [stories.crowded, stories.erasing])
@pytest.mark.usefixtures("indexed")
@settings(max_examples=300)
@given(rng=randoms)
def test_the_fold_says_what_the_clean_fold_says(make, rng: Random):
    story = make(rng)
    told = fold(cut(shuffled(story, rng), rng))
    assert plain(told) == truth(story)
    assert told == fold([story])


def test_where_just_enough_comment_two_may_change_at_once():
    """A worker lost both: when one of them changed again, it ended, as they were nowhere."""
    n = post.LOOKED_THROUGH
    before = [asked("Ann"), *(said(i, f"Bob {i}", at=i + 5) for i in range(n + 1))]
    changed = [said(0, "Bob 0", at=1), said(1, "Bob 1", at=2)]
    after = [said(0, "Bob 0", at=0), said(n + 1, "Cid", at=60, mentions=("Bob 1",))]
    told = fold([before, changed, after])
    assert told == fold([before + changed + after])
    assert plain(told) == truth(before + changed + after)


@pytest.mark.parametrize("guests", [1, 3, 40], ids=lambda n: f"{n} guests")
@pytest.mark.parametrize("again", [False, True], ids=["in order", "in no order"])
def test_who_calls_a_host_of_many_means_the_last_that_was_not_for_others(guests, again):
    """For each of them all that the host had said was looked through: hours in a hot thread."""
    n = 3 * mentions.LOOKED_BACK
    story = [asked("Ann"), said(0, "Ann", at=1)]
    for i in range(1, n):
        guest = f"Bob {i % guests}"
        story.append(said(2 * i, guest, at=2 * i, mentions=("Ann",)))
        story.append(said(2 * i + 1, "Ann", at=2 * i + 1, mentions=(guest.replace(" ", ""),)))
    parts = [story[i : i + 50] for i in range(0, len(story), 50)]
    if again:
        parts.reverse()
    told = fold(parts)
    assert plain(told) == truth(story)
    assert told == fold([story])


def test_what_changes_before_a_late_comment_of_the_same_author_is_carried_forward():
    """Ann's call of Bob is of somebody once he is there: then it is not what Cid's call means."""
    early = said(1, "Ann", at=10)
    calls = [said(3, "Ann", at=50, mentions=("Bob",)), said(4, "Cid", at=70, mentions=("Ann",))]
    late = [said(2, "Bob", at=40), said(5, "Ann", at=100)]
    story = [asked("Dan"), early, *calls, said(6, "Dan", at=200), *late]
    told = fold([[asked("Dan"), early, *calls, said(6, "Dan", at=200)], late])
    assert told == fold([story])
    assert plain(told) == truth(story)


def test_of_many_whose_names_begin_so_the_last_is_meant():
    n = mentions.LOOKED_BACK + 5
    users = [said(i, f"user{i}", at=i) for i in range(n)]
    others = [said(n + i, f"Bob {i}", at=n + i) for i in range(n)]
    calls = [said(3 * n + i, "Cid", at=3 * n + i, mentions=("user",)) for i in range(2)]
    story = [asked("Ann"), *users, calls[0], *others, calls[1]]
    assert plain(fold([story])) == truth(story)


def test_two_of_one_name_are_told_apart_by_their_ids():
    n = post.LOOKED_THROUGH + 5
    story = [asked("Ann")]
    for i in range(n):
        story.append(said(2 * i, Person(id="7", name="Ann"), at=2 * i))
        story.append(said(2 * i + 1, "Ann", at=2 * i + 1))
    assert plain(fold([story])) == truth(story)


def said(n: int, who: Who, *, at: int, mentions: tuple[str, ...] = ()) -> Event:
    return commented(f"q.c{n}", who, after=at * MINUTE, mentions=mentions)
