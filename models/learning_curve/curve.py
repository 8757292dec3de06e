"""The learning curve of one task: how good a model is after so many labels, drawn at random or where it is unsure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import spacy
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.svm import LinearSVC

from models.adapt import learn, scored, with_own
from models.correction import SEED
from models.heads import FeedbackHeads
from models.labelled import Seen, see
from models.learning_curve.tasks import Task
from models.sampling import uncertain
from models.weights import Weights
from schemas.label import Label

SIZES: Final = (0, 100, 500, 2_000)
COVERAGE: Final = 0.8
"""Share of the test part, the surest of it, by which the second figure is taken."""


@dataclass(frozen=True)
class Score:
    """Macro-F1 over the topics of the test part: of all of it, and of the surest part of it."""

    full: float
    covered: float


@dataclass(frozen=True)
class Point:
    """Means over seeds after so many labels; None where there is nothing to learn from."""

    labels: int
    random: Score
    active: Score
    tfidf: Score | None


def learning_curve(
    task: Task, base: Path, seeds: int, tell: Callable[[str], None], sizes: Sequence[int] = SIZES
) -> list[Point]:
    """A point a size. Sizes beyond the pool are left out; labels of a smaller size are among those of a larger."""
    nlp = spacy.load(base)
    weights = with_own(nlp, task.own)
    heads = nlp.get_pipe("feedback_heads")
    if not isinstance(heads, FeedbackHeads):
        raise TypeError(f"{base} has no feedback heads")
    heads.use(weights)
    pool, test = see(nlp, task.pool), see(nlp, task.test)
    sizes = [size for size in sizes if size <= len(task.pool)]
    scores: dict[tuple[str, int], list[Score]] = {}
    for seed in range(SEED, SEED + seeds):
        shuffled = np.random.default_rng(seed).permutation(len(task.pool))
        active: list[int] = []
        model = weights
        for size in sizes:
            random = shuffled[:size]
            active += _more(task, pool, model, active, size, seed)
            model = _model(weights, pool, task, np.array(active, dtype=np.int64))
            ours = _model(weights, pool, task, random)
            scores.setdefault(("random", size), []).append(_of(task, ours, test))
            scores.setdefault(("active", size), []).append(_of(task, model, test))
            if size:
                scores.setdefault(("tfidf", size), []).append(_tfidf(task, [task.pool[row] for row in random]))
            tell(f"{task.name}: seed {seed - SEED + 1} of {seeds}, {size:,} labels")
    return [
        Point(
            size,
            _mean(scores["random", size]),
            _mean(scores["active", size]),
            _mean(scores["tfidf", size]) if size else None,
        )
        for size in sizes
    ]


def _model(weights: Weights, pool: Seen, task: Task, rows: NDArray[np.int64]) -> Weights:
    return learn(weights, pool.of(rows), [task.pool[row] for row in rows])[0]


def _more(task: Task, pool: Seen, model: Weights, drawn: Sequence[int], size: int, seed: int) -> list[int]:
    """Rows that a model wants labels of, beyond those drawn before."""
    left = np.setdiff1d(np.arange(len(task.pool)), drawn)
    sure = scored(model, pool.of(left), "touchpoint").max(axis=1)
    picked = uncertain([task.pool[row].text for row in left], sure, size - len(drawn), seed)
    return [int(left[number]) for number in picked]


def _of(task: Task, model: Weights, test: Seen) -> Score:
    # No row of a test part is `other`: whoever labelled it chose one of the topics.
    p = scored(model, test, "touchpoint")[:, :-1]
    return _score(task.test, [model.touchpoints[best] for best in p.argmax(axis=1)], p.max(axis=1))


def _tfidf(task: Task, labels: Sequence[Label]) -> Score:
    """TF-IDF of words and pairs with a linear support vector machine, classes balanced like ours."""
    reader = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    topics = [label.touchpoint for label in labels]
    svm = LinearSVC(class_weight="balanced", random_state=SEED)
    svm.fit(reader.fit_transform([label.text for label in labels]), topics)
    margins = svm.decision_function(reader.transform([label.text for label in task.test]))
    if margins.ndim == 1:  # of two topics there is one margin, the second's
        margins = np.column_stack([-margins, margins])
    return _score(task.test, svm.classes_[margins.argmax(axis=1)], margins.max(axis=1))


def _score(test: Sequence[Label], guess: Sequence[str], sure: NDArray[np.float64]) -> Score:
    truth, named = np.array([label.touchpoint for label in test]), np.array(guess)
    topics = np.unique(truth)

    def macro_f1(rows: NDArray[np.int64]) -> float:
        return float(f1_score(truth[rows], named[rows], labels=topics, average="macro", zero_division=0))

    surest = np.argsort(-sure, kind="stable")[: round(COVERAGE * len(test))]
    return Score(macro_f1(np.arange(len(test))), macro_f1(surest))


def _mean(scores: Sequence[Score]) -> Score:
    return Score(
        float(np.mean([score.full for score in scores])), float(np.mean([score.covered for score in scores]))
    )


def markdown(task: Task, points: Sequence[Point], seeds: int) -> str:
    """The curve of one task as a table: macro-F1, and in brackets at 80 % coverage."""

    def cell(score: Score | None) -> str:
        return "" if score is None else f"{score.full:.3f} ({score.covered:.3f})"

    draws = "one draw" if seeds == 1 else f"mean of {seeds} draws"
    head = f"{task.name}: {len(task.test):,} test texts, {len(task.pool):,} to draw labels from, {draws}"
    lines = [
        f"| {head} | labels drawn at random | labels drawn where unsure | TF-IDF + SVM, at random |",
        "|---|---:|---:|---:|",
        *(
            f"| {point.labels:,} labels | {cell(point.random)} | {cell(point.active)} | {cell(point.tfidf)} |"
            for point in points
        ),
    ]
    return "\n".join(lines)
