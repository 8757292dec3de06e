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
from models.train import sentiment_labels, sentiment_rows_of, touchpoint_rows_of

ENGLISH: Final = "en"
_OTHERS: Final = {"vader": "VADER", "textblob": "TextBlob", "majority": "commonest class", "svm": "TF-IDF + SVM"}


@dataclass(frozen=True)
class Learned:
    """Texts a model learned sentiment from, with their labels, as indices into `SENTIMENTS`, and weights."""

    texts: Sequence[str]
    label: NDArray[np.int64]
    weight: NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """How one language is judged: by which sets, and against an SVM that learned from which rows."""

    unseen: Sequence[str]
    learned: Callable[[LabelledSets], Learned]


def english(sets: LabelledSets) -> Learned:
    """What the recipe of the shipped model learns English sentiment from."""
    rows = [*sentiment_rows_of(sets), *touchpoint_rows_of(sets)]
    examples = sentiment_labels(rows)
    return Learned([rows[number].text for number in examples.rows], examples.label, examples.weight)


LANGUAGES: Final[Mapping[str, Judged]] = {ENGLISH: Judged(EVALUATION_SETS, english)}
"""Languages to judge, where the model knows them."""


def sentiment(sets: LabelledSets, scorer: Scorer, say: Say) -> list[Table]:
    """For each language macro-F1 and accuracy a set, and their means over the sets.

    The scorer's calibration error is that of the probability it gives to its label. The SVM learns from exactly the
    rows that the recipe of the shipped model learns sentiment from, with the same labels and weights.
    """
    tables = []
    for language, judged in LANGUAGES.items():
        if language not in scorer.languages:
            continue
        say(f"sentiment, {language}: TF-IDF + SVM learns from the rows that the model learned from")
        learned = judged.learned(sets)
        svm = baselines.TfidfSvm(baselines.grams(learned.texts), learned.label, learned.weight)
        lines = []
        for name in judged.unseen:
            say(f"sentiment, {language}: {name}")
            lines.append(_line(sets.read("sentiment", name), name, language, scorer, svm))
        tables += _tables(language, lines)
    return tables


def _line(
    rows: Sequence[Row], name: str, language: str, scorer: Scorer, svm: baselines.TfidfSvm
) -> dict[str, Value]:
    texts = [row.text for row in rows]
    truth = np.array([row.sentiment for row in rows])
    ours = read(texts, scorer, language)
    theirs = {"majority": baselines.commonest(truth), "svm": svm.guess(baselines.grams(texts))}
    if language == ENGLISH:
        theirs |= {"vader": baselines.vader(texts), "textblob": baselines.textblob(texts)}
    line: dict[str, Value] = {
        "set": name,
        "rows": len(rows),
        "ece": calibration_error(truth == ours.label, ours.p),
    }
    for who, said in {"scorer": ours.label, **theirs}.items():
        line |= {f"{who}_macro_f1": macro_f1(truth, said), f"{who}_accuracy": accuracy(truth, said)}
    return line


def _tables(language: str, lines: list[dict[str, Value]]) -> list[Table]:
    whole: dict[str, Value] = {"set": "mean", "rows": int(np.sum([line["rows"] for line in lines]))}
    whole |= {key: mean(line[key] for line in lines) for key in lines[0] if key not in ("set", "rows")}
    first = [Column("set", f"unseen set, {language}", "text"), Column("rows", "rows", "count")]
    others = {who: title for who, title in _OTHERS.items() if f"{who}_macro_f1" in lines[0]}
    return [
        Table.of(
            f"{language}_{measure}",
            [
                *first,
                Column(f"scorer_{measure}", f"scorer, {title}"),
                *(Column(f"{who}_{measure}", other) for who, other in others.items()),
                *([Column("ece", "calibration error")] if measure == "macro_f1" else []),
            ],
            [*lines, whole],
        )
        for measure, title in (("macro_f1", "macro-F1"), ("accuracy", "accuracy"))
    ]
