"""Fits how stars and words are weighed: `python -m models.anchor --data DIR [--write]`.

The truth is the gold set (docs/labelling.md): one labelled clause of each of several hundred reviews with stars. Where
that clause is at least half of its review (`_LEAST_PART`), its label is taken for the review's; the others, of which it
says too little, are left out. The labels were given without sight of the stars. So where the words are neutral, the
writer's own verdict decides: under one or two stars they are negative and tell of friction, under four or five they
are positive.

p(class | rating) is a multinomial logistic regression on the rating and its square, because some ratings are rare. The
two weights of a pool minimise the log loss. Figures are cross-validated: every review is judged by a rule that was
fitted without it.
"""

from __future__ import annotations

import gzip
import hashlib
import html
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold

from models import SHIPPED
from models.gold.labels import FIRST, GoldLabel, read_labels
from models.scorer import Scorer, load_scorer
from models.scores import SENTIMENTS
from models.stars import FITTED, LEAST, RATINGS, Pool, Probabilities, StarsRule, write_rule
from schemas.errors import UsageError
from schemas.personal_data import redact_text

_FOLDS: Final = 10
_SEED: Final = 4
_LEAST_PART: Final = 0.5
_START: Final = (1.0, 0.5)
_C: Final = 1.0

_STREAMS: Final = {"app_store_reviews": "app_store_reviews", "play_reviews": "threads_play_reviews"}
"""Source of the gold labels to the file of its stream."""


@dataclass(frozen=True)
class Reviews:
    """Gold reviews with stars, one row each: the text's own scores, the rating, and the label of its drawn clause."""

    of_text: Probabilities
    friction_of_text: Probabilities
    rating: Probabilities
    sentiment: NDArray[np.int64]
    friction: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rating)


def gold_reviews(data: Path, scorer: Scorer) -> Reviews:
    """The gold reviews of the streams under `data`, whose text is still the one that was labelled."""
    texts, ratings, labels = [], [], []
    wanted: dict[tuple[str, str], tuple[int, int, GoldLabel]] = {
        (place.source, place.native_id): (place.start, place.end, label)
        for place, label in read_labels(FIRST).items()
    }
    for source, stream in _STREAMS.items():
        file = data / "streams" / f"{stream}.jsonl.gz"
        if not file.is_file():
            raise UsageError(f"{file} does not exist; --data names the folder that holds streams/")
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                review = json.loads(line)
                found = wanted.get((source, review["review_id"]))
                text = _text(review)
                if found and _is_of_the_whole(text, *found):
                    texts.append(text)
                    ratings.append((review["rating"] - 3) / 2)
                    labels.append(found[2])
    return _scored(scorer, texts, ratings, labels)


def _is_of_the_whole(text: str, start: int, end: int, label: GoldLabel) -> bool:
    clause = text[start:end]
    same = hashlib.sha256(clause.encode()).hexdigest()[:12] == label.clause_sha256
    return same and len(clause) >= _LEAST_PART * len(text)


def _text(review: dict[str, Any]) -> str:
    """The text as `feedback` holds it."""
    parts = [html.unescape(review.get(name) or "").strip() for name in ("title", "content", "review")]
    return redact_text("\n\n".join(part for part in parts if part), Counter())


def _scored(
    scorer: Scorer, texts: Sequence[str], ratings: Sequence[float], labels: Sequence[GoldLabel]
) -> Reviews:
    rows = scorer.score(texts, languages=["en"] * len(texts)).to_pylist()
    read = [row["sentiment"] is not None for row in rows]
    scored = [row for row, ok in zip(rows, read, strict=True) if ok]
    return Reviews(
        np.array([classes(row["sentiment_label"], row["sentiment"], row["sentiment_p"]) for row in scored]),
        np.array([row["friction_p"] for row in scored]),
        np.array(ratings)[read],
        *np.array(
            [verdict(label, rating) for label, rating, ok in zip(labels, ratings, read, strict=True) if ok]
        ).T,
    )


def verdict(label: GoldLabel, rating: float) -> tuple[int, int]:
    """What a review is: the number of its sentiment, and whether it tells of friction."""
    if label.sentiment != "neutral" or rating == 0:
        return SENTIMENTS.index(label.sentiment), int(label.friction)
    return (0, 1) if rating < 0 else (2, int(label.friction))


def classes(label: str, sentiment: float, p: float) -> tuple[float, float, float]:
    """The three class probabilities that a label, the expected sentiment and the label's probability stand for.

    >>> [round(p, 3) for p in classes("neutral", -0.1, 0.5)]
    [0.3, 0.5, 0.2]
    """
    if label == "negative":
        positive = p + sentiment
        return p, 1 - p - positive, positive
    if label == "positive":
        negative = p - sentiment
        return negative, 1 - p - negative, p
    return (1 - p - sentiment) / 2, p, (1 - p + sentiment) / 2


