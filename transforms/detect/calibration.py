"""Calibration: how rarely chance alone accumulates so much evidence.

Evidence of all series of like volume is pooled, since one quiet series would need years to know its own tail. A stratum
is a range of authors expected in a day; its distribution is a decayed histogram, and beyond the level that one in fifty
hours exceeds an exponential, as theory says of a CUSUM (Siegmund 1985), whose rate is the maximum-likelihood one of the
exceedances truncated some nats further out. Incidents live beyond that point, so they cannot pass for chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from transforms.detect.layout import Flags, Floats, Ints

STRATA: Final = np.array([0.5, 1, 2, 4, 8, 16, 32, 64, 128])
"""Upper limits of authors expected a day; what lies above is the last stratum."""

BIN_NATS: Final = 0.25
BINS: Final = 80
MEMORY_HOURS: Final = 28 * 24.0
EXCEEDED_BY: Final = 0.02
TRUNCATED_BINS: Final = 16
"""The rate is learnt within 4 nats: from one hour in fifty to about one in 2,500."""

LEARNT_NATS: Final = TRUNCATED_BINS * BIN_NATS

PRIOR_HOURS: Final = 500.0
PRIOR_CALM: Final = 0.6
"""Share of hours without any evidence, before anything is known."""

PRIOR_RATE: Final = np.array([3, 2.2, 1.45, 1.25, 1.1, 1, 1, 1, 1.1, 1.35])
"""Rate a nat of each stratum before anything is known. Theory says 1; where little is expected an hour is cut to one
author or two, which makes chance lighter, and in the busiest series doubt does. From null worlds of seeds 1 to 6."""

PRIOR_EXCEEDANCES: Final = 200.0
"""Weight of that rate against the one that is seen."""

RATE_RANGE: Final = (0.6, 4.0)
FLATTENING: Final = np.array([0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 1.05])
"""Of each stratum: beyond where the rate is learnt the tail grows flatter, because the mean is estimated, but for the
busiest. From null worlds of seeds 1 to 6."""


@dataclass(frozen=True)
class Tail:
    """Decayed histograms of evidence, (strata, 1 + bins): hours of no evidence, then of each quarter of a nat."""

    hours: Floats


def prior_tail() -> Tail:
    """Before anything is known: 60 % calm, the rest exponential with the rate of the stratum."""
    beyond = np.exp(-PRIOR_RATE[:, None] * np.arange(BINS) * BIN_NATS)
    mass = -np.diff(beyond, axis=1, append=0.0)
    calm = np.full((len(mass), 1), PRIOR_CALM)
    return Tail(PRIOR_HOURS * np.concatenate([calm, (1 - PRIOR_CALM) * mass], axis=1))


def stratum(daily: Floats) -> Ints:
    """Stratum of each series by the authors expected in a day."""
    return np.searchsorted(STRATA, daily)


def observe(state: Tail, evidence: Floats, of_stratum: Ints, counted: Flags) -> Tail:
    """The histograms an hour later; only series that are `counted` enter."""
    column = np.where(evidence > 0, np.minimum((evidence / BIN_NATS).astype(np.int64), BINS - 1) + 1, 0)
    width = BINS + 1
    new = np.bincount((of_stratum * width + column)[counted], minlength=len(state.hours) * width)
    return Tail(state.hours * np.exp(-1 / MEMORY_HOURS) + new.reshape(-1, width))


def surprise(state: Tail, evidence: Floats, of_stratum: Ints) -> Floats:
    """-log10 of the chance of so much evidence in an hour without incident, (K,); 0 for none."""
    start, at_start, rate = _exponential_tails(state)
    survival = _survival(state)
    place = np.clip(evidence / BIN_NATS, 0, BINS - 1e-9)
    below = place.astype(np.int64)
    part = place - below
    logs = np.log(np.maximum(survival, 1e-12))
    inside = (1 - part) * logs[of_stratum, below] + part * logs[of_stratum, below + 1]
    distance = evidence - start[of_stratum]
    flatter = np.maximum(distance - LEARNT_NATS, 0.0) * (1 - FLATTENING[of_stratum])
    beyond = at_start[of_stratum] - rate[of_stratum] * (distance - flatter)
    log_p = np.where(distance > 0, beyond, inside)
    return np.where(evidence > 0, np.maximum(-log_p / np.log(10), 0.0), 0.0)


def _survival(state: Tail) -> Floats:
    """(strata, bins + 1): share of hours with more evidence than each edge."""
    beyond = np.cumsum(state.hours[:, :0:-1], axis=1)[:, ::-1]
    above = np.concatenate([beyond, np.zeros((len(beyond), 1))], axis=1)
    return np.asarray(above / state.hours.sum(axis=1, keepdims=True))


def _exponential_tails(state: Tail) -> tuple[Floats, Floats, Floats]:
    """Of each stratum: where the tail starts, log share of the hours beyond, and its rate a nat there."""
    survival = _survival(state)
    first = np.minimum((survival > EXCEEDED_BY).sum(axis=1), BINS - TRUNCATED_BINS)
    strata = np.arange(len(first))
    columns = first[:, None] + 1 + np.arange(TRUNCATED_BINS)
    hours = state.hours[strata[:, None], columns]
    middles = (np.arange(TRUNCATED_BINS) + 0.5) * BIN_NATS
    before = PRIOR_EXCEEDANCES * (1 / PRIOR_RATE - LEARNT_NATS / np.expm1(PRIOR_RATE * LEARNT_NATS))
    mean = ((hours * middles).sum(axis=1) + before) / (hours.sum(axis=1) + PRIOR_EXCEEDANCES)
    rate = _truncated_rate(mean, LEARNT_NATS)
    return first * BIN_NATS, np.log(np.maximum(survival[strata, first], 1e-12)), rate


def _truncated_rate(mean: Floats, length: float) -> Floats:
    """Maximum-likelihood rate of an exponential seen on [0, length] only, by bisection."""
    low, high = np.full(len(mean), RATE_RANGE[0]), np.full(len(mean), RATE_RANGE[1])
    for _ in range(30):
        rate = (low + high) / 2
        too_slow = 1 / rate - length / np.expm1(rate * length) > mean
        low, high = np.where(too_slow, rate, low), np.where(too_slow, high, rate)
    return np.asarray((low + high) / 2)
