"""How a correction is judged: by scores on labelled rows that it did not learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

_FEWEST_NAMED: Final = 20
"""Named rows below which a precision says nothing."""


@dataclass(frozen=True)
class Judged:
    """Scores of one group on labelled rows, all by models that did not learn from them. Shares are 0 to 1.

    `coverage` is the share of rows given a touchpoint, `precision` the share of these that is right; for sentiment and
    friction all rows are given a class.
    """

    macro_f1: float
    log_loss: float
    coverage: float
    precision: float


@dataclass(frozen=True)
class GroupReport:
    """What the labels of one group did. `learned` is False where the base model was kept."""

    group: str
    labels: int
    learned: bool
    before: Judged
    after: Judged


def judged(p: NDArray[np.float64], target: NDArray[np.int64], other: int | None, threshold: float) -> Judged:
    """How these probabilities, a column a class, meet the target; `other` is the class that names nothing."""
    best = np.argmax(p, axis=1)
    named = np.ones(len(best), dtype=bool)
    if other is not None:
        named = (best != other) & (p[np.arange(len(best)), best] >= threshold)
    # Where nobody labelled a row `other` it is no answer, and a model that gives it must not look the worse for it.
    answer = best if other is None or (target == other).any() else np.argmax(np.delete(p, other, axis=1), axis=1)
    return Judged(
        float(f1_score(target, answer, labels=np.unique(target), average="macro", zero_division=0)),
        log_loss(p, target),
        float(named.mean()),
        float((best == target)[named].mean()) if named.any() else 0.0,
    )


def log_loss(p: NDArray[np.float64], target: NDArray[np.int64]) -> float:
    """The mean surprise at the target."""
    return float(-np.log(np.maximum(p[np.arange(len(target)), target], np.finfo(float).tiny)).mean())


def lowest_threshold(
    p: NDArray[np.float64], target: NDArray[np.int64], other: int | None, precision: float
) -> float | None:
    """The lowest probability from which on the touchpoints named are right as often as asked; None if there is none."""
    best = np.argmax(p, axis=1)
    named = np.flatnonzero(best != other)
    named = named[np.argsort(-p[named, best[named]], kind="stable")]
    right = np.cumsum(best[named] == target[named]) / np.arange(1, len(named) + 1)
    enough = np.flatnonzero(right[_FEWEST_NAMED - 1 :] >= precision) + _FEWEST_NAMED - 1
    if not len(enough):
        return None
    # Where all that was named is right often enough, nothing tells where it would begin to be wrong.
    last = named[enough[-1]]
    return 0.0 if enough[-1] == len(named) - 1 else float(p[last, best[last]])