def fit(of_text: Probabilities, rating: Probabilities, truth: NDArray[np.int64]) -> Pool:
    """The pool that forecasts these labels best; `of_text` has a row a review and a column a class."""
    mean = np.round(of_text.mean(axis=0), 4)
    regression = LogisticRegression(C=_C, max_iter=1_000).fit(_powers(rating), truth)
    by_rating = regression.predict_proba(_powers(np.array(RATINGS)))
    stars = np.log(by_rating[np.searchsorted(RATINGS, rating)])
    words = np.log(np.clip(of_text, LEAST, 1)) - np.log(mean)

    def loss(weights: NDArray[np.float64]) -> float:
        logits = weights[0] * words + weights[1] * stars
        return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(truth)), truth]))

    weights = minimize(loss, _START, method="L-BFGS-B", bounds=[(0, None)] * 2).x
    rows = tuple(tuple(np.round(row, 4).tolist()) for row in by_rating)
    return Pool(round(float(weights[0]), 3), round(float(weights[1]), 3), rows, tuple(mean.tolist()))


def _powers(rating: Probabilities) -> Probabilities:
    return np.column_stack([rating, rating**2])


def fit_rule(reviews: Reviews, rows: NDArray[np.intp]) -> StarsRule:
    """The rule fitted on these rows."""
    rating = reviews.rating[rows]
    friction = np.column_stack([1 - reviews.friction_of_text[rows], reviews.friction_of_text[rows]])
    return StarsRule(
        fit(reviews.of_text[rows], rating, reviews.sentiment[rows]),
        fit(friction, rating, reviews.friction[rows]),
    )


@dataclass(frozen=True)
class Forecasts:
    """Probabilities of the classes and of friction, a row a review."""

    sentiment: Probabilities
    friction: Probabilities


def cross_validated(reviews: Reviews) -> dict[str, Forecasts]:
    """What each reading forecasts of reviews it was not fitted on: words alone, stars alone, both together."""
    forecasts = {
        name: Forecasts(np.zeros((len(reviews), len(SENTIMENTS))), np.zeros(len(reviews)))
        for name in ("words", "stars", "words and stars")
    }
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=_SEED)
    for fitted_on, judged in folds.split(np.zeros(len(reviews)), reviews.sentiment):
        rule = fit_rule(reviews, fitted_on)
        words, friction, rating = reviews.of_text[judged], reviews.friction_of_text[judged], reviews.rating[judged]
        everybody, nobody = np.ones(len(judged), dtype=bool), np.zeros(len(judged), dtype=bool)
        unrated = np.full(len(judged), np.nan)
        for name, said, stars in (
            ("words", everybody, unrated), ("stars", nobody, rating), ("words and stars", everybody, rating)
        ):  # fmt: skip
            found = rule.anchored(words, friction, said, stars)
            forecasts[name].sentiment[judged], forecasts[name].friction[judged] = found
    return forecasts


def table(reviews: Reviews, forecasts: dict[str, Forecasts]) -> str:
    """Figures of these forecasts, as Markdown."""
    lines = [
        "| event scored by | sentiment log loss | macro-F1 | friction log loss | AUC |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, forecast in forecasts.items():
        friction = np.column_stack([1 - forecast.friction, forecast.friction])
        auc = roc_auc_score(reviews.friction, forecast.friction)
        lines.append(
            f"| {name} | {_log_loss(forecast.sentiment, reviews.sentiment):.3f} "
            f"| {f1_score(reviews.sentiment, forecast.sentiment.argmax(axis=1), average='macro'):.3f} "
            f"| {_log_loss(friction, reviews.friction):.3f} | {auc:.3f} |"
        )
    return "\n".join(lines)


def _log_loss(p: Probabilities, truth: NDArray[np.int64]) -> float:
    return float(-np.mean(np.log(np.clip(p[np.arange(len(truth)), truth], LEAST, 1))))


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder that holds streams/.")
@click.option(
    "--model", default=str(SHIPPED), show_default=False, help="A model folder; the shipped one by default."
)
@click.option("--write", is_flag=True, help="Keep the rule fitted on all of them in models/stars.json.")
def main(data: Path, model: str, write: bool) -> None:
    """Fit how stars and words are weighed, and print how well it forecasts the gold labels."""
    scorer = load_scorer(model)
    reviews = gold_reviews(data, scorer)
    rule = fit_rule(reviews, np.arange(len(reviews)))
    click.echo(f"{scorer.version}: {len(reviews)} reviews, {_FOLDS}-fold cross-validation, seed {_SEED}\n")
    click.echo(table(reviews, cross_validated(reviews)))
    for name, pool in (("sentiment", rule.sentiment), ("friction", rule.friction)):
        click.echo(f"\n{name}: words^{pool.text_weight} stars^{pool.stars_weight}; mean of texts {pool.text_mean}")
        for rating, row in zip(RATINGS, pool.by_rating, strict=True):
            click.echo(f"  rating {rating:+.1f}: {row}")
    if write:
        source = {"command": "python -m models.anchor", "model": scorer.version, "reviews": len(reviews)}
        write_rule(rule, source)
        click.echo(f"\nwritten to {FITTED}")


if __name__ == "__main__":
    main()
