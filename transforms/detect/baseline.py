"""Baseline: what is expected of each series in each hour, learnt with exponential forgetting.

mean = level x hour of the day x weekday x control. Each factor is a ratio of sums, seen over expected, never a mean of
ratios, which diverges where hours are empty; each is shrunk towards what its pool shows (a Gamma-Poisson posterior
mean), so a new series starts from its relatives and leaves them as it gathers evidence of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from transforms.detect.layout import Floats, Ints

LEVEL_HOURS: Final = 10 * 24.0
"""Memory of the level: 2 to 4 days learn incidents, 20 days miss drift."""

SEASON_DAYS: Final = 42.0
DISPERSION_HOURS: Final = 28 * 24.0

LEVEL_PRIOR_HOURS: Final = 24.0
"""How many hours of its pool a new series starts with."""

HOUR_PRIOR_COUNT: Final = 80.0
WEEKDAY_PRIOR_COUNT: Final = 200.0
DISPERSION_PRIOR_COUNT: Final = 30.0
"""Expected counts at which a series' own factor weighs as much as its pool's."""

DISPERSION_PRIOR: Final = 1.2
DISPERSION_RANGE: Final = (1.0, 6.0)

LEVEL_UNCERTAINTY: Final = 0.0225
"""Squared relative error of the mean itself: 15 %, as measured on simulated worlds."""

CLIP_DEVIATIONS: Final = 3.0


@dataclass(frozen=True)
class Baseline:
    """Decayed sums of K series: level, hour of the day (K, 24), weekday (K, 7), squared residuals."""

    seen: Floats
    exposure: Floats
    hour_seen: Floats
    hour_expected: Floats
    weekday_seen: Floats
    weekday_expected: Floats
    squares: Floats
    means: Floats


@dataclass(frozen=True)
class Expected:
    """What one hour should hold, each of shape (K,): mean and variance of the count, and the factors of the mean."""

    mean: Floats
    variance: Floats
    dispersion: Floats
    """Variance over mean of the noise, without the uncertainty of the mean."""
    level: Floats
    hour_factor: Floats
    weekday_factor: Floats
    control: Floats
    doubt: Floats
    """Squared relative error of the mean itself."""

    @property
    def ceiling(self) -> Floats:
        """Largest count that is believed in one hour: what lies above is winsorised."""
        return np.floor(self.mean + CLIP_DEVIATIONS * np.sqrt(self.variance) + 1)


def empty_baseline(series: int) -> Baseline:
    """Nothing learnt yet."""

    def zeros(*shape: int) -> Floats:
        return np.zeros((series, *shape))

    return Baseline(zeros(), zeros(), zeros(24), zeros(24), zeros(7), zeros(7), zeros(), zeros())


def expect(
    state: Baseline, pool: Ints, hour_of_day: int, weekday: int, control: Floats, doubt: Floats | float = 0.0
) -> Expected:
    """Mean and variance of the hour, before it is looked at.

    `control` (K,) multiplies the mean, and `doubt` (K,) is the squared relative error which that brings in.
    """
    hour = _shrunk(
        state.hour_seen[:, hour_of_day], state.hour_expected[:, hour_of_day], pool, HOUR_PRIOR_COUNT, least=5.0
    )
    day = _shrunk(
        state.weekday_seen[:, weekday], state.weekday_expected[:, weekday], pool, WEEKDAY_PRIOR_COUNT, least=5.0
    )
    pools = int(pool.max(initial=-1)) + 1
    usual = (np.bincount(pool, state.seen, pools) + 0.1) / (np.bincount(pool, state.exposure, pools) + 1)
    level = (state.seen + LEVEL_PRIOR_HOURS * usual[pool]) / (state.exposure + LEVEL_PRIOR_HOURS)
    mean = level * hour * day * control
    dispersion = np.clip(
        (state.squares + DISPERSION_PRIOR_COUNT * DISPERSION_PRIOR) / (state.means + DISPERSION_PRIOR_COUNT),
        *DISPERSION_RANGE,
    )
    all_doubt = np.broadcast_to(LEVEL_UNCERTAINTY + doubt, mean.shape)
    variance = dispersion * mean + all_doubt * mean**2
    return Expected(mean, variance, dispersion, level, hour, day, control, all_doubt)


def _shrunk(seen: Floats, expected: Floats, pool: Ints, prior_count: float, least: float) -> Floats:
    pools = int(pool.max(initial=-1)) + 1
    shared = (np.bincount(pool, seen, pools) + least) / (np.bincount(pool, expected, pools) + least)
    return np.asarray((seen + prior_count * shared[pool]) / (expected + prior_count))


def learn(
    state: Baseline, expected: Expected, hour_of_day: int, weekday: int, counts: Floats, weight: Floats
) -> Baseline:
    """The baseline after the hour. `weight` (K,) is 1 for an ordinary hour, 0 for one that says nothing."""
    believed = np.minimum(counts, expected.ceiling)
    weighted = weight * believed
    season = expected.hour_factor * expected.weekday_factor * expected.control
    level = np.exp(-1 / LEVEL_HOURS)
    noise = np.exp(-1 / DISPERSION_HOURS)
    residual = np.abs(counts - expected.mean)
    squares = np.minimum(residual, CLIP_DEVIATIONS * np.sqrt(expected.variance) + 1) ** 2
    return replace(
        state,
        seen=_forget(state.seen, level, weight) + weighted,
        exposure=_forget(state.exposure, level, weight) + weight * season,
        hour_seen=_add(state.hour_seen, hour_of_day, np.exp(-1 / SEASON_DAYS), weight, weighted),
        hour_expected=_add(
            state.hour_expected,
            hour_of_day,
            np.exp(-1 / SEASON_DAYS),
            weight,
            weight * expected.mean / expected.hour_factor,
        ),
        weekday_seen=_add(state.weekday_seen, weekday, np.exp(-7 / SEASON_DAYS / 24), weight, weighted),
        weekday_expected=_add(
            state.weekday_expected,
            weekday,
            np.exp(-7 / SEASON_DAYS / 24),
            weight,
            weight * expected.mean / expected.weekday_factor,
        ),
        squares=_forget(state.squares, noise, weight) + weight * squares,
        means=_forget(state.means, noise, weight) + weight * expected.mean,
    )


def _forget(values: Floats, factor: float, weight: Floats) -> Floats:
    """An hour that says nothing makes nothing older."""
    return np.where(weight > 0, values * factor, values)


def _add(table: Floats, column: int, factor: float, weight: Floats, values: Floats) -> Floats:
    changed = table.copy()
    changed[:, column] = _forget(table[:, column], factor, weight) + values
    return changed
