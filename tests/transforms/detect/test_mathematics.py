"""Calibration and false-discovery control, each against what theory says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from transforms.detect.calibration import BIN_NATS, observe, prior_tail, stratum, surprise
from transforms.detect.multiplicity import benjamini_hochberg, discover, whole_budget


def test_the_tail_of_an_exponential_is_found() -> None:
    random = np.random.default_rng(1)
    evidence = np.where(random.random(400_000) < 0.6, 0.0, random.exponential(1.0, 400_000))
    of_stratum = np.full(len(evidence), 4)
    tail = observe(prior_tail(), evidence, of_stratum, np.ones(len(evidence), dtype=bool))
    levels = np.array([2.0, 4.0, 8.0, 12.0])
    exact = -np.log10(0.4 * np.exp(-levels))
    np.testing.assert_allclose(surprise(tail, levels, of_stratum[:4]), exact, rtol=0.07)


@pytest.mark.parametrize(("of_one", "rate"), [(1, 2.2), (2, 1.45), (9, 1.35)])
def test_the_tail_of_a_stratum_that_is_lighter_than_theory_is_found(of_one: int, rate: float) -> None:
    random = np.random.default_rng(2)
    evidence = np.where(random.random(200_000) < 0.6, 0.0, random.exponential(1 / rate, 200_000))
    tail = observe(prior_tail(), evidence, np.full(len(evidence), of_one), np.ones(len(evidence), dtype=bool))
    levels = np.log(0.4 * np.array([1e2, 1e3])) / rate  # within what is learnt, so no flattening
    np.testing.assert_allclose(surprise(tail, levels, np.full(2, of_one)), [2, 3], atol=0.06)


def test_a_stratum_of_which_nothing_is_known_has_the_prior_tail() -> None:
    levels = np.array([1.0, 2.0])
    for of_one, rate in enumerate((3, 2.2, 1.45, 1.25, 1.1, 1, 1, 1, 1.1, 1.35)):
        exact = -np.log10(0.4 * np.exp(-rate * levels))
        np.testing.assert_allclose(surprise(prior_tail(), levels, np.full(2, of_one)), exact, atol=0.03)


def test_more_evidence_is_more_surprising() -> None:
    evidence = np.arange(0, 30, BIN_NATS / 3)
    said = surprise(prior_tail(), evidence, np.full(len(evidence), 3))
    assert said[0] == 0
    assert (np.diff(said) >= 0).all()


def test_hours_that_are_not_counted_change_nothing() -> None:
    before = prior_tail()
    after = observe(before, np.full(5, 9.0), np.zeros(5, dtype=np.int64), np.zeros(5, dtype=bool))
    np.testing.assert_allclose(after.hours / after.hours.sum(), before.hours / before.hours.sum())


def test_volume_has_its_stratum() -> None:
    assert stratum(np.array([0.0, 0.5, 0.6, 10.0, 500.0])).tolist() == [0, 0, 1, 5, 9]


@pytest.mark.parametrize("seed", range(5))
def test_benjamini_hochberg_is_scipys(seed: int) -> None:
    p_values = np.random.default_rng(seed).random(50) ** 3
    expected = false_discovery_control(p_values) <= 0.1
    np.testing.assert_array_equal(benjamini_hochberg(p_values, 0.1), expected)


def test_false_alarms_stay_a_small_share() -> None:
    random = np.random.default_rng(4)
    budget, false, true = whole_budget(), 0, 0
    for _ in range(3000):
        p_values = random.random(200)
        p_values[0] = 1e-9 if random.random() < 0.1 else p_values[0]
        signal = p_values[0] == 1e-9
        budget, found = discover(budget, p_values, 0.1)
        true += int(found[0] and signal)
        false += int(found.sum()) - int(found[0] and signal)
    assert true > 200
    assert 0 < false / (true + false) <= 0.13


def test_noise_alone_is_hardly_ever_an_alarm() -> None:
    random = np.random.default_rng(5)
    budget, alarms = whole_budget(), 0
    for _ in range(2000):
        budget, found = discover(budget, random.random(200), 0.05)
        alarms += int(found.sum())
    assert alarms <= 2


def test_no_series_is_no_alarm() -> None:
    budget, found = discover(whole_budget(), np.zeros(0), 0.05)
    assert len(found) == 0
    assert budget.hours == 1
