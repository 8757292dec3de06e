"""Touchpoints: on domains the model learned from, and on domains it had to do without.

A row counts where its labels map to one touchpoint of the taxonomy with confidence h or m. Macro-F1 is over the
touchpoints of a set, those with fewer than `LEAST_ROWS` rows left out: with one row, F1 is 0 or 1 by chance. It is
taken without abstaining: every row gets the likeliest of the twelve; once over all rows, once over the surest 80 %.
What users see abstains: of that the coverage is given (share of rows that get a touchpoint) and the precision (share of
these that are right). Rows that are about none of the twelve count there too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.data import LabelledSets
from models.heads import FeedbackHeads
from models.scorecard.baselines import TfidfSvm, grams
from models.scorecard.domains import DOMAINS, domain_of, learned
from models.scorecard.measures import macro_f1, surest
from models.scorecard.table import Column, Say, Table, Value, mean
from models.scorer import Scorer
from models.scores import TOUCHPOINTS
from models.training.build import build_touchpoints
from models.training.corpus import touchpoint_labels, touchpoint_rows_of
from schemas.touchpoint import OTHER

COVERAGE: Final = 0.8
LEAST_ROWS: Final = 5

_TWELVE: Final = len(TOUCHPOINTS) - 1
"""Touchpoints before `other`, which is the last."""
_KNOWN_AS: Final = {"airline_reason": "airline"}
"""Sets that touchpoint_map.csv names otherwise."""

_FIGURES: Final = (
    Column("rows", "rows", "count"),
    Column("touchpoints", "touchpoints", "count"),
    Column("scorer_surest", "surest 80 %: macro-F1"),
    Column("svm_surest", "TF-IDF + SVM"),
    Column("scorer_all", "all rows: macro-F1"),
    Column("svm_all", "TF-IDF + SVM"),
    Column("coverage", "as users see it: given one", "share"),
    Column("precision", "of these right", "share"),
)


@dataclass(frozen=True)
class Truth:
    """Texts of a set with the touchpoint of each, as an index into `TOUCHPOINTS`."""

    name: str
    texts: Sequence[str]
    touchpoint: NDArray[np.int64]

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Which rows macro-F1 is taken over."""
        counts = Counter(self.touchpoint.tolist())
        often = [label for label, number in counts.items() if label < _TWELVE and number >= LEAST_ROWS]
        return np.isin(self.touchpoint, often)


def touchpoints(sets: LabelledSets, scorer: Scorer, say: Say) -> list[Table]:
    """A table of the test splits of sets the model learned from, and one of sets from domains it did without.

    A domain that the model learned from is judged by a model of the same recipe that did not (`domains`); one that it
    never saw, by the model itself. TF-IDF + SVM learns from the same rows each time.
    """
    say("touchpoints: counting words and letters for TF-IDF + SVM")
    teacher = _Teacher(sets)
    return [_in_domain(sets, scorer, teacher, say), _left_out(sets, scorer, teacher, say)]


class _Teacher:
    """The rows of the recipe, read and counted once for every SVM that learns from some of them."""

    def __init__(self, sets: LabelledSets) -> None:
        rows = touchpoint_rows_of(sets)
        self._told = touchpoint_labels(rows, sets)
        self._set = np.array([rows[number].set for number in self._told.rows])
        self._grams = grams([rows[number].text for number in self._told.rows])

    def svm(self, leave_out: frozenset[str] = frozenset()) -> TfidfSvm:
        kept = np.flatnonzero(~np.isin(self._set, list(leave_out)))
        return TfidfSvm(self._grams[kept], self._told.label[kept], self._told.weight[kept])


def _in_domain(sets: LabelledSets, scorer: Scorer, teacher: _Teacher, say: Say) -> Table:
    svm = teacher.svm()
    lines = []
    for name in _judged_by(sets):
        truth = _truth(sets, name, only_test=True)
        if name in scorer.meta.get("sources", ()) and truth.counted.any():
            say(f"touchpoints: test split of {name}")
            lines.append(_line(truth, scorer, svm))
    return Table.of("in_domain", [Column("set", "learned from", "text"), *_FIGURES], [*lines, _mean(lines)])


