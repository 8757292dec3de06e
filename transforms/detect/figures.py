"""Figures: what an alarm rests on, as a person can check it."""

from __future__ import annotations

from typing import Final

import numpy as np

from transforms.detect.baseline import LEVEL_UNCERTAINTY
from transforms.detect.control import FACTOR_RANGE, PRIOR_COUNT, WARM_UP_HOURS, Control
from transforms.detect.detector import EXCURSION_HOURS, Scores, State
from transforms.detect.layout import Floats, Layout
from transforms.detect.multiplicity import MEMORY_HOURS, Budget

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


def q_values(series: Layout, before: State, scores: Scores) -> Floats:
    """Of each series (K,) the smallest q at which the hour would have called it an alarm; at most 1.

    Benjamini-Hochberg's adjusted p-value over the series that were tested together, whole products apart, against the
    level that the alarms of the last four weeks had earned (`multiplicity`).
    """
    p_values = np.where(scores.enough, 10.0**-scores.surprise / EXCURSION_HOURS, 1.0)
    p_values[: len(before.alarmed)][before.alarmed] = 1.0
    values = np.ones(len(series))
    for together, budget in ((~series.wide, before.budget), (series.wide, before.wide_budget)):
        values[together] = np.minimum(_adjusted(p_values[together]) / _earned(budget), 1.0)
    return values


def _earned(budget: Budget) -> float:
    """The level of the coming hour, as a share of q."""
    alarms = budget.alarms.copy()
    alarms[budget.hours % MEMORY_HOURS] = 0
    return (1 + int(alarms.sum())) / MEMORY_HOURS


def _adjusted(p_values: Floats) -> Floats:
    tests = len(p_values)
    order = np.argsort(p_values)
    values = np.empty(tests)
    values[order] = np.minimum.accumulate((p_values[order] * tests / np.arange(1, tests + 1))[::-1])[::-1]
    return values
