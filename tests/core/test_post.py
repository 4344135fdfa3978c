"""What was said under an item is found the same way, looked through or by an index."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.core import post
from tests.laws import stories
from tests.laws.telling import cut, fold, plain, shuffled, truth
from tests.story import MINUTE, asked, commented

if TYPE_CHECKING:
    from stream.core.events import Event

randoms = st.integers(0, 2**32 - 1).map(Random)


@pytest.fixture(params=[0, 2, 5], scope="module")
def indexed(request: pytest.FixtureRequest):
    """Stories have fewer comments than a post must have for an index, so it is kept sooner."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(post, "LOOKED_THROUGH", request.param)
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


def said(n: int, who: str, *, at: int, mentions: tuple[str, ...] = ()) -> Event:
    return commented(f"q.c{n}", who, after=at * MINUTE, mentions=mentions)
