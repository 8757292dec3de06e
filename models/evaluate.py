"""Judges a model on sets it never saw: `python -m models.evaluate --data DIR [--model FOLDER] [--write CARD.md]`.

Prints, as Markdown, macro-F1 beside VADER's on the same rows, calibration error, touchpoint macro-F1 where labels
exist, and friction against stars where DIR holds the review streams. With `--write` the figures replace those between
the markers in the model card.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
import numpy as np
from numpy.typing import NDArray
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from models import SHIPPED
from models.data import EVALUATION_SETS, LabelledSets, Row
from models.scorer import Scorer, load_scorer
from models.scores import SENTIMENTS

BEGIN: Final = "<!-- figures: python -m models.evaluate -->"
END: Final = "<!-- end of figures -->"

TOUCHPOINT_SETS: Final = ("banking77", "clinc150", "multidogo_software", "airline_reason", "acos_laptop", "maalej")
"""Test splits of sets the model learned from, then sets from domains it never saw."""

REVIEW_STREAMS: Final = {
    "app_store_reviews": ("title", "content"),
    "threads_play_reviews": ("review",),
}
"""Streams of reviews with stars, and the fields that hold their text; no model learns from them."""

_REVIEWS: Final = 5_000
"""Reviews of a stream that are judged, evenly spread over its time."""
_VADER_NEUTRAL: Final = 0.05
_BINS: Final = 10


@dataclass(frozen=True)
class Sentiment:
    """One line of the sentiment table; the last is the mean of the others."""

    set: str
    rows: int
    macro_f1: float
    vader_macro_f1: float
    calibration_error: float


@dataclass(frozen=True)
class TouchpointScore:
    """One line of the touchpoint table. `coverage` is the share of rows that got a touchpoint at all."""

    set: str
    rows: int
    macro_f1: float
    coverage: float
    precision: float


@dataclass(frozen=True)
class Friction:
    """One line of the friction table: how well friction, told from the text alone, ranks bad reviews over good ones."""

    stream: str
    rows: int
    auc: float
    bad_high: float
    """Share of the reviews with one or two stars whose friction is a half or more."""
    good_high: float
    """The same of those with four or five."""


def auc(positive: NDArray[np.float64], negative: NDArray[np.float64]) -> float:
    """The probability that a positive scores higher than a negative; a tie counts half.

    >>> auc(np.array([0.9, 0.5]), np.array([0.1, 0.5]))
    0.875
    """
    order = np.sort(negative)
    below = np.searchsorted(order, positive, side="left")
    not_above = np.searchsorted(order, positive, side="right")
    return float(np.mean(below + not_above) / (2 * len(order)))


def macro_f1(truth: NDArray[np.int64], guess: NDArray[np.int64]) -> float:
    """The mean over the classes of the truth of their F1.

    >>> macro_f1(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1])).__round__(3)
    0.733
    """
    scores = []
    for label in np.unique(truth):
        hits = np.sum((truth == label) & (guess == label))
        scores.append(2 * hits / (np.sum(truth == label) + np.sum(guess == label)))
    return float(np.mean(scores))


def calibration_error(truth: NDArray[np.int64], guess: NDArray[np.int64], p: NDArray[np.float64]) -> float:
    """Expected calibration error in ten equal bins of the probability given to the guess."""
    which = np.minimum((p * _BINS).astype(int), _BINS - 1)
    gaps = [
        abs(np.mean(p[which == number]) - np.mean(truth[which == number] == guess[which == number]))
        * np.mean(which == number)
        for number in np.unique(which)
    ]
    return float(np.sum(gaps))


def sentiment_table(sets: LabelledSets, scorer: Scorer) -> list[Sentiment]:
    """The ten unseen English sets, then their mean."""
    vader = SentimentIntensityAnalyzer()
    lines = []
    for name in EVALUATION_SETS:
        rows = sets.read("sentiment", name)
        scores = scorer.score([row.text for row in rows], languages=["en"] * len(rows))
        truth = np.array([row.sentiment for row in rows])
        labels = scores.column("sentiment_label").to_pylist()
        # A text without a single word is unscored; whoever reads on takes it for neutral.
        guess = np.array([SENTIMENTS.index(label) if label else 1 for label in labels])
        p = np.nan_to_num(scores.column("sentiment_p").to_numpy(zero_copy_only=False).astype(float), nan=1 / 3)
        compound = np.array([vader.polarity_scores(row.text)["compound"] for row in rows])
        theirs = np.where(compound >= _VADER_NEUTRAL, 2, np.where(compound <= -_VADER_NEUTRAL, 0, 1))
        lines.append(
            Sentiment(
                name,
                len(rows),
                macro_f1(truth, guess),
                macro_f1(truth, theirs),
                calibration_error(truth, guess, p),
            )
        )
    means = [
        float(np.mean([getattr(line, field) for line in lines]))
        for field in ("macro_f1", "vader_macro_f1", "calibration_error")
    ]
    return [*lines, Sentiment("mean", sum(line.rows for line in lines), *means)]


def touchpoint_table(sets: LabelledSets, scorer: Scorer) -> list[TouchpointScore]:
    """Sets whose labels map to the taxonomy with confidence h or m."""
    lines = []
    for name in TOUCHPOINT_SETS:
        held_out = sets.uses[("touchpoint", name)] != "ship"
        rows = [row for row in sets.read("touchpoint", name) if held_out or row.split == "test"]
        lines.append(_touchpoints(sets, scorer, name, rows))
    return lines


def _touchpoints(sets: LabelledSets, scorer: Scorer, name: str, rows: Sequence[Row]) -> TouchpointScore:
    known_as = {"airline_reason": "airline"}.get(name, name)
    texts, truth = [], []
    for row in rows:
        mapped = {sets.touchpoint_map.get((known_as, label), ("", "l")) for label in row.label.split("|")}
        names = {touchpoint for touchpoint, confidence in mapped if touchpoint and confidence != "l"}
        if len(names) == 1:
            texts.append(row.text)
            truth.append(names.pop())
    return _judged(scorer, name, texts, truth)


def _judged(scorer: Scorer, name: str, texts: Sequence[str], truth: Sequence[str]) -> TouchpointScore:
    guess = scorer.score(texts, languages=["en"] * len(texts)).column("touchpoint").to_pylist()
    names = sorted({*truth, *(label or "other" for label in guess)})
    index = {label: number for number, label in enumerate(names)}
    wanted = np.array([index[label] for label in truth])
    got = np.array([index[label or "other"] for label in guess])
    named = np.array([label not in (None, "other") for label in guess])
    precision = float(np.mean(wanted[named] == got[named])) if named.any() else 0.0
    return TouchpointScore(name, len(texts), macro_f1(wanted, got), float(named.mean()), precision)


def friction_table(data: Path, scorer: Scorer) -> list[Friction]:
    """Reviews of one or two stars against those of four or five, a line for each stream that is there."""
    folder = data / "streams"
    return [
        _against_stars(name, folder / f"{name}.jsonl.gz", fields, scorer)
        for name, fields in REVIEW_STREAMS.items()
        if (folder / f"{name}.jsonl.gz").is_file()
    ]


def _against_stars(name: str, path: Path, fields: Sequence[str], scorer: Scorer) -> Friction:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        reviews = [json.loads(line) for line in lines]
    reviews = reviews[:: max(1, len(reviews) // _REVIEWS)]
    texts = ["\n".join(review[field] or "" for field in fields) for review in reviews]
    scores = scorer.score(texts)
    friction = scores.column("friction_p").to_numpy(zero_copy_only=False).astype(float)
    stars = np.array([review["rating"] or np.nan for review in reviews], dtype=float)
    read = ~np.isnan(friction)
    bad, good = friction[read & (stars <= 2)], friction[read & (stars >= 4)]
    return Friction(
        name, len(bad) + len(good), auc(bad, good), float(np.mean(bad >= 0.5)), float(np.mean(good >= 0.5))
    )


def markdown(
    sentiment: Sequence[Sentiment], touchpoints: Sequence[TouchpointScore], friction: Sequence[Friction]
) -> str:
    """The tables as the model card shows them."""
    lines = [
        "| unseen set | rows | macro-F1 | VADER | calibration error |",
        "|---|---:|---:|---:|---:|",
        *(
            f"| {s.set} | {s.rows:,} | {s.macro_f1:.3f} | {s.vader_macro_f1:.3f} | {s.calibration_error:.3f} |"
            for s in sentiment
        ),
        "",
        "| touchpoint set | rows | macro-F1 | given a touchpoint | of these right |",
        "|---|---:|---:|---:|---:|",
        *(
            f"| {t.set} | {t.rows:,} | {t.macro_f1:.3f} | {t.coverage:.0%} | {t.precision:.0%} |"
            for t in touchpoints
        ),
        "",
        "| friction against stars | reviews | AUC | 1-2 stars with friction | 4-5 stars with friction |",
        "|---|---:|---:|---:|---:|",
        *(f"| {f.stream} | {f.rows:,} | {f.auc:.3f} | {f.bad_high:.0%} | {f.good_high:.0%} |" for f in friction),
    ]
    return "\n".join(lines)


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder that holds labels/.")
@click.option(
    "--model", default=str(SHIPPED), show_default=False, help="A model folder; the shipped one by default."
)
@click.option("--write", type=click.Path(path_type=Path), help="A model card whose figures are to be replaced.")
def main(data: Path, model: str, write: Path | None) -> None:
    """Print the figures of a model."""
    sets, scorer = LabelledSets(data), load_scorer(model)
    friction = friction_table(data, scorer)
    if not friction:
        click.echo(f"no review streams in {data / 'streams'}: friction is not judged", err=True)
    figures = markdown(sentiment_table(sets, scorer), touchpoint_table(sets, scorer), friction)
    click.echo(f"{scorer.version}\n\n{figures}")
    if write is not None:
        card = write.read_text(encoding="utf-8")
        before, rest = card.split(BEGIN)
        _, after = rest.split(END)
        write.write_text(f"{before}{BEGIN}\n{figures}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
