"""What training leaves behind for the English heads, and the folder it lies in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.adapted import GROUPS, Adapted
from models.cues import CUES
from models.features import TONES, Lexicon
from models.phrases import Phrase
from models.scores import SENTIMENTS, TOUCHPOINTS
from models.weight_files import read_arrays, read_words, write_weights

HEADS: Final = (*SENTIMENTS, "friction", *TOUCHPOINTS)

DEFAULT_BLEND: Final = {
    "touchpoint_head": 0.6,
    "touchpoint_head_sure": 1.5,
    "touchpoint_seed": 0.9,
    "touchpoint_context": 4.0,
    "touchpoint_other": 1.0,
    "touchpoint_problem": 0.2,
    "touchpoint_threshold": 0.4,
    "sentiment_problem": 0.15,
    "sentiment_ambivalence": 0.7,
    "friction_head": 0.5,
    "friction_problem": 0.32,
    "friction_question": -0.5,
    "friction_sentiment": 2.5,
    "friction_bias": -1.1,
}
"""How learned logits and the evidence of cues are weighed; chosen by hand on the development data."""


@dataclass
class Weights:
    """What training leaves behind.

    `table` has a row a bucket; its last column is the bucket's squared idf. `tone` has a row a tone, a column a head.
    """

    table: NDArray[np.int16]
    scale: NDArray[np.float64]
    bias: NDArray[np.float64]
    tone: NDArray[np.float64]
    lexicon: Lexicon
    cues: Sequence[Phrase]
    blend: Mapping[str, float] = field(default_factory=dict)
    touchpoints: tuple[str, ...] = TOUCHPOINTS
    """What a text can be about, in the order of the records' numbers; `other` is the last."""
    products: Mapping[str, Sequence[Phrase]] = field(default_factory=dict)
    """Cues that hold for texts about one product, by its name in lower case; they go before `cues`."""
    adapted: Mapping[str, Adapted] = field(default_factory=dict)
    """Corrections learned from a user's labels, by group; their columns stand in the table behind `HEADS`."""
    whole_texts: bool = False
    """Whether a text's touchpoint is told from all of it, as its labels were, and not gathered from its clauses."""

    @property
    def columns_of_cues(self) -> tuple[str, ...]:
        """What a cue can speak for: `CUES`, then the user's own touchpoints."""
        return (*CUES, *(name for name in self.touchpoints if name not in TOUCHPOINTS))

    def columns_of_group(self, group: str) -> slice:
        """Where the table holds what labels taught about a group."""
        widths = [self.adapted[name].mix.shape[1] if name in self.adapted else 0 for name in GROUPS]
        place = GROUPS.index(group)
        first = len(HEADS) + sum(widths[:place])
        return slice(first, first + widths[place])

    @classmethod
    def untrained(cls) -> Weights:
        """Two empty buckets: every logit is its bias, zero."""
        nothing = Lexicon(np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int8))
        zeros = np.zeros(len(HEADS))
        table, tones = np.zeros((2, len(HEADS) + 1), dtype=np.int16), np.zeros((TONES, len(HEADS)))
        return cls(table, zeros, zeros, tones, nothing, [], dict(DEFAULT_BLEND))

    def to_folder(self, folder: Path) -> None:
        """Write the weights as two files: arrays and cues."""
        names = self.columns_of_cues
        words: dict[str, Any] = {
            "heads": HEADS,
            "blend": dict(self.blend),
            "cues": [[cue.text, names[cue.column], cue.weight] for cue in self.cues],
        }
        if self.touchpoints != TOUCHPOINTS or self.products or self.adapted:
            words["own"] = {
                "touchpoints": self.touchpoints,
                "products": {
                    product: [[cue.text, names[cue.column], cue.weight] for cue in cues]
                    for product, cues in self.products.items()
                },
                "adapted": {
                    group: {"share": adapted.share, "mix": adapted.mix.tolist()}
                    for group, adapted in self.adapted.items()
                },
                "whole_texts": self.whole_texts,
            }
        write_weights(folder, self, words)

    @classmethod
    def from_folder(cls, folder: Path) -> Weights:
        """Read what `to_folder` wrote; `ValueError` when it was written for other heads."""
        words = read_words(folder)
        if tuple(words["heads"]) != HEADS or words["blend"].keys() != DEFAULT_BLEND.keys():
            raise ValueError(f"{folder} holds a model for other heads; train it again with this version")
        own = words.get("own", {})
        weights = cls(
            **read_arrays(folder, np.int16),
            cues=[],
            blend=words["blend"],
            touchpoints=tuple(own.get("touchpoints", TOUCHPOINTS)),
            adapted={
                group: Adapted(stored["share"], np.array(stored["mix"], dtype=np.float64))
                for group, stored in own.get("adapted", {}).items()
            },
            whole_texts=own.get("whole_texts", False),
        )
        column = {name: number for number, name in enumerate(weights.columns_of_cues)}

        def phrases(stored: Iterable[Sequence[Any]]) -> list[Phrase]:
            return [Phrase(text, column[name], weight) for text, name, weight in stored]

        products = {product: phrases(stored) for product, stored in own.get("products", {}).items()}
        return replace(weights, cues=phrases(words["cues"]), products=products)
