"""Statements that something happened, and when."""

from __future__ import annotations

import pytest

from stream.core.item import BOUNDED, EXACT, OPEN, unknown
from stream.core.moments import Happening, Happenings, joined, stands
from stream.core.when import LONG_AGO, Moment


def at(ms):
    return Happening(ms, ms, open=False)


def between(after, by):
    return Happening(after, by, open=False)


def since(after, place=99):
    return Happening(after, place, open=True)


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        pytest.param([at(5), at(5)], [at(5)], id="the same twice"),
        pytest.param([at(7), at(5)], [at(5), at(7)], id="twice, at two moments"),
        pytest.param([between(0, 9), at(5)], [at(5)], id="a moment within bounds says more"),
        pytest.param([at(5), between(6, 9)], [at(5), between(6, 9)], id="another one, later"),
        pytest.param([between(0, 9), between(3, 9)], [between(3, 9)], id="narrower bounds"),
        pytest.param([since(3), at(5)], [at(5)], id="open above"),
        pytest.param([since(3), since(4)], [since(4)], id="both open: the later lower bound"),
        pytest.param([between(LONG_AGO, 4), at(5)], [between(LONG_AGO, 4), at(5)], id="apart"),
    ],
)
def test_a_statement_that_contains_another_tells_nothing(told, kept):
    for order in (told, told[::-1]):
        held: Happenings = ()
        for one in order:
            held = joined(held, one)
        assert list(held) == kept


def test_done_and_undone_at_once_is_undone():
    assert stands((at(5),), ())
    assert not stands((at(5),), (at(5),))
    assert stands((at(5), at(7)), (at(6),))


@pytest.mark.parametrize(
    ("told", "expected", "contested"),
    [
        pytest.param([(3, 3, True)], (3, 3, EXACT), False, id="exact"),
        pytest.param([(0, 9, False), (3, 3, True)], (3, 3, EXACT), False, id="exact in bounds"),
        pytest.param([(4, 9, False), (3, 3, True)], (3, 3, EXACT), True, id="exact beside bounds"),
        pytest.param([(3, 3, True), (2, 2, True)], (2, 2, EXACT), True, id="the smaller of two"),
        pytest.param([(0, 6, False), (4, 9, False)], (4, 6, BOUNDED), False, id="bounds meet"),
        pytest.param([(0, 3, False), (4, 9, False)], (4, 3, BOUNDED), True, id="bounds that miss"),
        pytest.param([(2, None, False), (0, 9, False)], (2, 9, BOUNDED), False, id="open, bounded"),
        pytest.param([(2, None, False)], (2, 50, OPEN), False, id="open alone"),
    ],
)
def test_bounds_of_a_moment_meet(told, expected, contested):
    for order in (told, told[::-1]):
        item = unknown("q")
        for after, by, exact in order:
            item.place(Moment(after, 50 if by is None else by, exact=exact, open=by is None))
        assert (item.after, item.at, item.mode) == expected
        assert item.contested == contested
