"""Who is who, told as stories: what an alias joins, in whatever batches it comes."""

from __future__ import annotations

import orjson
import pytest

from stream.codec.keys import thread_key
from stream.core.events import Person
from tests.laws.telling import Topics, fold
from tests.story import COMMUNITY, HOUR, MINUTE, THREAD, aliased, asked, commented


def summary(topics: Topics):
    return orjson.loads(topics["threads", thread_key(COMMUNITY, THREAD)])


BOB_GOES_BY_ANNA_HERE = [
    asked("Ann"),
    commented("q.c1", "Bob", after=MINUTE),
    commented("q.c2", "Eve", after=2 * MINUTE, mentions=("cy",)),
    aliased("Anna", "Bob", thread=THREAD),
]


@pytest.mark.parametrize(
    "tell_apart",
    [
        pytest.param(lambda first, then: fold([first, then]), id="in two batches"),
        pytest.param(lambda first, then: fold([then], fold([first])), id="with a stop between"),
    ],
)
def test_what_a_thread_knows_of_names_leads_on_from_what_its_community_learns(tell_apart):
    """Nobody here writes as Cy or Anna: that Cy is Anna tells of Bob, but in this thread alone."""
    learned = [aliased("Cy", "Anna")]
    told = tell_apart(BOB_GOES_BY_ANNA_HERE, learned)
    assert summary(told)["mentions"] == {"resolved": 1, "unresolved": 0}
    assert told == fold([[*BOB_GOES_BY_ANNA_HERE, *learned]])


def test_an_alias_joins_people_all_of_whose_items_the_same_batch_states_again():
    """A page's bounds and a dump's moments meet in the moments; the alias comes with the dump."""
    page = [
        commented("q.c1", "Tim", between=(0, HOUR)),
        commented("q.c2", "Tom", between=(0, HOUR)),
        commented("q.c3", Person(id="2", name="Cy"), after=3 * MINUTE),
        commented("q.c4", "Cy", after=4 * MINUTE),  # So that who is who is in question at all.
    ]
    dump = [
        commented("q.c1", "Tim", after=MINUTE),
        commented("q.c2", "Tom", after=2 * MINUTE),
        aliased("Tim", "Tom"),
    ]
    told = fold([page, dump])
    assert summary(told)["counts"]["people"] == 2
    assert told == fold([[*page, *dump]])


def test_who_is_found_to_be_the_asker_in_a_batch_that_states_them_again_is_nobody_else():
    """The asker's account is called Anna, too: Ann answered herself, and so nobody."""
    first = [
        asked(Person(id="2", name="Ann")),
        commented("q.c1", "Anna", after=MINUTE),
        commented("q.c2", Person(id="2", name="Ann"), after=HOUR),
    ]
    then = [
        commented("q.c1", "Anna", between=(0, HOUR)),
        commented("q.c3", Person(id="2", name="Anna"), after=2 * MINUTE),
    ]
    told = fold([first, then])
    assert not any(view == "replies" for view, _ in told)
    assert told == fold([[*first, *then]])
