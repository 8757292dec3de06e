"""Learns the correction of one group of classes from labelled rows (`models.adapted` says what it is).

A support vector machine a class sees the hashed features and the base model's probabilities. Its margins on rows it did
not learn from are weighed against the base model's evidence by maximum likelihood (Platt 1999, in the form of stacking,
Wolpert 1992). Few labels leave the weight with the base; many move it to the head.

Rows with the same text are never on both sides. Deterministic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from sklearn.svm import LinearSVC

from models.adapted import probabilities
from models.judging import GroupReport, judged, log_loss, lowest_threshold
from models.labelled import Seen

SEED: Final = 20261122

_FOLDS: Final = 5
_STRENGTHS: Final = (0.1, 0.3, 1.0)
"""Inverse regularisation of the head; cross-validation chooses."""
_TOLERANCE: Final = 1e-2
_SHARE_PRIOR, _GAIN_PRIOR, _BIAS_PRIOR = 0.5, 2.0, 1.0
"""How far, as standard deviations, the share of the base, the gain of the head and the biases may stray unasked."""
_NEVER: Final = -1.0
"""Margin of a class without labels: what a support vector machine says of what it is sure is not meant."""


@dataclass(frozen=True)
class Fit:
    """One group's correction, before it is put into the table of a model."""

    coefficients: NDArray[np.float64]
    """A row a column of the evidence; columns are buckets, tones, base probabilities."""
    bias: NDArray[np.float64]
    share: float


def fit_group(
    group: str,
    matrix: sparse.csr_matrix,
    evidence: NDArray[np.float64],
    target: NDArray[np.int64],
    texts: Sequence[str],
    threshold: float,
    precision: float,
) -> tuple[Fit, float, GroupReport]:
    """The correction of one group, the probability below which nothing is named, and how both were judged."""
    single = evidence.shape[1] == 1
    base = np.column_stack([np.zeros(len(evidence)), evidence]) if single else evidence
    fold_of = folds(texts, target)
    other = base.shape[1] - 1 if group == "touchpoint" else None
    before = probabilities(base)

    def tried(strength: float) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        margins = np.empty_like(base)
        for fold in range(_FOLDS):
            kept = fold_of == fold
            coefficients, bias = _head(matrix[~kept], target[~kept], base.shape[1], strength)
            margins[kept] = matrix[kept] @ coefficients.T + bias
        after = np.empty_like(base)
        for fold in range(_FOLDS):
            kept = fold_of == fold
            share, gain, bias = _weighed(base[~kept], margins[~kept], target[~kept])
            after[kept] = probabilities(share * base[kept] + gain * margins[kept] + bias)
        return strength, margins, after

    strength, margins, after = min(map(tried, _STRENGTHS), key=lambda each: log_loss(each[2], target))
    reached = lowest_threshold(after, target, other, precision)
    after_threshold = threshold if reached is None else reached or threshold
    old, new = judged(before, target, other, threshold), judged(after, target, other, after_threshold)
    learned = new.log_loss < old.log_loss and new.macro_f1 >= old.macro_f1
    share, gain, bias = _weighed(base, margins, target)
    coefficients, intercepts = _head(matrix, target, base.shape[1], strength)
    coefficients, bias = gain * coefficients, gain * intercepts + bias
    if single:
        coefficients, bias = coefficients[1:] - coefficients[:1], bias[1:] - bias[:1]
    report = GroupReport(group, len(target), learned, old, new if learned else old)
    return Fit(coefficients, bias, share), after_threshold, report


def folds(texts: Sequence[str], target: NDArray[np.int64]) -> NDArray[np.int64]:
    """A fold a row: the same text always in the same, the classes spread over all."""
    chance = np.random.default_rng(SEED).permutation(len(texts))
    fold_of: dict[str, int] = {}
    for row in np.lexsort((chance, target)):
        fold_of.setdefault(texts[row], len(fold_of) % _FOLDS)
    return np.array([fold_of[text] for text in texts])


def design(seen: Seen, group: str, squared_idf: NDArray[Any]) -> sparse.csr_matrix:
    """Rows of length one over the buckets, then tones, then the base model's probabilities."""
    length = np.sqrt(np.maximum(seen.buckets @ squared_idf.astype(np.float64), 1))
    buckets = sparse.diags(1 / length) @ seen.buckets @ sparse.diags(np.sqrt(squared_idf.astype(np.float64)))
    return sparse.hstack([buckets, seen.tones, probabilities(seen.evidence[group])]).tocsr()


def _head(
    matrix: sparse.csr_matrix, target: NDArray[np.int64], classes: int, strength: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients, a row a class, and intercepts; a class without rows is sure not to be meant."""
    coefficients, bias = np.zeros((classes, matrix.shape[1])), np.full(classes, _NEVER)
    present = np.unique(target)
    if len(present) == 1:
        bias[present] = -_NEVER
        return coefficients, bias
    used = np.flatnonzero(matrix.getnnz(axis=0))
    model = LinearSVC(C=strength, class_weight="balanced", tol=_TOLERANCE, random_state=SEED)
    model.fit(matrix[:, used], target)
    # Of two classes there is one set of coefficients, for the second.
    signs = np.array([-1.0, 1.0]) if len(present) == 2 else np.ones(len(present))
    coefficients[np.ix_(present, used)] = signs[:, None] * model.coef_
    bias[present] = signs * model.intercept_
    return coefficients, bias


def _weighed(
    base: NDArray[np.float64], margins: NDArray[np.float64], target: NDArray[np.int64]
) -> tuple[float, float, NDArray[np.float64]]:
    """Share of the base's evidence, gain of the head's margins, and biases, that make the labels likeliest.

    With a normal prior each: nothing strays from the base unless labels say so. Rare classes are heard and common ones
    stay likely: a row weighs by the square root of what would balance its class.
    """
    rows, classes = np.arange(len(target)), base.shape[1]
    weight = np.sqrt(len(target) / np.bincount(target, minlength=classes)[target])
    weight /= weight.mean()

    def surprise(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        share, gain, bias = values[0], values[1], values[2:]
        p = probabilities(share * base + gain * margins + bias)
        wrong = p.copy()
        wrong[rows, target] -= 1
        wrong *= weight[:, None]
        astray = np.array([(share - 1) / _SHARE_PRIOR, gain / _GAIN_PRIOR, *(bias / _BIAS_PRIOR)])
        spread = np.array([_SHARE_PRIOR, _GAIN_PRIOR, *[_BIAS_PRIOR] * classes])
        slope = np.array([np.sum(wrong * base), np.sum(wrong * margins), *wrong.sum(axis=0)])
        surprises = -weight * np.log(np.maximum(p[rows, target], np.finfo(float).tiny))
        value = surprises.sum() + np.sum(astray**2) / 2
        return float(value), slope + astray / spread

    start = np.array([1.0, 0.0, *np.zeros(classes)])
    bounds = [(0, None), (0, None), *[(None, None)] * classes]
    found = minimize(surprise, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return float(found[0]), float(found[1]), found[2:]
