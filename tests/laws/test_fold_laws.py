"""The laws of the fold, on every story that can be thought of, broad and crowded."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.laws import stories
from tests.laws.telling import cut, fold, fold_with_stops, plain, shuffled, truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream.core.events import Event

    Make = Callable[[Random], list[Event]]


seeds = st.integers(0, 2**32 - 1)
every_story = pytest.mark.parametrize(
    "make",
    [
        pytest.param(stories.broad, id="broad"),
        pytest.param(stories.crowded, id="crowded"),
        pytest.param(stories.erasing, id="erasing"),
        pytest.param(stories.vanishing, id="vanishing"),
        pytest.param(stories.renaming, id="renaming"),
        pytest.param(stories.namesakes, id="namesakes"),
    ],
)


@every_story
@settings(max_examples=200)
@given(seed=seeds)
def test_the_fold_says_what_the_clean_fold_says(make: Make, seed: int):
    rng = Random(seed)  # noqa: S311 - stories, not secrets
    story = make(rng)
    assert plain(fold(cut(shuffled(story, rng), rng))) == truth(story)


@every_story
@settings(max_examples=200)
@given(seed=seeds)
def test_order_repetition_and_batches_do_not_matter(make: Make, seed: int):
    rng = Random(seed)  # noqa: S311 - stories, not secrets
    story = make(rng)
    assert fold(cut(shuffled(story, rng), rng)) == fold([story])


@every_story
@settings(max_examples=200)
@given(seed=seeds)
@example(seed=16322)
@example(seed=32672)
def test_stopping_and_going_on_is_not_seen(make: Make, seed: int):
    """A worker may stop after any batch, and another go on from the rows of the topics."""
    rng = Random(seed)  # noqa: S311 - stories, not secrets
    story = shuffled(make(rng), rng)
    at = rng.randint(0, len(story))
    kept = list(fold(cut(story[:at], rng)).items())
    rng.shuffle(kept)
    assert fold(cut(story[at:], rng), dict(kept)) == fold([story])


@every_story
@settings(max_examples=200)
@given(seed=seeds)
@example(seed=18592)
@example(seed=36910)
def test_stopping_again_and_again_is_not_seen(make: Make, seed: int):
    rng = Random(seed)  # noqa: S311 - stories, not secrets
    story = shuffled(make(rng), rng)
    assert fold_with_stops(story, rng) == fold([story])


@every_story
@settings(max_examples=150)
@given(seed=seeds)
def test_two_halves_meet_in_either_order(make: Make, seed: int):
    """The join commutes: what each of two replays states, the other may have stated before."""
    rng = Random(seed)  # noqa: S311 - stories, not secrets
    story = make(rng)
    at = rng.randint(0, len(story))
    assert fold([story[:at], story[at:]]) == fold([story[at:], story[:at]])
