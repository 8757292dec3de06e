"""Which rows each head learns from, and what they are taken to say."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.data import EVALUATION_SETS, LabelledSets, Row, without_overlap
from models.scores import SENTIMENTS, TOUCHPOINTS
from models.training.recipe import recipe

INTENT_SETS: Final = (
    *("banking77", "clinc150"),
    *("multidogo_finance", "multidogo_software", "multidogo_media", "multidogo_insurance"),
)
"""Sets of what people ask an agent for."""

PROBLEM_LABELS: Final = (
    "not_working", "declined", "failed", "not_recognised", "charged", "lost", "stolen", "compromised",
    "not_received", "swallowed", "blocked", "forgotten", "wrong", "reverted", "not_updated", "reportbroken",
    "reportlost", "dispute", "not_showing", "unable_to", "report_fraud", "damaged", "extra_charge", "pending",
)  # fmt: skip
"""Parts of the intent labels that name a problem; the other intents of those sets ask for something."""

_PROBLEM: Final = re.compile(rf"(?:^|_)(?:{'|'.join(PROBLEM_LABELS)})")
_SMALL_TALK: Final = frozenset(
    ("contentonly", "oos", "outofdomain", "openinggreeting", "closinggreeting", "thankyou", "confirmation")
) | {"rejection"}
_GREETINGS: Final = frozenset(("openinggreeting", "closinggreeting", "thankyou", "outofdomain"))
_COMPLAINTS: Final = "cfpb_issue"
_SENTIMENT_LABELS: Final = frozenset(("neg", "neu", "pos"))
_NEGATIVE, _NEUTRAL = SENTIMENTS.index("negative"), SENTIMENTS.index("neutral")
_CONFIDENCE: Final = {"h": 1.0, "m": 0.5}


@dataclass(frozen=True)
class Examples:
    """Rows to learn from, by number, with their class and weight."""

    rows: NDArray[np.int64]
    label: NDArray[np.int64]
    weight: NDArray[np.float64]

    def where(self, kept: NDArray[np.bool_]) -> Examples:
        """Some of them."""
        return Examples(self.rows[kept], self.label[kept], self.weight[kept])


def sentiment_rows_of(sets: LabelledSets) -> list[Row]:
    """Rows of the sentiment sets that the model learns from: none shares its text with a row that judges it."""
    judges = [row for name in EVALUATION_SETS for row in sets.read("sentiment", name)]
    names = sets.shipped("sentiment")
    return without_overlap(
        [row for name in names for row in sets.read("sentiment", name) if row.split != "test"], judges
    )


def touchpoint_rows_of(sets: LabelledSets, leave_out: Collection[str] = ()) -> list[Row]:
    """Rows of the touchpoint sets that the model learns from, or would if it had never seen the sets left out."""
    names = [name for name in sets.shipped("touchpoint") if name not in leave_out]
    return [row for name in names for row in sets.read("touchpoint", name) if row.split != "test"]


def sentiment_labels(rows: Sequence[Row]) -> Examples:
    """The sentiment sets as they are, and what people ask of agents: a problem told is negative, a wish neutral."""
    fit = recipe().sentiment
    chosen, label, weight = [], [], []
    for number, row in enumerate(rows):
        if row.label in _SENTIMENT_LABELS:
            chosen.append(number)
            label.append(row.sentiment)
            weight.append(fit.share.get(row.set, 1.0))
            continue
        problem = _tells_a_problem(row)
        if problem is not None and (problem or number % 2 == 0):
            chosen.append(number)
            label.append(_NEGATIVE if problem else _NEUTRAL)
            weight.append(fit.intent_share)
    return Examples(np.array(chosen), np.array(label), np.array(weight))


def friction_labels(rows: Sequence[Row]) -> Examples:
    """Stand-ins for friction, of which there are no labels: 1 where a text tells of trouble with a product, else 0."""
    fit = recipe().friction
    chosen, label = [], []
    for number, row in enumerate(rows):
        problem = _tells_a_problem(row)
        if row.set in fit.sets:
            said = row.label == "neg"
        elif row.set in fit.plain_sets and row.label != "neg" and number % fit.every == 0:
            said = False
        elif problem is not None and (problem or number % fit.every == 0):
            said = problem
        else:
            continue
        chosen.append(number)
        label.append(int(said))
    return Examples(np.array(chosen), np.array(label), np.ones(len(chosen)))


def touchpoint_labels(rows: Sequence[Row], sets: LabelledSets) -> Examples:
    """Rows whose labels mean one touchpoint, or none of them (greetings), weighed by how surely they do."""
    chosen, touchpoint, weight = [], [], []
    for number, row in enumerate(rows):
        mapped = {sets.touchpoint_map.get((row.set, label), ("", "")) for label in row.label.split("|")}
        if len(mapped) != 1:
            continue
        name, confidence = mapped.pop()
        if name and (confidence in _CONFIDENCE or row.label in _GREETINGS):
            chosen.append(number)
            touchpoint.append(TOUCHPOINTS.index(name))
            weight.append(_CONFIDENCE.get(confidence, 0.5))
    return Examples(np.array(chosen), np.array(touchpoint), np.array(weight))


def _tells_a_problem(row: Row) -> bool | None:
    """Whether what is said to an agent tells of a problem; None where nothing is asked of anyone."""
    if row.set == _COMPLAINTS:
        return True
    if row.set not in INTENT_SETS or row.label.lower() in _SMALL_TALK:
        return None
    return _PROBLEM.search(row.label.lower()) is not None
