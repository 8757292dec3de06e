"""Sentiment of whole texts on sets the model never saw, beside what others make of the same rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.data import EVALUATION_SETS, LabelledSets, Row
from models.scorecard import baselines
from models.scorecard.measures import accuracy, calibration_error, macro_f1
from models.scorecard.reading import read
from models.scorecard.table import Column, Say, Table, Value, mean
from models.scorer import Scorer
from models.training.corpus import sentiment_labels, sentiment_rows_of, touchpoint_rows_of

ENGLISH: Final = "en"
_OTHERS: Final = {"vader": "VADER", "textblob": "TextBlob", "majority": "commonest class", "svm": "TF-IDF + SVM"}


@dataclass(frozen=True)
class Learned:
    """Texts a model learned sentiment from, with their labels, as indices into `SENTIMENTS`, and weights."""

    texts: Sequence[str]
    label: NDArray[np.int64]
    weight: NDArray[np.float64]


@dataclass(frozen=True)
class Unseen:
    """A set that judges: the rows of one split of it, all where no split is named."""

    name: str
    split: str = ""

    def rows(self, sets: LabelledSets) -> list[Row]:
        """The rows that judge."""
        return [row for row in sets.read("sentiment", self.name) if self.split in ("", row.split)]


@dataclass(frozen=True)
class Judged:
    """How one language is judged: by which sets, and against an SVM that learned from which rows."""

    unseen: Sequence[Unseen]
    learned: Callable[[LabelledSets], Learned]


def english(sets: LabelledSets) -> Learned:
    """What the recipe of the shipped model learns English sentiment from."""
    rows = [*sentiment_rows_of(sets), *touchpoint_rows_of(sets)]
    examples = sentiment_labels(rows)
    return Learned([rows[number].text for number in examples.rows], examples.label, examples.weight)


LANGUAGES: Final[Mapping[str, Judged]] = {ENGLISH: Judged([Unseen(name) for name in EVALUATION_SETS], english)}
"""Languages to judge, where the model knows them."""


def sentiment(sets: LabelledSets, scorer: Scorer, say: Say) -> list[Table]:
    """Macro-F1 and accuracy a set, and their means over the sets: of English, and of all other languages together.

    The scorer's calibration error is that of the probability it gives to its label. The SVM learns from exactly the
    rows that the recipe of the shipped model learns sentiment from, with the same labels and weights.
    """
    english_lines: list[dict[str, Value]] = []
    other_lines: list[dict[str, Value]] = []
    for language, judged in LANGUAGES.items():
        if language not in scorer.languages:
            continue
        say(f"sentiment, {language}: TF-IDF + SVM learns from the rows that the model learned from")
        learned = judged.learned(sets)
        svm = baselines.TfidfSvm(baselines.grams(learned.texts), learned.label, learned.weight)
        for unseen in judged.unseen:
            say(f"sentiment, {language}: {unseen.name}")
            lines = english_lines if language == ENGLISH else other_lines
            lines.append(_line(unseen.rows(sets), unseen.name, language, scorer, svm))
    return [*_tables(ENGLISH, english_lines), *_tables("other", other_lines)]


def _line(
    rows: Sequence[Row], name: str, language: str, scorer: Scorer, svm: baselines.TfidfSvm
) -> dict[str, Value]:
    texts = [row.text for row in rows]
    truth = np.array([row.sentiment for row in rows])
    ours = read(texts, scorer, language)
    line: dict[str, Value] = {"language": language, "set": name, "rows": len(rows)}
    line["ece"] = calibration_error(truth == ours.label, ours.p)
    said = {"scorer": ours.label, "majority": baselines.commonest(truth), "svm": svm.guess(baselines.grams(texts))}
    if language == ENGLISH:
        said |= {"vader": baselines.vader(texts), "textblob": baselines.textblob(texts)}
    for who, guess in said.items():
        line |= {f"{who}_macro_f1": macro_f1(truth, guess), f"{who}_accuracy": accuracy(truth, guess)}
    return line


def _tables(group: str, lines: Sequence[dict[str, Value]]) -> list[Table]:
    if not lines:
        return []
    told: list[Column] = [Column("set", "unseen set", "text"), Column("rows", "rows", "count")]
    if group != ENGLISH:
        told.insert(0, Column("language", "language", "text"))
    last: dict[str, Value] = {"language": "", "set": "mean", "rows": sum(int(line["rows"] or 0) for line in lines)}
    last |= {key: mean(line[key] for line in lines) for key in lines[0] if key not in last}
    others = {who: title for who, title in _OTHERS.items() if f"{who}_macro_f1" in lines[0]}
    return [
        Table.of(
            f"{group}_{measure}",
            [
                *told,
                Column(f"scorer_{measure}", f"scorer, {title}"),
                *(Column(f"{who}_{measure}", other) for who, other in others.items()),
                *([Column("ece", "calibration error")] if measure == "macro_f1" else []),
            ],
            [*lines, last],
        )
        for measure, title in (("macro_f1", "macro-F1"), ("accuracy", "accuracy"))
    ]
