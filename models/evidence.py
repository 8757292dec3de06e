"""Weighs what the heads learned and what cues say into evidence for each class: touchpoint, sentiment, friction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.adapted import probabilities
from models.cues import INTENT, PROBLEM
from models.scores import SENTIMENTS, TOUCHPOINTS
from models.weights import HEADS, Weights
from schemas.touchpoint import Touchpoint

_SENTIMENT: Final = slice(0, len(SENTIMENTS))
_FRICTION: Final = HEADS.index("friction")
_TOUCHPOINT: Final = slice(_FRICTION + 1, len(HEADS))
_SEED: Final = slice(0, len(Touchpoint))
_NOWHERE: Final = -1

_MOST_EVIDENCE: Final = 12
_SURE: Final = 4
"""Power of a head's largest probability: high enough that only a head which knows a domain speaks up."""
_TELLING_PROBLEM: Final = 5
"""Cue weight at which a problem has been told; more of it does not make it worse."""
_MISERY: Final = np.array([1.0, 0.0, -0.5])
_MOST_CONTEXT: Final = 30
_SOME_CONTEXT: Final = 4
"""Cue weight below which a text does not say what it is about."""


class Seen(NamedTuple):
    """Of each clause or text: the heads' logits, how much of both praise and blame is in it (0..1), the sums of its
    cues, and those of the whole text it stands in."""

    logits: NDArray[np.float64]
    ambivalence: NDArray[np.float64]
    cues: NDArray[np.int64]
    context: NDArray[np.int64]


class Evidence:
    """The evidence that a model with these weights has; a row a clause or text, a column a class."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self.other = len(weights.touchpoints) - 1
        reliability = Touchpoint.RELIABILITY.value
        self._reliability = [weights.touchpoints.index(reliability)] if reliability in weights.touchpoints else []
        named = weights.touchpoints[:-1]
        shipped = weights.touchpoints == TOUCHPOINTS
        self._seed = _SEED if shipped else np.array([weights.columns_of_cues.index(name) for name in named])
        self._head = _TOUCHPOINT if shipped else _head_columns(weights.touchpoints)

    def uncorrected(self, seen: Seen, content: NDArray[np.bool_]) -> dict[str, NDArray[np.float64]]:
        """Of each group of `GROUPS` the evidence for its classes, before any correction."""
        logits, both, cues, context = seen
        # Whoever tells of a problem is not happy about it, also in words that no one would call negative; whoever says
        # that there is none, or no more than a courtesy, is not sad.
        told = np.where(content, np.clip(cues[:, PROBLEM], -_TELLING_PROBLEM, _TELLING_PROBLEM), -_TELLING_PROBLEM)
        misery = self._weights.blend["sentiment_problem"] * told[:, None] * _MISERY
        # Who praises and blames at once can be read either way.
        sharpness = 1 / (1 + self._weights.blend["sentiment_ambivalence"] * both)
        sentiment = sharpness[:, None] * (logits[:, _SENTIMENT] + misery)
        friction = self._friction(logits, probabilities(sentiment), cues)
        return {
            "touchpoint": self.touchpoint(logits, cues, context),
            "sentiment": sentiment,
            "friction": friction[:, None],
        }

    def corrected(self, seen: Seen, content: NDArray[np.bool_]) -> dict[str, NDArray[np.float64]]:
        """The same, with what a user's labels taught."""
        evidence = self.uncorrected(seen, content)
        for group, adapted in self._weights.adapted.items():
            columns = seen.logits[:, self._weights.columns_of_group(group)]
            evidence[group] = adapted.apply(evidence[group], columns)
        return evidence

    def _friction(
        self, logits: NDArray[np.float64], sentiment: NDArray[np.float64], cues: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        blend = self._weights.blend
        evidence: NDArray[np.float64] = (
            blend["friction_head"] * logits[:, _FRICTION]
            + blend["friction_problem"] * np.minimum(cues[:, PROBLEM], _MOST_EVIDENCE)
            + blend["friction_sentiment"] * (sentiment[:, 0] - sentiment[:, 2])
            + blend["friction_question"] * ((cues[:, INTENT["question"]] > 0) & (cues[:, PROBLEM] <= 0))
            + blend["friction_bias"]
        )
        return evidence

    def touchpoint(
        self, logits: NDArray[np.float64], cues: NDArray[np.int64], context: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Evidence for each touchpoint and for `other`.

        A clause without words of its own for a touchpoint ("it drives me mad") is about what its text is about,
        when that is clear. A problem told without any such word is most often one of reliability. The learned head
        weighs more where it is sure of itself: it is in domains it has learned from, and seldom in others.
        """
        blend = self._weights.blend
        heads = self._head_logits(logits)
        sure = probabilities(heads).max(axis=1, keepdims=True) ** _SURE
        evidence: NDArray[np.float64] = (blend["touchpoint_head"] + blend["touchpoint_head_sure"] * sure) * heads
        around = np.minimum(context[:, self._seed], _MOST_CONTEXT)
        share = around / (around.sum(axis=1, keepdims=True) + _SOME_CONTEXT)
        evidence[:, :-1] += blend["touchpoint_seed"] * np.minimum(cues[:, self._seed], _MOST_EVIDENCE)
        evidence[:, :-1] += blend["touchpoint_context"] * share
        told = np.clip(cues[:, [PROBLEM]], 0, _TELLING_PROBLEM) * ~cues[:, self._seed].any(axis=1, keepdims=True)
        evidence[:, self._reliability] += blend["touchpoint_problem"] * told
        evidence[:, -1] += blend["touchpoint_other"]
        return evidence

    def _head_logits(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """The touchpoint head, a column a touchpoint of this model."""
        heads = logits[:, self._head]
        # The base model knows nothing of a user's own touchpoint: to its head that is as likely as the least likely.
        unknown = self._head == _NOWHERE if isinstance(self._head, np.ndarray) else np.zeros(0, dtype=bool)
        if unknown.any():
            heads[:, unknown] = heads[:, ~unknown].min(axis=1, keepdims=True)
        return heads

    def named(self, evidence: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The likeliest touchpoint of each record, or `other`, and its probability."""
        p = probabilities(evidence)
        best = np.argmax(p, axis=1)
        rows = np.arange(len(best))
        best = np.where(p[rows, best] < self._weights.blend["touchpoint_threshold"], self.other, best)
        return best, p[rows, best]


def _head_columns(touchpoints: Sequence[str]) -> NDArray[np.int64]:
    """Where the heads speak of each touchpoint, `_NOWHERE` for a user's own."""
    return np.array([_TOUCHPOINT.start + TOUCHPOINTS.index(name) if name in TOUCHPOINTS else _NOWHERE
                     for name in touchpoints])  # fmt: skip
