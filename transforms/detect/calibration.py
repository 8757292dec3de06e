"""Calibration: how rarely chance alone accumulates so much evidence.

Evidence of all series of like volume is pooled, since one quiet series would need years to know its own tail. A stratum
is a range of authors expected in a day; its distribution is a decayed histogram, and beyond the level that one in ten
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
EXCEEDED_BY: Final = 0.03
TRUNCATED_BINS: Final = 12
"""The rate is learnt within 3 nats: from one hour in thirty to about one in six hundred."""

PRIOR_HOURS: Final = 2000.0
PRIOR_CALM: Final = 0.6
"""Share of hours without any evidence, before anything is known."""

PRIOR_RATE: Final = 1.0
PRIOR_EXCEEDANCES: Final = 300.0
"""Weight of the rate that theory gives against the one that is seen."""

RATE_RANGE: Final = (0.6, 2.5)
FLATTENING: Final = 0.95
"""The tail grows flatter further out, because the mean is estimated; from null worlds of seeds 1 to 6. Above 64 authors
a day it does not: 1.0 and 1.2 would be right there, but conversations that nobody can tell then pass for incidents."""


@dataclass(frozen=True)
class Tail:
    """Decayed histograms of evidence, (strata, 1 + bins): hours of no evidence, then of each quarter of a nat."""

    hours: Floats


def prior_tail() -> Tail:
    """Before anything is known: 60 % calm, the rest exponential with rate 1."""
    edges = np.arange(BINS + 1) * BIN_NATS
    mass = -np.diff(np.exp(-PRIOR_RATE * edges))
    mass[-1] += np.exp(-PRIOR_RATE * edges[-1])
    one = PRIOR_HOURS * np.concatenate([[PRIOR_CALM], (1 - PRIOR_CALM) * mass])
    return Tail(np.tile(one, (len(STRATA) + 1, 1)))


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
    beyond = at_start[of_stratum] - rate[of_stratum] * (evidence - start[of_stratum])
    log_p = np.where(evidence > start[of_stratum], beyond, inside)
    return np.where(evidence > 0, np.maximum(-log_p / np.log(10), 0.0), 0.0)


def _survival(state: Tail) -> Floats:
    """(strata, bins + 1): share of hours with more evidence than each edge."""
    beyond = np.cumsum(state.hours[:, :0:-1], axis=1)[:, ::-1]
    above = np.concatenate([beyond, np.zeros((len(beyond), 1))], axis=1)
    return np.asarray(above / state.hours.sum(axis=1, keepdims=True))


def _exponential_tails(state: Tail) -> tuple[Floats, Floats, Floats]:
    """Of each stratum: where the tail starts, log share of the hours beyond, and its rate a nat."""
    survival = _survival(state)
    first = np.minimum((survival > EXCEEDED_BY).sum(axis=1), BINS - TRUNCATED_BINS)
    strata = np.arange(len(first))
    columns = first[:, None] + 1 + np.arange(TRUNCATED_BINS)
    hours = state.hours[strata[:, None], columns]
    middles = (np.arange(TRUNCATED_BINS) + 0.5) * BIN_NATS
    length = TRUNCATED_BINS * BIN_NATS
    in_theory = PRIOR_EXCEEDANCES * (1 / PRIOR_RATE - length / np.expm1(PRIOR_RATE * length))
    mean = ((hours * middles).sum(axis=1) + in_theory) / (hours.sum(axis=1) + PRIOR_EXCEEDANCES)
    rate = FLATTENING * _truncated_rate(mean, length)
    return first * BIN_NATS, np.log(np.maximum(survival[strata, first], 1e-12)), rate


def _truncated_rate(mean: Floats, length: float) -> Floats:
    """Maximum-likelihood rate of an exponential seen on [0, length] only, by bisection."""
    low, high = np.full(len(mean), RATE_RANGE[0]), np.full(len(mean), RATE_RANGE[1])
    for _ in range(30):
        rate = (low + high) / 2
        too_slow = 1 / rate - length / np.expm1(rate * length) > mean
        low, high = np.where(too_slow, rate, low), np.where(too_slow, high, rate)
    return np.asarray((low + high) / 2)
