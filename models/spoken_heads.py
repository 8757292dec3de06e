"""spaCy component: sentiment, friction, touchpoint, effort and intents of texts in several languages.

The sentiment head is learned: integer weights of hashed features in one table for all languages, and of each
language's tone, as in `models.heads`. Everything else rests on cues by language. Friction is a documented rule
over the cues of problems and the sentiment (`FRICTION_RULE`): no labels of friction exist in these languages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from models.detection import detect
from models.features import TONES, Lexicon, tone
from models.heads import CUES, DEFAULT_BLEND, HEADS, FeedbackHeads, Weights, segment_sums
from models.multilingual import LANGUAGES
from models.phrases import Phrase
from models.scores import SENTIMENTS
from models.spoken import FEATURES, FunctionWords, NGrams, spoken_features
from models.tokens import Positions, Tokens, language_salt, speak, spoken_language

_CLASSES: Final = len(SENTIMENTS)
_POLARITY: Final = slice(_CLASSES + 1, _CLASSES + 3)
_SPOKEN: Final = slice(_POLARITY.stop, _POLARITY.stop + len(LANGUAGES))
"""Sums of a token: its weights by class, the squared idf, two of polarity, and which language it is in."""

_SALTS: Final = np.array([language_salt(language) for language in LANGUAGES], dtype=np.uint64)
_NO_BUCKETS: Final = np.empty(0, dtype=np.int32)

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
        """Write the weights as two files: arrays, and words and cues."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        weights = self.spoken
        np.savez_compressed(
            folder / "weights.npz",
            table=weights.table[:, :-1].astype(np.int8),
            squared_idf=weights.table[:, -1],
            scale=weights.scale,
            bias=weights.bias,
            tone=weights.tone,
            sharpness=weights.sharpness,
            lexicon_keys=weights.lexicon.keys,
            lexicon_valences=weights.lexicon.valences,
        )
        cues = [[cue.text, CUES[cue.column], cue.weight, cue.language] for cue in weights.cues]
        content: dict[str, Any] = {"languages": LANGUAGES, "words": weights.words, "cues": cues}
        (folder / "cues.json").write_text(json.dumps(content, ensure_ascii=False, indent=0), encoding="utf-8")

    def from_disk(self, path: Path | str, exclude: Sequence[str] = ()) -> SpokenHeads:
        """Read what `to_disk` wrote; `ValueError` when it was written for other languages."""
        folder = Path(path)
        content = json.loads((folder / "cues.json").read_text(encoding="utf-8"))
        if tuple(content["languages"]) != LANGUAGES:
            raise ValueError(f"{folder} holds a model for other languages; train it again with this version")
        with np.load(folder / "weights.npz", allow_pickle=False) as arrays:
            # Both fit a byte: squared idf is below 127 for less than 80,000 training rows.
            table = np.column_stack([arrays["table"], arrays["squared_idf"].astype(np.int8)])
            lexicon = Lexicon(arrays["lexicon_keys"], arrays["lexicon_valences"])
            scale, bias, tones, sharpness = (arrays[name] for name in ("scale", "bias", "tone", "sharpness"))
        cues = [Phrase(text, CUES.index(column), weight, of) for text, column, weight, of in content["cues"]]
        self.use_spoken(SpokenWeights(table, scale, bias, tones, sharpness, lexicon, cues, content["words"]))
        return self
