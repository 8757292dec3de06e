"""What the model is told and does not learn: the lexicon of valences, cues, and the seed phrases of touchpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from ruamel.yaml import YAML

from models.cues import CUES
from models.features import Lexicon
from models.language import norm
from models.phrases import Phrase
from models.tokens import word_hashes
from schemas.taxonomy import load_taxonomy

_MODELS: Final = Path(__file__).parents[1]
_CUES: Final = _MODELS / "cues.yaml"
_VALENCES: Final = _MODELS / "valences.yaml"
_STRONG, _FAIR, _WEAK = 3, 2, 1


def lexicon() -> Lexicon:
    """VADER's lexicon, and over it the words of valences.yaml, in whole steps away from zero."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    valences = {
        norm(word): value for word, value in SentimentIntensityAnalyzer().lexicon.items() if " " not in word
    }
    for value, words in YAML(typ="safe").load(_VALENCES.read_text(encoding="utf-8")).items():
        valences |= {norm(str(word)): value for word in words}
    steps = {word: int(np.sign(value) * np.ceil(abs(value))) for word, value in valences.items()}
    keys = word_hashes(list(steps))
    order = np.argsort(keys)
    return Lexicon(keys[order], np.array(list(steps.values()), dtype=np.int8)[order])


def cues() -> list[Phrase]:
    """The seed phrases of the taxonomy, then cues.yaml."""
    phrases = []
    for touchpoint, definition in load_taxonomy().items():
        column = CUES.index(touchpoint.value)
        phrases += [Phrase(text, column, _WEAK) for text in definition.seeds.weak]
        phrases += [Phrase(text, column, _FAIR) for text in definition.seeds.fair]
        phrases += [Phrase(text, column, _STRONG) for text in definition.seeds.strong]
    for group, by_weight in YAML(typ="safe").load(_CUES.read_text(encoding="utf-8")).items():
        column = CUES.index(group)
        phrases += [Phrase(text, column, weight) for weight, texts in by_weight.items() for text in texts]
    return phrases
