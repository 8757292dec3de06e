"""Rivals: rules that are in use, as scores of shape (series, hour) so that each can be set to the same budget.

They count what their products count, posts, unless evidence is handed to them. Where an hour needs more history than
there is, the score is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.spikes.world import WEEK_HOURS

Floats = NDArray[np.floating]

BEAM_WINDOW: Final = 1000
"""Default window of apache_beam.ml.anomaly's trackers."""

LARGEST_COUNT: Final = 1024
MAD_SCALE: Final = 0.6745


def _sums(counts: Floats, hours: int) -> Floats:
    """(series, hour): sum of the last `hours` hours, this one included; of fewer at the beginning."""
    padded = np.pad(counts, ((0, 0), (hours, 0))).cumsum(axis=1)
    return np.asarray(padded[:, hours:] - padded[:, :-hours])


def _lagged(values: Floats, hours: int) -> Floats:
    return np.pad(values, ((0, 0), (hours, 0)))[:, : values.shape[1]]


def _standardised(value: Floats, past: Floats, least_deviation: float) -> Floats:
    """z of `value` against `past`, whose first axis holds the examples."""
    return np.asarray((value - past.mean(axis=0)) / np.maximum(past.std(axis=0, ddof=1), least_deviation))


def obsei(counts: Floats) -> Floats:
    """z of the last of seven weekly counts against the six before it, where it rises (obsei 1.1's trend rule)."""
    weekly = _sums(counts, WEEK_HOURS)
    past = np.stack([_lagged(weekly, WEEK_HOURS * back) for back in range(1, 7)])
    z = _standardised(weekly, past, 0.5)
    z[:, : 6 * WEEK_HOURS] = 0
    return np.where(weekly > past[0], z, 0)


def beam_zscore(counts: Floats) -> Floats:
    """apache_beam.ml.anomaly ZScore: the point against mean and deviation of the 1000 points before it."""
    before = _lagged(counts, 1)
    seen = np.clip(np.arange(counts.shape[1]), 2, BEAM_WINDOW)
    mean = _sums(before, BEAM_WINDOW) / seen
    variance = (_sums(before**2, BEAM_WINDOW) - seen * mean**2) / (seen - 1)
    return _in_units(np.abs(counts - mean), np.sqrt(np.maximum(variance, 0)))


def beam_robust_zscore(counts: Floats) -> Floats:
    """apache_beam.ml.anomaly RobustZScore: against running median and median absolute deviation.

    As there, a point's deviation is from the median of its own time and is not reckoned again.
    """
    median = _rolling_quantile(counts, 0.5)
    deviation = _rolling_quantile(np.abs(counts - median) * 2, 0.5) / 2
    return _in_units(MAD_SCALE * np.abs(counts - _lagged(median, 1)), _lagged(deviation, 1))


def beam_iqr(counts: Floats) -> Floats:
    """apache_beam.ml.anomaly IQR: distance beyond the quartiles of the points before, in interquartile ranges."""
    low, high = (_lagged(_rolling_quantile(counts, q), 1) for q in (0.25, 0.75))
    return _in_units(np.maximum(np.maximum(counts - high, low - counts), 0), high - low)


def _in_units(distance: Floats, unit: Floats) -> Floats:
    """Beam's detectors say 0 where the unit is 0."""
    return np.where(unit > 1e-12, distance / np.maximum(unit, 1e-12), 0.0)


def _rolling_quantile(counts: Floats, q: float) -> Floats:
    """(series, hour): quantile of the last 1000 whole numbers below 1024, between order statistics as NumPy's."""
    whole = np.minimum(counts, LARGEST_COUNT - 1).astype(np.int64)
    series = np.arange(len(whole))
    table = np.zeros((len(whole), int(whole.max()) + 1), dtype=np.int32)
    out = np.zeros(whole.shape)
    for hour in range(whole.shape[1]):
        table[series, whole[:, hour]] += 1
        if hour >= BEAM_WINDOW:
            table[series, whole[:, hour - BEAM_WINDOW]] -= 1
        place = q * (min(hour + 1, BEAM_WINDOW) - 1)
        below = int(place)
        cumulated = table.cumsum(axis=1)
        low = (cumulated > below).argmax(axis=1)
        high = (cumulated > min(below + 1, hour, BEAM_WINDOW - 1)).argmax(axis=1)
        out[:, hour] = low + (place - below) * (high - low)
    return out


def ears_c1(counts: Floats) -> Floats:
    """EARS C1: the last 24 hours against the seven days before."""
    return _ears(counts, 1)


def ears_c2(counts: Floats) -> Floats:
    """EARS C2: with two days between."""
    return _ears(counts, 3)


def ears_c3(counts: Floats) -> Floats:
    """EARS C3: what C2 exceeded 1 by in the last three days, summed (Hutwagner et al. 2003)."""
    c2 = _ears(counts, 3)
    return np.asarray(sum(np.maximum(_lagged(c2, 24 * back) - 1, 0) for back in range(3)))


def _ears(counts: Floats, lag_days: int) -> Floats:
    daily = _sums(counts, 24)
    past = np.stack([_lagged(daily, 24 * (lag_days + back)) for back in range(7)])
    return _standardised(daily, past, 0.5)


def farrington(counts: Floats) -> Floats:
    """Farrington-like: the hour against the same hours of the week, one either side, of the last four weeks.

    On the 2/3-power scale with over-dispersion (Farrington et al. 1996); no trend is fitted to four weeks.
    """
    lags = [WEEK_HOURS * week + shift for week in range(1, 5) for shift in (-1, 0, 1)]
    past = np.stack([_lagged(counts, lag) for lag in lags])
    mean = np.maximum(past.mean(axis=0), 1 / len(lags))
    dispersion = np.maximum(past.var(axis=0, ddof=1) / mean, 1)
    variance = dispersion * mean * (1 + 1 / len(lags))
    return np.asarray((counts ** (2 / 3) - mean ** (2 / 3)) / (2 / 3 * mean ** (-1 / 3) * np.sqrt(variance)))


def three_deviations(counts: Floats) -> Floats:
    """Mean + 3 standard deviations of the same hour of the last 14 days, as data-quality tools do by default."""
    past = np.stack([_lagged(counts, 24 * back) for back in range(1, 15)])
    return _standardised(counts, past, 0.5)


RIVALS: Final[Mapping[str, tuple[Callable[[Floats], Floats], float]]] = {
    "obsei (weekly z, rising)": (obsei, 2.0),
    "Beam ZScore": (beam_zscore, 3.0),
    "Beam RobustZScore": (beam_robust_zscore, 3.0),
    "Beam IQR": (beam_iqr, 1.5),
    "EARS C1": (ears_c1, 3.0),
    "EARS C2": (ears_c2, 3.0),
    "EARS C3": (ears_c3, 2.0),
    "Farrington-like": (farrington, 3.09),
    "mean + 3 sd": (three_deviations, 3.0),
}
"""Each rule and the threshold it ships with."""
