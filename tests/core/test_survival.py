"""Curves against R, against the literature, and against each other."""

from collections import Counter
from itertools import pairwise
from math import exp, fsum, inf, log, sqrt

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stream.core import npmle, survival
from stream.core import turnbull as turnbulls
from stream.core.survival import turnbull

MS = st.integers(0, 40)
AML_MAINTAINED = ([9, 13, 18, 23, 31, 34, 48], [13, 28, 45, 161])
TIMES = st.lists(MS, max_size=20)
BOUNDS = st.lists(
    st.one_of(st.tuples(MS, MS).map(lambda ends: (min(ends), max(ends))), st.tuples(MS, st.none())),
    max_size=20,
)


def kaplan_meier(observed, censored):
    return survival.kaplan_meier(Counter(observed), censored)


def exact(times):
    return [(ms, ms) for ms in times]


class TestKaplanMeier:
    def test_r_says_so_of_its_aml_maintained(self):
        curve = kaplan_meier(*AML_MAINTAINED)
        assert [step.ms for step in curve.steps] == [9, 13, 18, 23, 31, 34, 48]
        assert [step.at_risk for step in curve.steps] == [11, 10, 8, 7, 5, 4, 2]
        assert [round(step.survival, 5) for step in curve.steps] == [
            *(0.90909, 0.81818, 0.71591, 0.61364, 0.49091, 0.36818, 0.18409)
        ]

    def test_its_band_is_that_of_greenwood_on_the_log_log_scale(self):
        """R: survfit(..., conf.type = "log-log")."""
        curve = kaplan_meier(*AML_MAINTAINED)
        first, last = curve.steps[0], curve.steps[-1]
        assert first.lower == pytest.approx(0.50808, abs=1e-5)
        assert first.upper == pytest.approx(0.98667, abs=1e-5)
        assert last.lower == pytest.approx(0.01174, abs=1e-5)
        assert last.upper == pytest.approx(0.52501, abs=1e-5)

    def test_nobody_left_has_no_band(self):
        (step,) = kaplan_meier([5, 5], []).steps
        assert step == (5, 2, 2, 0.0, None, None)

    def test_a_quantile_is_the_first_moment_by_which_the_share_had_ended(self):
        curve = kaplan_meier([1, 2, 3, 4], [])
        assert [curve.quantile(p) for p in (0.25, 0.5, 0.75, 0.9)] == [1, 2, 3, 4]

    def test_a_quantile_that_is_not_reached_is_none(self):
        curve = kaplan_meier([1, 2], [9, 9, 9, 9])
        assert curve.quantile(0.25) == 2
        assert curve.quantile(0.5) is None

    def test_a_share_is_known_as_long_as_anybody_was_watched(self):
        curve = kaplan_meier([1, 2], [9, 9])
        assert [curve.within(ms) for ms in (0, 1, 2, 9)] == [0.0, 0.25, 0.5, 0.5]
        assert curve.within(10) is None

    def test_a_share_stays_known_where_all_have_ended(self):
        assert kaplan_meier([1, 2], []).within(1_000) == 1.0

    def test_of_nobody_nothing_is_known(self):
        curve = kaplan_meier([], [])
        assert (list(curve.steps), curve.quantile(0.5), curve.within(1)) == ([], None, None)

    def test_who_is_censored_at_a_moment_was_still_at_risk_at_it(self):
        (step,) = kaplan_meier([5], [5]).steps
        assert (step.at_risk, step.survival) == (2, 0.5)

    @given(st.lists(MS, min_size=1))
    def test_without_censoring_it_is_the_share_that_still_waits(self, times):
        for step in kaplan_meier(times, []).steps:
            waiting = sum(ms > step.ms for ms in times)
            assert step.survival == pytest.approx(waiting / len(times), abs=1e-12)

    @given(TIMES, TIMES)
    @example([1, 2, 2, 3, 5, 9], [2, 4, 4, 5, 7])
    def test_it_is_the_product_of_the_shares_that_each_moment_left(self, observed, censored):
        share, greenwood = 1.0, 0.0
        for step in kaplan_meier(observed, censored).steps:
            at_risk = sum(ms >= step.ms for ms in [*observed, *censored])
            ended = observed.count(step.ms)
            assert (step.at_risk, step.events) == (at_risk, ended)
            share *= 1 - ended / at_risk
            assert step.survival == pytest.approx(share, rel=1e-12)
            if ended < at_risk:
                greenwood += ended / (at_risk * (at_risk - ended))
                spread = exp(survival.Z_95 * sqrt(greenwood) / -log(share))
                assert step.lower == pytest.approx(share**spread, rel=1e-9)
                assert step.upper == pytest.approx(share ** (1 / spread), rel=1e-9)
            else:
                assert (step.lower, step.upper) == (None, None)

    @given(TIMES, TIMES)
    def test_it_only_falls_and_lies_in_its_band(self, observed, censored):
        steps = kaplan_meier(observed, censored).steps
        assert all(a.survival > b.survival and a.ms < b.ms for a, b in pairwise(steps))
        for step in steps:
            if step.lower is not None and step.upper is not None:
                assert step.lower <= step.survival <= step.upper


