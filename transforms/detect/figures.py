"""Figures: what an alarm rests on, as a person can check it."""

from __future__ import annotations

from typing import Final

import numpy as np

from transforms.detect.baseline import LEVEL_UNCERTAINTY
from transforms.detect.control import FACTOR_RANGE, PRIOR_COUNT, WARM_UP_HOURS, Control
from transforms.detect.detector import EXCURSION_HOURS, Scores, State
from transforms.detect.layout import Floats
from transforms.detect.multiplicity import MEMORY_HOURS

_NORMAL_95: Final = 1.6448536269514722
LEAST_P: Final = 1e-12
"""Below it a probability is no more than a word: the tail was not learnt that far out."""


def band(mean: float, dispersion: float) -> tuple[float, float]:
    """Between which counts 90 of 100 lie that are expected to be `mean`, chance and the mean's own error included.

    Quantiles of a gamma distribution of that mean and variance by Wilson and Hilferty (1931): right to 3 % where the
    mean is above the dispersion, a tenth too low at the upper end of a mean of 0.5 with a dispersion of 2.5.
    """
    if mean <= 0:
        return 0.0, 0.0
    variance = dispersion * mean + LEVEL_UNCERTAINTY * mean**2
    ninth = variance / mean**2 / 9
    low, high = (mean * max(0.0, 1 - ninth + z * ninth**0.5) ** 3 for z in (-_NORMAL_95, _NORMAL_95))
    return float(low), float(high)


def busyness(state: Control, product: int) -> float | None:
    """How much busier a product was in the last hours than usual, 1 for as usual; None in its first two days."""
    if state.age[product] <= WARM_UP_HOURS:
        return None
    seen, expected = float(state.seen[product].sum()), float(state.expected[product].sum())
    return float(np.clip((seen + PRIOR_COUNT) / (expected + PRIOR_COUNT), *FACTOR_RANGE))


def q_values(before: State, scores: Scores) -> Floats:
    """Of each series (K,) the smallest q at which the hour would have called it an alarm; at most 1.

    Benjamini-Hochberg's adjusted p-value over the series that were tested, against the level that the alarms of the
    last four weeks had earned (`multiplicity`).
    """
    alarms = before.budget.alarms.copy()
    alarms[before.budget.hours % MEMORY_HOURS] = 0
    earned = (1 + int(alarms.sum())) / MEMORY_HOURS
    p_values = np.where(scores.enough, 10.0**-scores.surprise / EXCURSION_HOURS, 1.0)
    p_values[: len(before.alarmed)][before.alarmed] = 1.0
    order = np.argsort(p_values)
    tests = len(p_values)
    adjusted = np.minimum.accumulate((p_values[order] * tests / np.arange(1, tests + 1))[::-1])[::-1]
    values = np.empty(tests)
    values[order] = np.minimum(adjusted / earned, 1.0)
    return values
