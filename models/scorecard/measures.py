"""The measures of the scorecard, on numpy arrays with one entry a row."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_BINS: Final = 10


def accuracy(truth: NDArray[Any], guess: NDArray[Any]) -> float:
    """The share of rows guessed right."""
    return float(np.mean(truth == guess))


def macro_f1(truth: NDArray[Any], guess: NDArray[Any]) -> float:
    """The mean of F1 over the classes that occur in the truth.

    >>> round(macro_f1(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1])), 3)
    0.733
    """
    scores = []
    for label in np.unique(truth):
        hits = np.sum((truth == label) & (guess == label))
        scores.append(2 * hits / (np.sum(truth == label) + np.sum(guess == label)))
    return float(np.mean(scores))


def calibration_error(right: NDArray[np.bool_], p: NDArray[np.float64]) -> float:
    """Expected calibration error (Naeini et al. 2015) in ten equal bins of `p`, the probability of the guess."""
    which = np.minimum((p * _BINS).astype(int), _BINS - 1)
    gaps = [
        abs(np.mean(p[which == number]) - np.mean(right[which == number])) * np.mean(which == number)
        for number in np.unique(which)
    ]
    return float(np.sum(gaps))


def auc(positive: NDArray[np.float64], negative: NDArray[np.float64]) -> float | None:
    """The probability that a positive scores higher than a negative; a tie counts half. None where either is empty.

    >>> auc(np.array([0.9, 0.5]), np.array([0.1, 0.5]))
    0.875
    """
    if not len(positive) or not len(negative):
        return None
    order = np.sort(negative)
    below = np.searchsorted(order, positive, side="left")
    not_above = np.searchsorted(order, positive, side="right")
    return float(np.mean(below + not_above) / (2 * len(order)))


def surest(sureness: NDArray[np.float64], coverage: float) -> NDArray[np.bool_]:
    """Which rows are the surest share `coverage` of all; of equally sure rows the earlier ones.

    >>> surest(np.array([0.2, 0.9, 0.5, 0.5]), 0.5).tolist()
    [False, True, True, False]
    """
    kept = np.zeros(len(sureness), dtype=bool)
    kept[np.argsort(-sureness, kind="stable")[: round(coverage * len(sureness))]] = True
    return kept
