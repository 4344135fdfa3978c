"""Counts that are kept in order are what would be counted and sorted anew."""

from __future__ import annotations

import pickle

from hypothesis import given
from hypothesis import strategies as st

from stream.core.ordered import Ordered

numbers = st.integers(0, 12)
counts = st.dictionaries(numbers, st.integers(1, 3))
changes = st.tuples(counts, st.sets(numbers)).map(lambda told: (told[0], told[1] - told[0].keys()))


@given(counts, st.lists(changes))
def test_after_any_changes_they_are_as_if_made_anew(first, told):
    ordered, plain = Ordered(first), dict(first)
    for changed, gone in told:
        before, copied = dict(plain), ordered.copy()
        ordered.change(changed, list(gone))
        plain |= changed
        for number in gone:
            plain.pop(number, None)
        check(ordered, plain)
        check(copied, before)


def test_many_that_are_gone_at_once_are_gone_as_few_are():
    ordered = Ordered(dict.fromkeys(range(200), 2))
    ordered.change({}, range(1, 200))
    check(ordered, {0: 2})


def check(ordered, plain):
    for each in (ordered, pickle.loads(pickle.dumps(ordered))):  # noqa: S301 (our own)
        assert each == plain
        assert each.moments == sorted(plain)
        assert each.total == sum(plain.values())
        assert each.often == {number: many for number, many in plain.items() if many > 1}
