"""The model for other languages: what it learned from, sentiment on unseen rows, and friction against stars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from models.data import LabelledSets, Row
from models.detection import detect
from models.language_sets import JUDGED, TRAINING, training_rows
from models.scorecard import baselines
from models.scorecard.friction import RANKING, REVIEW_STREAMS, against_stars, friction_of, reviews
from models.scorecard.sentiment import judged
from models.scorecard.table import Column, Say, Table, Value
from models.scorer import Scorer

_ENGLISH: Final = "en"
"""What a text is taken for whose language cannot be told."""
_FEWEST_REVIEWS: Final = 20
"""Bad or good reviews in a language below which they are shown only with those in the others."""

_LANGUAGE: Final = Column("language", "language", "text")
_LEARNED: Final = (
    _LANGUAGE,
    Column("set", "learned from", "text"),
    Column("rows", "rows", "count"),
    Column("use", "use", "text"),
    Column("licence", "licence", "text"),
)
_SENTIMENT: Final = (
    _LANGUAGE,
    Column("set", "unseen rows of", "text"),
    Column("rows", "rows", "count"),
    Column("scorer_macro_f1", "scorer, macro-F1"),
    Column("majority_macro_f1", "commonest class"),
    Column("svm_macro_f1", "TF-IDF + SVM"),
    Column("scorer_accuracy", "scorer, accuracy"),
    Column("ece", "calibration error"),
    Column("told", "language told", "share"),
)
FRICTION: Final = (
    Column("language", "friction against stars", "text"),
    Column("bad", "1-2 stars", "count"),
    Column("good", "4-5 stars", "count"),
    *RANKING,
)


def languages(data: Path, scorer: Scorer, say: Say) -> list[Table]:
    """What was learned in each language, how well sentiment is told there, and how well friction ranks reviews.

    The SVM of a language learns from exactly the rows the model learned from; `told` is the share of the texts whose
    language is detected right. Raises `UsageError` where a set or a stream is missing.
    """
    sets = LabelledSets(data)
    learned = training_rows(sets)
    return [
        Table.of("learned", _LEARNED, _learned(sets, learned)),
        Table.of("sentiment", _SENTIMENT, _sentiment(sets, learned, scorer, say)),
        Table.of("stars", FRICTION, stars(data, scorer, say)),
    ]


def _learned(sets: LabelledSets, learned: Mapping[str, Sequence[Row]]) -> list[dict[str, Value]]:
    return [
        {
            "language": language,
            "set": name,
            "rows": len(learned[language]),
            "use": sets.uses["sentiment", name],
            "licence": sets.licences["sentiment", name],
        }
        for language, name in TRAINING.items()
    ]


def _sentiment(
    sets: LabelledSets, learned: Mapping[str, Sequence[Row]], scorer: Scorer, say: Say
) -> list[dict[str, Value]]:
    svms = {}
    for language, rows in learned.items():
        say(f"languages: TF-IDF + SVM learns {language}")
        labels = np.array([row.sentiment for row in rows])
        svms[language] = baselines.TfidfSvm(
            baselines.grams([row.text for row in rows]), labels, np.ones(len(rows))
        )
    lines = []
    for unseen in JUDGED:
        say(f"languages: {unseen.set}")
        rows = unseen.rows(sets)
        told = float(np.mean([detect(row.text, _ENGLISH) == unseen.language for row in rows]))
        figures = judged(rows, unseen.language, scorer, svms[unseen.language])
        lines.append({"language": unseen.language, "set": unseen.set, "told": told, **figures})
    return lines


def stars(data: Path, scorer: Scorer, say: Say) -> list[dict[str, Value]]:
    """A line of friction against stars for each language of which there are enough reviews, and one for all together.

    These are all reviews of the streams that are detected to be in one of the languages.
    """
    texts: list[str] = []
    told: list[str] = []
    given: list[float] = []
    for name in REVIEW_STREAMS:
        say(f"languages: which of {name} are in these languages")
        for text, rated in zip(*reviews(data, name), strict=True):
            language = detect(text, _ENGLISH)
            if language in TRAINING:
                texts.append(text)
                told.append(language)
                given.append(rated)
    say(f"languages: friction of {len(texts):,} reviews")
    friction = friction_of(scorer, texts, told)
    rating = np.array(given)
    lines = []
    for language in TRAINING:
        own = np.array(told) == language
        figures = against_stars(friction[own], rating[own])
        if min(int(figures["bad"] or 0), int(figures["good"] or 0)) >= _FEWEST_REVIEWS:
            lines.append({"language": language, **figures})
    return [*lines, {"language": "all together", **against_stars(friction, rating)}]
