"""The records a model leaves on a document, as numpy types."""

from __future__ import annotations

from typing import Final

import numpy as np

from schemas.touchpoint import ALL_TOUCHPOINTS

SENTIMENTS: Final = ("negative", "neutral", "positive")
INTENTS: Final = ("bug", "feature_request", "question", "complaint", "praise", "churn_risk", "recommend")
"""In the order of the bits of `intents`."""
TOUCHPOINTS: Final = ALL_TOUCHPOINTS
"""In the order of the numbers of `touchpoint`, where a model has no touchpoints of its own; `other` is the last."""

EVENT: Final = np.dtype(
    [
        ("sentiment_p", np.float32, (len(SENTIMENTS),)),
        ("friction_p", np.float32),
        ("touchpoint", np.int16),
        ("touchpoint_p", np.float32),
        ("effort", np.int8),
        ("has_effort", np.bool_),
        ("intents", np.uint16),
    ]
)
"""Scores of a whole text. `touchpoint` indexes the model's touchpoints; `effort` counts only where `has_effort`."""

CLAUSE: Final = np.dtype([("start", np.int32), ("end", np.int32), *EVENT.descr])
"""Scores of one clause; `start` and `end` are character offsets into the text."""
