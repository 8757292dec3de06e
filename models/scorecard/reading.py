"""What the scorer reads in texts, as columns of sentiment and friction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.scorer import Scorer
from models.scores import SENTIMENTS

_NEUTRAL: Final = SENTIMENTS.index("neutral")


@dataclass(frozen=True)
class Reading:
    """One entry a text: `label` indexes `SENTIMENTS`, `sentiment` is -1..1, `p` is the probability of the label.

    A text without a single word is unscored; whoever reads on takes it for neutral, without friction.
    """

    label: NDArray[np.int64]
    sentiment: NDArray[np.float64]
    p: NDArray[np.float64]
    friction: NDArray[np.float64]


def read(texts: Sequence[str], scorer: Scorer, language: str = "en") -> Reading:
    """Score these texts, said to be in this language."""
    scores = scorer.score(texts, languages=[language] * len(texts))

    def column(name: str, unscored: float) -> NDArray[np.float64]:
        values: NDArray[np.float64] = scores.column(name).to_numpy(zero_copy_only=False).astype(np.float64)
        return np.nan_to_num(values, nan=unscored)

    labels = scores.column("sentiment_label").to_pylist()
    return Reading(
        np.array([SENTIMENTS.index(label) if label else _NEUTRAL for label in labels], dtype=np.int64),
        column("sentiment", 0.0),
        column("sentiment_p", 1 / len(SENTIMENTS)),
        column("friction_p", 0.0),
    )
