"""spaCy component: sentiment, friction, touchpoint, effort and intents of texts in several languages.

The sentiment head is learned: integer weights of hashed features in one table for all languages, and of each
language's tone, as in `models.heads`. Everything else rests on cues by language. Friction is a documented rule
over the cues of problems and the sentiment (`models.spoken_weights.FRICTION_RULE`): no labels of friction exist in
these languages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from models.detection import detect
from models.features import TONES, tone
from models.heads import FeedbackHeads
from models.multilingual import LANGUAGES
from models.scores import SENTIMENTS
from models.segments import segment_sums
from models.spoken import FEATURES, FunctionWords, NGrams, spoken_features
from models.spoken_weights import FRICTION_RULE, SpokenWeights
from models.tokens import Positions, Tokens, language_salt, speak, spoken_language
from models.weights import HEADS, Weights

_CLASSES: Final = len(SENTIMENTS)
_POLARITY: Final = slice(_CLASSES + 1, _CLASSES + 3)
_SPOKEN: Final = slice(_POLARITY.stop, _POLARITY.stop + len(LANGUAGES))
"""Sums of a token: its weights by class, the squared idf, two of polarity, and which language it is in."""

_SALTS: Final = np.array([language_salt(language) for language in LANGUAGES], dtype=np.uint64)
_NO_BUCKETS: Final = np.empty(0, dtype=np.int32)


@Language.component("spoken_language")
def tell_language(doc: Doc) -> Doc:
    """Find out the language of a document of which `speak` has said nothing."""
    return doc if spoken_language(doc) else speak(doc, detect(doc.text, LANGUAGES[0]))


@Language.factory("spoken_heads")
def create_spoken_heads(nlp: Language, name: str) -> SpokenHeads:
    """The factory that a spaCy config names."""
    return SpokenHeads(nlp)


class SpokenHeads(FeedbackHeads):
    """Writes the records that `FeedbackHeads` writes."""

    polarity = _POLARITY

    def __init__(self, nlp: Language) -> None:
        super().__init__(nlp)
        self.use_spoken(SpokenWeights.untrained())

    def use_spoken(self, weights: SpokenWeights) -> None:
        """Score with these weights from now on."""
        self.spoken = weights
        self.words = FunctionWords.of(weights.words)
        self._ngrams = NGrams(self._nlp.vocab.strings, len(weights.table))
        self.negations, self.empty_words = self.words.negations, self.words.empty
        self.use(replace(Weights.untrained(), cues=weights.cues, blend=FRICTION_RULE))

    def _token_sums(self, tokens: Tokens, starts: Positions) -> NDArray[np.int32]:
        table = self.spoken.table
        numbers, polarity = spoken_features(tokens, starts, self.spoken.lexicon, self.words, len(table))
        sums = np.zeros((len(tokens), _SPOKEN.stop), dtype=np.int32)
        weights = sums[:, : _POLARITY.start]
        for column in range(FEATURES):
            weights += table[numbers[:, column]]
        words, which = self._ngrams.of(tokens)
        bounds = np.append(0, np.cumsum([len(word) for word in words], dtype=np.int64))
        runs = table[np.concatenate([_NO_BUCKETS, *words])].astype(np.int32)
        weights += segment_sums(runs, bounds).astype(np.int32)[which]
        sums[:, _POLARITY] = polarity
        sums[:, _SPOKEN] = tokens.spoken[:, None] == _SALTS
        return sums

    def _logits(self, sums: NDArray[np.int64]) -> NDArray[np.float64]:
        weights = self.spoken
        length = np.sqrt(np.maximum(sums[:, _CLASSES, None], 1).astype(np.float64))
        logits = np.zeros((len(sums), len(HEADS)))
        sentiment = logits[:, :_CLASSES]
        sentiment += sums[:, :_CLASSES] * weights.scale / length
        tones = tone(sums[:, _POLARITY])
        # Term by term: a matrix product may add up in another order for another number of rows.
        for number in range(len(LANGUAGES)):
            own = weights.bias[number] + sum(
                tones[:, column, None] * weights.tone[number, column] for column in range(TONES)
            )
            spoken = sums[:, _SPOKEN.start + number] > 0
            sentiment[spoken] = (sentiment[spoken] + own[spoken]) * weights.sharpness[number]
        return logits

    def to_disk(self, path: Path | str, exclude: Sequence[str] = ()) -> None:
        """Write the weights into a folder."""
        self.spoken.to_folder(Path(path))

    def from_disk(self, path: Path | str, exclude: Sequence[str] = ()) -> SpokenHeads:
        """Read what `to_disk` wrote; `ValueError` when it was written for other languages."""
        self.use_spoken(SpokenWeights.from_folder(Path(path)))
        return self
