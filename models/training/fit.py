"""One linear model a head, and the table of small integers that all of them become."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.svm import LinearSVC

from models.data import Row
from models.features import TONES, ambivalence
from models.scores import SENTIMENTS, TOUCHPOINTS
from models.training.corpus import Examples
from models.training.matrix import Matrix
from models.training.recipe import recipe
from models.weights import DEFAULT_BLEND, HEADS

_INT8_MOST = 127
_SHARPNESS_BETWEEN = (0.2, 3.0)


@dataclass(frozen=True)
class Head:
    """Linear heads: `columns` are their numbers in `HEADS`, the other arrays have a row each.

    `coefficients` has a column a bucket and one a tone.
    """

    columns: NDArray[np.int64]
    coefficients: NDArray[np.float64]
    intercepts: NDArray[np.float64]


def sharpness(rows: Sequence[Row], matrix: Matrix, examples: Examples) -> float:
    """The factor on the sentiment logits that makes them likeliest on whole sets the model has not seen."""
    unseen = np.isin([rows[number].set for number in examples.rows], recipe().sentiment.calibration_sets)
    model = _sentiment(matrix, examples.where(~unseen))
    judged = examples.where(unseen)
    both = ambivalence(matrix.tones[judged.rows])
    logits = model.decision_function(matrix.with_tones(judged.rows))
    logits /= 1 + DEFAULT_BLEND["sentiment_ambivalence"] * both[:, None]
    _, of_set, sizes = np.unique([rows[n].set for n in judged.rows], return_inverse=True, return_counts=True)

    def surprise(factor: float) -> float:
        return float(log_loss(judged.label, softmax(factor * logits, axis=1), sample_weight=1 / sizes[of_set]))

    return float(minimize_scalar(surprise, bounds=_SHARPNESS_BETWEEN, method="bounded").x)


def sentiment(matrix: Matrix, examples: Examples, sharpness: float) -> Head:
    """Multinomial logistic regression on buckets and tones."""
    model = _sentiment(matrix, examples)
    return Head(np.arange(len(SENTIMENTS)), sharpness * model.coef_, sharpness * model.intercept_)


def friction(matrix: Matrix, examples: Examples) -> Head:
    """Logistic regression on buckets and tones."""
    settings = recipe().friction
    model = LogisticRegression(C=settings.c, solver="liblinear", random_state=settings.seed)
    model.fit(matrix.with_tones(examples.rows), examples.label)
    return Head(np.array([HEADS.index("friction")]), model.coef_, model.intercept_)


def touchpoints(matrix: Matrix, examples: Examples) -> Head:
    """A linear support vector machine a touchpoint, on buckets alone."""
    settings = recipe().touchpoints
    model = LinearSVC(C=settings.c, random_state=settings.seed).fit(
        matrix.buckets[examples.rows], examples.label, sample_weight=_balanced(examples.label, examples.weight)
    )
    first = HEADS.index(TOUCHPOINTS[0])
    learned = [first + touchpoint for touchpoint in model.classes_]
    absent = [column for column in range(first, len(HEADS)) if column not in learned]
    coefficients = np.pad(settings.sharpness * model.coef_, ((0, len(absent)), (0, TONES)))
    intercepts = settings.sharpness * model.intercept_
    # What was never seen in training starts from where the others start on the average; it is not impossible.
    intercepts = np.append(intercepts, np.full(len(absent), intercepts.mean()))
    return Head(np.array([*learned, *absent]), coefficients, intercepts)


def quantised(
    heads: Sequence[Head], squared_idf: NDArray[np.int16]
) -> tuple[NDArray[np.int16], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The table of `models.heads.Weights` with its scale, bias and tones; heads not given are zero."""
    buckets, bias, tones = (np.zeros((size, len(HEADS))) for size in (len(squared_idf), 1, TONES))
    for head in heads:
        buckets[:, head.columns] = head.coefficients[:, : len(squared_idf)].T
        tones[:, head.columns] = head.coefficients[:, len(squared_idf) :].T
        bias[:, head.columns] = head.intercepts
    weighted = buckets * np.sqrt(squared_idf.astype(np.float64))[:, None]
    # The largest weights are those of the words that say most: none is cut.
    scale = np.array([np.abs(column).max() or 1.0 for column in weighted.T]) / _INT8_MOST
    whole = np.round(weighted / scale).astype(np.int16)
    return np.concatenate([whole, squared_idf[:, None]], axis=1), scale, bias[0], tones


def _sentiment(matrix: Matrix, examples: Examples) -> LogisticRegression:
    settings = recipe().sentiment
    model = LogisticRegression(C=settings.c, max_iter=settings.most_steps, tol=settings.tolerance)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the recipe says when to stop
        return model.fit(
            matrix.with_tones(examples.rows),
            examples.label,
            sample_weight=_balanced(examples.label, examples.weight),
        )


def _balanced(label: NDArray[np.int64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights by which rare classes are heard and common ones stay likely: the square root of full balance."""
    totals = np.bincount(label, weights=weight)
    share = np.sqrt(totals.sum() / np.maximum(totals, 1) / (totals > 0).sum())
    result: NDArray[np.float64] = weight * share[label]
    return result