class TestTurnbull:
    def test_masses_of_the_textbook(self):
        """Exact 2 once, 3 five times, (1, 3] five times."""
        found = turnbull([(2, 2), *[(3, 3)] * 5, *[(2, 3)] * 5], [])
        assert [m[:2] for m in found.masses] == [(2, 2), (3, 3)]
        assert [m.mass for m in found.masses] == pytest.approx([1 / 6, 5 / 6], abs=1e-6)
        assert found.masses[0].unanswered == pytest.approx(0.8333, abs=1e-4)

    def test_one_interval_holds_everything(self):
        found = turnbull([(0, 100)], [])
        assert [m[:4] for m in found.masses] == [(0, 100, 1.0, 0.0)]
        assert found.quantile(0.5) == (0, 100)
        assert found.within(99) == (0.0, 1.0)
        assert found.within(100) == (1.0, 1.0)

    def test_of_nobody_nothing_is_known(self):
        assert (turnbull([], []).quantile(0.5), turnbull([], []).within(1)) == (None, None)

    def test_what_ended_nobody_knows_when_is_a_mass_without_end(self):
        found = turnbull([(5, None), (1, 1)], [])
        assert [m[:4] for m in found.masses] == [(1, 1, 0.5, 0.5), (5, None, 0.5, 0.5)]
        assert found.quantile(0.9) == (5, None)
        assert found.within(10) == (0.5, 1.0)

    def test_who_still_waits_at_a_moment_had_not_ended_at_it(self):
        found = turnbull([(5, 5), (5, 9)], [5])
        assert [(m.after_ms, m.by_ms, m.open) for m in found.masses] == [
            (5, 5, False),
            (5, 9, True),
        ]
        least, most = found.within(5) or (0, 0)
        assert least == most

    @given(TIMES, TIMES)
    @example([9, 13, 18, 23, 31, 34, 48], [13, 28, 45, 161])
    def test_with_right_censoring_alone_it_is_kaplan_meier(self, observed, censored):
        curve, found = kaplan_meier(observed, censored), turnbull(exact(observed), censored)
        left = {m.by_ms: m.unanswered for m in found.masses}
        for step in curve.steps:
            assert left[step.ms] == pytest.approx(step.survival, abs=1e-6)

    @given(BOUNDS, TIMES)
    def test_masses_are_a_distribution_in_order(self, bounds, censored):
        masses = turnbull(bounds, censored).masses
        assert not masses or fsum(m.mass for m in masses) == pytest.approx(1)
        assert all(_ends(a) <= b.after_ms for a, b in pairwise(masses))
        assert all(a.unanswered >= b.unanswered - 1e-12 for a, b in pairwise(masses))

    @given(BOUNDS.filter(bool), TIMES, st.data())
    @settings(max_examples=200)
    def test_no_other_masses_make_what_was_seen_likelier(self, bounds, censored, data):
        found = turnbull(bounds, censored)
        assert found.gap <= npmle.GAP_MAX
        other = data.draw(st.lists(st.integers(1, 9), min_size=len(found.masses)))
        weights = [a * m.mass for a, m in zip(other, found.masses, strict=False)]
        moved = [
            m._replace(mass=w / fsum(weights)) for m, w in zip(found.masses, weights, strict=True)
        ]
        best = likelihood(found.masses, bounds, censored)
        assert likelihood(moved, bounds, censored) <= best + 1e-6

    def test_days_alone_are_hard_for_em_and_still_come_to_their_end(self):
        """Acceptances are known to the day, and begin at any hour: everything overlaps."""
        days = [
            (max(n * 7919 % 86_400 - 40_000, 0), n * 7919 % 86_400 + 46_400) for n in range(900)
        ]
        assert turnbull(days, range(0, 80_000, 977)).gap <= npmle.GAP_MAX

    @given(BOUNDS.filter(bool), MS)
    def test_the_least_share_is_at_most_the_greatest(self, bounds, ms):
        least, most = turnbull(bounds, []).within(ms) or (-1, -1)
        assert 0 <= least <= most <= 1

    def test_more_than_it_can_hold_apart_is_widened_and_bounds_stay_true(self):
        waits = [997 * n + n % 7 for n in range(turnbulls.RANGES_MAX + 500)]
        found = turnbull(exact(waits), [])
        assert len(found.masses) < turnbulls.RANGES_MAX
        median = sorted(waits)[len(waits) // 2]
        low, high = found.quantile(0.5) or (0, 0)
        assert high is not None
        assert low <= median <= high <= low * 1.002


def _ends(mass):
    return inf if mass.by_ms is None else mass.by_ms


def likelihood(masses, bounds, censored):
    def covered(low, high):
        inside = (m for m in masses if low <= m.after_ms)
        return fsum(m.mass for m in inside if high is None or _ends(m) <= high)

    ended = fsum(log(covered(lo, hi)) for lo, hi in bounds)
    waiting = fsum(log(fsum(m.mass for m in masses if m.after_ms + m.open > ms)) for ms in censored)
    return ended + waiting
