"""How much may be stated of one item or thread, and what becomes of what is too much."""

from __future__ import annotations

import time
from random import Random

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.codec.views import tell
from stream.core import room
from stream.core.events import Person
from stream.core.fold import Partition
from stream.kafka.topics import RECORD_BYTES_MAX
from tests.laws import stories
from tests.laws.telling import cut, fold, shuffled
from tests.story import (
    accepted,
    aliased,
    asked,
    closed,
    commented,
    deleted,
    edited,
    erased,
    restored,
    unaccepted,
)

MANY = 20_000
LITTLE = 1_200  # Bytes, in which some of a story's statements find no room.


@pytest.fixture
def little(monkeypatch):
    """Room for a few statements only."""
    monkeypatch.setattr(room, "KEPT_MAX", LITTLE)
    monkeypatch.setattr(room, "TIMES_MAX", 2)


@given(st.text())
def test_a_text_takes_no_more_than_is_reckoned(text):
    assert len(orjson.dumps(text)) < room.size(text)


@pytest.mark.parametrize(
    "many",
    [
        pytest.param(lambda n: edited(revision=f"{n}", title="\n" * 999, after=n), id="edits"),
        pytest.param(lambda n: edited("q.c1", revision=f"{n}", tags=("",) * 2_000), id="tags"),
        pytest.param(lambda n: deleted("q", Person(f"{n}", "é" * 3_000), after=n), id="deletions"),
        pytest.param(lambda n: restored("q", "\\" * 999, between=(n, n + MANY)), id="bounds"),
        pytest.param(lambda n: accepted(f"{n}" * 2_000, between=(n, None)), id="acceptances"),
        pytest.param(lambda n: unaccepted(after=n), id="one answer's acceptances"),
        pytest.param(lambda n: closed("Ann", why="\n" * 999, after=n), id="closings"),
        pytest.param(lambda n: aliased("Ann", f"{n}" * 2_000, thread="t1"), id="aliases"),
        pytest.param(lambda n: erased(f"{n}" * 2_000, thread="t1"), id="erasures"),
    ],
)
def test_whatever_is_stated_very_often_fills_no_row(many):
    state = Partition()
    state.join(asked())
    set_aside = [state.join(many(n)) for n in range(1_500)]
    assert len({why for why in set_aside if why}) == 1
    longest = max(len(value or b"") for _, _, value, _ in tell(state))
    assert longest < room.KEPT_MAX + 10_000 < RECORD_BYTES_MAX


def test_a_hundred_mentions_of_a_long_name_are_told_as_far_as_there_is_room():
    long = Person(name="Zoe" + "x" * 100_000)
    names = ("Zoe",) * 100
    state = Partition()
    for event in (asked(long), commented("q.c1", mentions=names)):
        state.join(event)
    rows = {(view, key[-4:]): value or b"" for view, key, value, _ in tell(state)}
    item = orjson.loads(rows["items", b"q.c1"])
    assert len(item["mentions"]) + item["mentions_left_out"] == 100
    assert item["called"] == list(names)
    assert max(map(len, rows.values())) < 1 << 20


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(lambda n: edited(revision=f"{n}", title="x", after=n), id="edits"),
        pytest.param(lambda n: edited("q.c1", revision=f"{n}", text="x", after=n), id="texts"),
        pytest.param(lambda n: accepted(f"a{n}", after=n), id="acceptances"),
        pytest.param(lambda n: aliased("Ann", f"n{n}", thread="t1"), id="aliases"),
    ],
)
def test_eight_times_the_statements_take_eight_times_the_work_and_not_sixty_four(one):
    def cost(count):
        story = [one(n) for n in range(count)]
        state = Partition()
        for event in (asked(), commented("q.c1")):
            state.join(event)
        list(tell(state))
        began = time.process_time()
        for event in story:
            state.join(event)
        list(tell(state))
        return time.process_time() - began

    assert min(cost(8_000) for _ in range(3)) < 24 * min(cost(1_000) for _ in range(3))


@pytest.mark.usefixtures("little")
@settings(max_examples=300)
@given(st.sampled_from([stories.broad, stories.crowded, stories.erasing]), st.integers(0, 1 << 32))
def test_what_is_set_aside_depends_neither_on_batches_nor_on_who_was_restored(make, seed):
    rng = Random(seed)  # noqa: S311 - stories, not secrets
    story = shuffled(make(rng), rng)
    at = rng.randint(0, len(story))
    whole = fold([story])
    assert fold(cut(story, rng)) == whole
    kept = list(fold(cut(story[:at], rng)).items())
    rng.shuffle(kept)
    assert fold(cut(story[at:], rng), dict(kept)) == whole
