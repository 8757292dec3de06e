"""Figures of an alarm: band, q-value, busyness."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from transforms.detect.baseline import LEVEL_UNCERTAINTY
from transforms.detect.detector import Hour, Settings, empty_state, step
from transforms.detect.figures import band, busyness, q_values
from transforms.detect.layout import SeriesKey, layout


@pytest.mark.parametrize("mean", [0.5, 2.0, 10.0, 80.0])
@pytest.mark.parametrize("dispersion", [1.0, 2.5])
def test_the_band_is_that_of_a_gamma_distribution(mean: float, dispersion: float) -> None:
    variance = dispersion * mean + LEVEL_UNCERTAINTY * mean**2
    exact = stats.gamma(mean**2 / variance, scale=variance / mean).ppf([0.05, 0.95])
    assert band(mean, dispersion) == pytest.approx(
        tuple(exact), abs=0.03 * mean + (0.05 if mean > dispersion else 0.26)
    )


def test_of_nothing_nothing_is_expected() -> None:
    assert band(0.0, 1.0) == (0.0, 0.0)


def test_what_is_called_an_alarm_has_a_q_value_below_q_and_the_others_above() -> None:
    series = layout([SeriesKey("p", "a", "s"), SeriesKey("p", "b", "s")])
    chance, state, settings = np.random.default_rng(3), empty_state(series), Settings(q=0.05)
    alarms = 0
    for hour in range(24 * 30):
        counts = chance.poisson([1.0, 1.0]).astype(float)
        counts[0] += 8.0 * (hour > 24 * 29)
        after, scores = step(series, settings, state, Hour(hour % 24, 0, counts, np.array([4.0])))
        q = q_values(series, state, scores)
        tested = scores.enough & ~state.alarmed & ~(scores.learning & (scores.surprise < 6))
        assert (q[scores.alarm] <= settings.q + 1e-12).all()
        assert (q[tested & ~scores.alarm] > settings.q).all()
        alarms += int(scores.alarm.sum())
        state = after
    assert alarms == 1
    assert busyness(state.control, 0) == pytest.approx(1.0, abs=0.1)
    assert busyness(empty_state(series).control, 0) is None
