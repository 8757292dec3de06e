"""Intervals cover what they promise, and one incident does not hide the next."""

from __future__ import annotations

from math import exp
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.report.excess import count_interval, dispersion, exceedance, excess

counts = st.integers(0, 5_000)


def poisson(rng: Random, level: float) -> int:
    limit, product, count = exp(-level), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


@given(count=counts, spread=st.floats(1, 20))
def test_interval_holds_its_count(count: int, spread: float) -> None:
    low, high = count_interval(count, spread)
    assert 0 <= low <= count < high


def test_interval_of_nothing_is_open_above() -> None:
    assert count_interval(0) == pytest.approx((0, 3.84), abs=0.01)


@given(after=counts, before=st.lists(counts, min_size=1, max_size=2), spread=st.floats(1, 20))
def test_excess_lies_in_its_interval(after: int, before: list[int], spread: float) -> None:
    found = excess(after, before, spread)
    assert found.low <= found.excess <= found.high
    assert found.excess == pytest.approx(after - sum(before) / len(before))


def test_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng, covered, trials = Random(1), 0, 2_000
    for _ in range(trials):
        found = excess(poisson(rng, 30), [poisson(rng, 20), poisson(rng, 20)], 1.0)
        covered += found.low <= 10 <= found.high
    assert 0.93 < covered / trials < 0.975


def test_a_wider_spread_widens_the_interval() -> None:
    assert excess(30, [20], 4.0).low < excess(30, [20], 1.0).low


def test_excess_needs_something_before() -> None:
    with pytest.raises(ValueError, match="before"):
        excess(3, [], 1.0)


def test_dispersion_knows_the_week_and_the_drift() -> None:
    week = [9, 9, 9, 9, 9, 2, 1]
    assert dispersion(week * 4) == 1.0
    assert dispersion([0, 20] * 14) > 5
    assert dispersion(week * 4, [100, 200]) == pytest.approx(100**2 / 300)


def test_exceedance_grows_with_the_count() -> None:
    before = [5, 6, 4, 5, 7, 2, 1] * 8
    scores = [exceedance(observed, before, 3.7).score for observed in (5, 10, 20, 40)]
    assert scores == sorted(scores)
    assert scores[0] < 1 < 3.7 < scores[-1]


def test_bound_lies_where_the_score_says() -> None:
    before = [5, 6, 4, 5, 7, 2, 1] * 8
    bound = exceedance(1, before, 3.7).high
    assert exceedance(int(bound), before, 3.7).score < 3.7 < exceedance(int(bound) + 1, before, 3.7).score


def test_an_earlier_incident_does_not_hide_the_next() -> None:
    before = [5, 6, 4, 5, 7, 2, 1] * 8
    clean = exceedance(30, before, 3.7)
    before[-7] = 300
    assert exceedance(30, before, 3.7).score == pytest.approx(clean.score, rel=0.2)


def test_three_weeks_are_too_few() -> None:
    assert exceedance(30, [1] * 21, 3.7) is None
