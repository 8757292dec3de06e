"""What a user's own labels change in a model: one small correction on top of each group of its heads.

The evidence that the base model has for each class is kept as a feature, and what the labels teach is added:

    evidence' = share * evidence + columns . features + p . mix

where p are the base model's probabilities and `columns` are weights over hashed features, learned from the labels.
Stacking a learner on another's output is Wolpert's (1992). With `share` 1 and nothing else this is the base model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

GROUPS: Final = ("touchpoint", "sentiment", "friction")
"""Groups of classes that labels can correct; friction is one column, the log-odds of friction."""


@dataclass(frozen=True)
class Adapted:
    """A correction of one group. `mix` has a row a class of the base model and a column a corrected one.

    The weights over features are columns of the heads' table, in the order of `GROUPS`, behind the base model's.
    """

    share: float
    mix: NDArray[np.float64]

    def apply(self, evidence: NDArray[np.float64], logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Corrected evidence, a row a text; `logits` are those of this group's own columns."""
        corrected = self.share * evidence + logits
        # Term by term: a matrix product may add up in another order for another number of rows.
        for probability, row in zip(probabilities(evidence).T, self.mix, strict=True):
            corrected += probability[:, None] * row
        return corrected


def probabilities(evidence: NDArray[np.float64]) -> NDArray[np.float64]:
    """Evidence as probabilities: softmax over the classes, or the logistic function of a single column."""
    if evidence.shape[1] == 1:
        odds: NDArray[np.float64] = 1 / (1 + np.exp(-evidence))
        return odds
    raised = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return result
