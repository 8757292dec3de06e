"""What training leaves behind for the heads of several languages, and the folder it lies in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.cues import CUES
from models.features import TONES, Lexicon
from models.multilingual import LANGUAGES
from models.phrases import Phrase
from models.scores import SENTIMENTS
from models.weight_files import read_arrays, read_words, write_weights
from models.weights import DEFAULT_BLEND

_CLASSES: Final = len(SENTIMENTS)

FRICTION_RULE: Final = {
    **DEFAULT_BLEND,
    "touchpoint_head": 0.0,
    "touchpoint_seed": 0.9,
    "touchpoint_context": 2.2,
    "touchpoint_other": 1.5,
    "touchpoint_threshold": 0.35,
    "sentiment_problem": 0.2,
    "friction_problem": 0.32,
    "friction_question": -0.5,
    "friction_sentiment": 2.5,
    "friction_bias": -0.6,
}
"""The logit of friction: the cues of problems, the sentiment, a question without a problem, and a constant."""


@dataclass
class SpokenWeights:
    """What training leaves behind.

    `table` has a row a bucket: a weight a class, then the bucket's squared idf. `bias` has a row a language,
    `tone` a row a language and tone; their columns are classes. A language's logits are multiplied by its
    `sharpness`. `words` are lists in their normal form, by kind and language.
    """

    table: NDArray[np.signedinteger[Any]]
    scale: NDArray[np.float64]
    bias: NDArray[np.float64]
    tone: NDArray[np.float64]
    sharpness: NDArray[np.float64]
    lexicon: Lexicon
    cues: Sequence[Phrase]
    words: Mapping[str, Mapping[str, Sequence[str]]]

    @classmethod
    def untrained(cls) -> SpokenWeights:
        """Two empty buckets: every logit is its bias, zero."""
        nothing = Lexicon(np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int8))
        return cls(
            table=np.zeros((2, _CLASSES + 1), dtype=np.int16),
            scale=np.zeros(_CLASSES),
            bias=np.zeros((len(LANGUAGES), _CLASSES)),
            tone=np.zeros((len(LANGUAGES), TONES, _CLASSES)),
            sharpness=np.ones(len(LANGUAGES)),
            lexicon=nothing,
            cues=[],
            words={"negations": {}, "negations_after": {}, "empty": {}},
        )

    def to_folder(self, folder: Path) -> None:
        """Write the weights as two files: arrays, and words and cues."""
        cues = [[cue.text, CUES[cue.column], cue.weight, cue.language] for cue in self.cues]
        words = {"languages": LANGUAGES, "words": self.words, "cues": cues}
        write_weights(folder, self, words, sharpness=self.sharpness)

    @classmethod
    def from_folder(cls, folder: Path) -> SpokenWeights:
        """Read what `to_folder` wrote; `ValueError` when it was written for other languages."""
        words = read_words(folder)
        if tuple(words["languages"]) != LANGUAGES:
            raise ValueError(f"{folder} holds a model for other languages; train it again with this version")
        cues = [Phrase(text, CUES.index(column), weight, of) for text, column, weight, of in words["cues"]]
        # Squared idf fits a byte like the weights: it is below 127 for less than 80,000 training rows.
        return cls(**read_arrays(folder, np.int8, "sharpness"), cues=cues, words=words["words"])
