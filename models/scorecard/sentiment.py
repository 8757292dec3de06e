"""Sentiment of whole English texts on sets the model never saw, beside what others make of the same rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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

Guess = Callable[[Sequence[str]], NDArray[np.int64]]
"""What somebody takes texts for, as indices into `SENTIMENTS`."""

_ENGLISH: Final = "en"
_OTHERS: Final = {"vader": "VADER", "textblob": "TextBlob", "majority": "commonest class", "svm": "TF-IDF + SVM"}
_WITHOUT_LEARNING: Final[Mapping[str, Guess]] = {"vader": baselines.vader, "textblob": baselines.textblob}


def sentiment(sets: LabelledSets, scorer: Scorer, say: Say) -> list[Table]:
    """Macro-F1 and accuracy a set, and their means over the sets.

    The scorer's calibration error is that of the probability it gives to its label. The SVM learns from exactly the
    rows that the recipe of the shipped model learns sentiment from, with the same labels and weights.
    """
    say("sentiment: TF-IDF + SVM learns from the rows that the model learned from")
    rows = [*sentiment_rows_of(sets), *touchpoint_rows_of(sets)]
    learned = sentiment_labels(rows)
    counts = baselines.grams([rows[number].text for number in learned.rows])
    svm = baselines.TfidfSvm(counts, learned.label, learned.weight)
    lines = []
    for name in EVALUATION_SETS:
        say(f"sentiment: {name}")
        figures = judged(sets.read("sentiment", name), _ENGLISH, scorer, svm, _WITHOUT_LEARNING)
        lines.append({"set": name, **figures})
    last: dict[str, Value] = {"set": "mean", "rows": sum(int(line["rows"] or 0) for line in lines)}
    last |= {key: mean(line[key] for line in lines) for key in lines[0] if key not in last}
    return [
        Table.of(
            f"{_ENGLISH}_{measure}",
            [
                Column("set", "unseen set", "text"),
                Column("rows", "rows", "count"),
                Column(f"scorer_{measure}", f"scorer, {title}"),
                *(Column(f"{who}_{measure}", other) for who, other in _OTHERS.items()),
                *([Column("ece", "calibration error")] if measure == "macro_f1" else []),
            ],
            [*lines, last],
        )
        for measure, title in (("macro_f1", "macro-F1"), ("accuracy", "accuracy"))
    ]


def judged(
    rows: Sequence[Row],
    language: str,
    scorer: Scorer,
    svm: baselines.TfidfSvm,
    others: Mapping[str, Guess] | None = None,
) -> dict[str, Value]:
    """How many rows, all in this language; the scorer's calibration error; macro-F1 and accuracy of each that judged.

    These are `<who>_macro_f1` and `<who>_accuracy` of the scorer, the commonest class (`majority`), the SVM and the
    others.
    """
    texts = [row.text for row in rows]
    truth = np.array([row.sentiment for row in rows])
    ours = read(texts, scorer, language)
    said = {"scorer": ours.label, "majority": baselines.commonest(truth), "svm": svm.guess(baselines.grams(texts))}
    said |= {who: guess(texts) for who, guess in (others or {}).items()}
    figures: dict[str, Value] = {"rows": len(rows), "ece": calibration_error(truth == ours.label, ours.p)}
    for who, guess in said.items():
        figures |= {f"{who}_macro_f1": macro_f1(truth, guess), f"{who}_accuracy": accuracy(truth, guess)}
    return figures
