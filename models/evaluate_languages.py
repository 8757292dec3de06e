"""Judges the model for other languages: `python -m models.evaluate_languages --data DIR [--write CARD.md]`.

Prints, as Markdown, macro-F1, accuracy and calibration error of each language's sentiment, beside an SVM on TF-IDF
(words and pairs, runs of two to five letters) trained on the same rows and beside the majority; the languages told
of those texts; and friction against stars in reviews in these languages, where DIR holds the review streams.
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
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.svm import LinearSVC

from models.data import LabelledSets, Row
from models.detection import detect
from models.language_sets import JUDGED, TRAINING, LanguageSet, training_rows
from models.scorecard.friction import REVIEW_STREAMS
from models.scorecard.measures import auc, calibration_error, macro_f1
from models.scorer import Scorer, load_scorer
from models.scores import SENTIMENTS

BEGIN: Final = "<!-- figures: python -m models.evaluate_languages -->"
END: Final = "<!-- end of language figures -->"

_SEED: Final = 1
_BASELINE_C: Final = 0.1
"""The better of 0.1 and 1 for the baseline on most of the sets."""
_NEUTRAL: Final = SENTIMENTS.index("neutral")


@dataclass(frozen=True)
class Judged:
    """One line of the table of sentiment."""

    language: str
    set: str
    rows: int
    macro_f1: float
    accuracy: float
    calibration_error: float
    baseline_macro_f1: float
    majority_macro_f1: float
    told: float
    """Share of the texts whose language is told right."""


@dataclass(frozen=True)
class ReviewFriction:
    """How well friction, told from the text alone, ranks reviews of one or two stars over those of four or five."""

    language: str
    bad: int
    good: int
    auc: float
    bad_high: float
    good_high: float


def baseline(rows: Sequence[Row]) -> Pipeline:
    """A linear SVM on TF-IDF of words and pairs, and of runs of two to five letters."""
    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2),
    )
    return make_pipeline(features, LinearSVC(C=_BASELINE_C, random_state=_SEED)).fit(
        [row.text for row in rows], [row.sentiment for row in rows]
    )


def sentiment_table(sets: LabelledSets, scorer: Scorer) -> list[Judged]:
    """Every set of `JUDGED`, in its language."""
    learned = training_rows(sets)
    baselines = {language: baseline(learned[language]) for language in TRAINING}
    return [_judged(judged, judged.rows(sets), scorer, baselines[judged.language]) for judged in JUDGED]


def _judged(judged: LanguageSet, rows: Sequence[Row], scorer: Scorer, svm: Pipeline) -> Judged:
    texts = [row.text for row in rows]
    truth = np.array([row.sentiment for row in rows])
    scores = scorer.score(texts, languages=[judged.language] * len(rows))
    labels = scores.column("sentiment_label").to_pylist()
    # A text without a single word or sign is unscored; whoever reads on takes it for neutral.
    guess = np.array([SENTIMENTS.index(label) if label else _NEUTRAL for label in labels])
    p = np.nan_to_num(scores.column("sentiment_p").to_numpy(zero_copy_only=False).astype(float), nan=1 / 3)
    most = np.full(len(rows), np.bincount(truth).argmax())
    return Judged(
        judged.language,
        judged.set,
        len(rows),
        macro_f1(truth, guess),
        float(np.mean(truth == guess)),
        calibration_error(truth == guess, p),
        macro_f1(truth, svm.predict(texts)),
        macro_f1(truth, most),
        float(np.mean([detect(text, "en") == judged.language for text in texts])),
    )


def friction_table(data: Path, scorer: Scorer) -> list[ReviewFriction]:
    """Reviews of all streams in one of these languages, as detected: by language where there are enough, and all."""
    texts, stars = [], []
    for name, fields in REVIEW_STREAMS.items():
        path = data / "streams" / f"{name}.jsonl.gz"
        if not path.is_file():
            continue
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            reviews = [json.loads(line) for line in stream]
        for review in reviews:
            texts.append("\n".join(review[field] or "" for field in fields))
            stars.append(review["rating"] or np.nan)
    languages = np.array([detect(text, "en") for text in texts], dtype=object)
    own = np.isin(languages, list(TRAINING))
    chosen = [text for text, ours in zip(texts, own, strict=True) if ours]
    scores = scorer.score(chosen, languages=languages[own].tolist())
    friction = scores.column("friction_p").to_numpy(zero_copy_only=False).astype(float)
    rated = np.array(stars, dtype=float)[own]
    lines = [_against_stars(language, languages[own] == language, friction, rated) for language in TRAINING]
    together = _against_stars("all five", np.ones(len(chosen), dtype=bool), friction, rated)
    return [line for line in (*lines, together) if line is not None]


def _against_stars(
    name: str, own: NDArray[np.bool_], friction: NDArray[np.float64], stars: NDArray[np.float64]
) -> ReviewFriction | None:
    read = own & ~np.isnan(friction)
    bad, good = friction[read & (stars <= 2)], friction[read & (stars >= 4)]
    area = auc(bad, good)
    if area is None or min(len(bad), len(good)) < _LEAST_REVIEWS:
        return None
    return ReviewFriction(name, len(bad), len(good), area, float(np.mean(bad >= 0.5)), float(np.mean(good >= 0.5)))


_LEAST_REVIEWS: Final = 20


def markdown(sentiment: Sequence[Judged], friction: Sequence[ReviewFriction]) -> str:
    """The tables as the model card shows them."""
    lines = [
        "| language | set | rows | macro-F1 | accuracy | calibration error | TF-IDF + SVM | majority | language told |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
        *(
            f"| {s.language} | {s.set} | {s.rows:,} | {s.macro_f1:.3f} | {s.accuracy:.3f} | {s.calibration_error:.3f} "
            f"| {s.baseline_macro_f1:.3f} | {s.majority_macro_f1:.3f} | {s.told:.0%} |"
            for s in sentiment
        ),
        "",
        "| friction against stars | 1-2 stars | 4-5 stars | AUC | 1-2 stars with friction | 4-5 stars with friction |",
        "|---|---:|---:|---:|---:|---:|",
        *(
            f"| {f.language} | {f.bad:,} | {f.good:,} | {f.auc:.3f} | {f.bad_high:.0%} | {f.good_high:.0%} |"
            for f in friction
        ),
    ]
    return "\n".join(lines)


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder that holds labels/.")
@click.option("--write", type=click.Path(path_type=Path), help="A model card whose figures are to be replaced.")
def main(data: Path, write: Path | None) -> None:
    """Print the figures of the model for other languages."""
    scorer = load_scorer()
    friction = friction_table(data, scorer)
    if not friction:
        click.echo(f"no review streams in {data / 'streams'}: friction is not judged", err=True)
    figures = markdown(sentiment_table(LabelledSets(data), scorer), friction)
    click.echo(f"{scorer.version}\n\n{figures}")
    if write is not None:
        card = write.read_text(encoding="utf-8")
        before, rest = card.split(BEGIN)
        _, after = rest.split(END)
        write.write_text(f"{before}{BEGIN}\n{figures}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