def _left_out(sets: LabelledSets, scorer: Scorer, teacher: _Teacher, say: Say) -> Table:
    lines = []
    for domain, about in DOMAINS.items():
        seen = learned(scorer.meta.get("sources", ()), about)
        there = [name for name in about.sets if ("touchpoint", name) in sets.uses]
        truths = [truth for truth in _truths(sets, there) if truth.counted.any()]
        if not truths:
            continue
        if seen:
            say(f"touchpoints: learning without {domain}")
        judged = Scorer(build_touchpoints(sets, seen)) if seen else scorer
        svm = teacher.svm(seen)
        for truth in truths:
            say(f"touchpoints: {truth.name}, never having seen {domain}")
            lines.append(_line(truth, judged, svm) | {"domain": domain})
    columns = [Column("domain", "never learned from", "text"), Column("set", "set", "text"), *_FIGURES]
    return Table.of("left_out", columns, [*lines, _mean(lines) | {"domain": ""}])


def _judged_by(sets: LabelledSets) -> list[str]:
    names = [name for kind, name in sets.uses if kind == "touchpoint"]
    for name in names:
        domain_of(name)  # of a set without a domain no table would speak, and nobody would leave it out
    return names


def _truths(sets: LabelledSets, names: Sequence[str]) -> Iterator[Truth]:
    """The rows that judge a domain: a set's test split, so that both tables speak of the same rows, or all of it."""
    for name in names:
        test = _truth(sets, name, only_test=True)
        yield test if len(test.texts) else _truth(sets, name, only_test=False)


def _truth(sets: LabelledSets, name: str, *, only_test: bool) -> Truth:
    known_as = _KNOWN_AS.get(name, name)
    texts, touchpoint = [], []
    for row in sets.read("touchpoint", name):
        if only_test and row.split != "test":
            continue
        mapped = {sets.touchpoint_map.get((known_as, label), ("", "l")) for label in row.label.split("|")}
        names = {touchpoint for touchpoint, confidence in mapped if touchpoint and confidence != "l"}
        if len(names) == 1:
            texts.append(row.text)
            touchpoint.append(TOUCHPOINTS.index(names.pop()))
    return Truth(name, texts, np.array(touchpoint, dtype=np.int64))


def _line(truth: Truth, scorer: Scorer, svm: TfidfSvm) -> dict[str, Value]:
    counted = truth.counted
    wanted = truth.touchpoint[counted]
    asked = [text for text, kept in zip(truth.texts, counted, strict=True) if kept]
    line: dict[str, Value] = {"set": truth.name, "rows": len(wanted), "touchpoints": len(np.unique(wanted))}
    for who, (guess, sureness) in {"scorer": _likeliest(scorer, asked), "svm": _of_svm(svm, asked)}.items():
        sure = surest(sureness, COVERAGE)
        line |= {f"{who}_surest": macro_f1(wanted[sure], guess[sure]), f"{who}_all": macro_f1(wanted, guess)}
    seen = scorer.score(truth.texts, languages=["en"] * len(truth.texts)).column("touchpoint").to_pylist()
    given = np.array([touchpoint not in (None, OTHER) for touchpoint in seen])
    right = np.array(
        [touchpoint == TOUCHPOINTS[index] for touchpoint, index in zip(seen, truth.touchpoint, strict=True)]
    )
    line["coverage"] = float(np.mean(given))
    line["precision"] = float(np.mean(right[given])) if given.any() else None
    return line


def _likeliest(scorer: Scorer, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    heads = scorer.nlp.get_pipe("feedback_heads")
    if not isinstance(heads, FeedbackHeads):
        raise TypeError(f"feedback_heads is a {type(heads).__name__}")
    p = heads.touchpoint_probabilities(list(scorer.nlp.pipe(texts)))[:, :_TWELVE]
    return p.argmax(axis=1), p.max(axis=1)


def _of_svm(svm: TfidfSvm, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    twelve = svm.classes < _TWELVE
    margins = svm.margins(grams(texts))[:, twelve]
    return svm.classes[twelve][margins.argmax(axis=1)], margins.max(axis=1)


def _mean(lines: Sequence[Mapping[str, Value]]) -> dict[str, Value]:
    """The mean over the sets with two touchpoints or more: where there is one, F1 tells little."""
    several = [line for line in lines if line["touchpoints"] != 1]
    whole: dict[str, Value] = {column.key: mean([line[column.key] for line in several]) for column in _FIGURES}
    return whole | {
        "set": "mean",
        "rows": sum(int(line["rows"] or 0) for line in several),
        "touchpoints": None,
    }
