"""Hashed features of tokens: what the linear heads see.

Each token gives `FEATURES` bucket numbers: its word, its stem, the pair and the triple it ends, its last letters,
and the valence its word has in the lexicon. A token within reach of a negation gives other buckets for its word,
stem and valence than it would alone: "not good" shares nothing with "good". Bucket 0 is empty on purpose.

Beside its buckets each token gives its polarity; the polarities of a text, summed, are its tone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.hashing import Hashes, join, scramble
from models.language import Kind
from models.tokens import Flags, Positions, Tokens, word_hashes

FEATURES: Final = 6
_WORD, _STEM, _PAIR, _TRIPLE, _SUFFIX, _VALENCE = range(FEATURES)

_REACH_TOKENS: Final = 4
"""A negation turns this many tokens after it, within its clause and up to a comma."""

NEGATIONS: Final = (
    *("not", "no", "never", "nobody", "nothing", "none", "nor", "neither", "without", "hardly", "barely", "lacks"),
    *("can't", "don't", "doesn't", "didn't", "won't", "isn't", "aren't", "wasn't", "weren't", "hasn't", "haven't"),
    *("hadn't", "wouldn't", "couldn't", "shouldn't", "ain't", "needn't", "mustn't", "n't"),
)
ENGLISH_NEGATIONS: Final = word_hashes(NEGATIONS)
_NEGATED: Final = 7919
_PLAIN, _TURNED = 4, -3
"""A polarity counts in quarter steps of the lexicon; a negation turns it and takes a quarter off."""
TONES: Final = 4
_GOOD, _BAD = 1, 2
_MUCH: Final = 240
"""Square of a polarity in quarter steps, near 4 steps, at which a tone is well on its way to 1."""
_NOTHING: Final = np.uint64(0)


@dataclass(frozen=True)
class Lexicon:
    """Word valences, in steps from -4 to 4; `keys` are NORM hashes, ascending."""

    keys: Hashes
    valences: NDArray[np.int8]

    def valence(self, norms: Hashes) -> NDArray[np.int8]:
        """The valence of each word, 0 where the lexicon has none."""
        if not len(self.keys):
            return np.zeros(len(norms), dtype=np.int8)
        at = np.minimum(np.searchsorted(self.keys, norms), len(self.keys) - 1)
        return np.where(self.keys[at] == norms, self.valences[at], np.int8(0))


def negated(tokens: Tokens, starts: Positions, negations: Hashes = ENGLISH_NEGATIONS) -> Flags:
    """Which tokens stand within reach of a negation, which comes before what it turns."""
    rows = np.arange(len(tokens))
    begins = np.zeros(len(tokens), dtype=bool)
    begins[starts] = True
    barrier = np.maximum.accumulate(np.where(begins | tokens.is_kind(Kind.COMMA), rows, -1))
    last = np.maximum.accumulate(np.where(np.isin(tokens.norm, negations), rows, -1))
    before = np.append(-1, last[:-1])
    result: Flags = (before >= barrier) & (before >= 0) & (rows - before <= _REACH_TOKENS)
    return result


def tone(polarity: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """`TONES` numbers in -1..1 for each row of summed polarities: good against bad, good, bad, and neither.

    >>> tone(np.array([[0, 0], [12, 0]])).round(2).tolist()
    [[0.0, 0.0, 0.0, 1.0], [0.61, 0.61, 0.0, 0.0]]
    """
    good, bad = polarity[:, 0].astype(np.float64), polarity[:, 1].astype(np.float64)
    most = np.stack([good - bad, good, bad], axis=1)
    return np.column_stack([most / np.sqrt(most**2 + _MUCH), good + bad == 0])


def ambivalence(tones: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much of both good and bad each row of `tone` has, 0..1: the lesser of the two.

    >>> ambivalence(tone(np.array([[12, 0], [12, 12]]))).round(2).tolist()
    [0.0, 0.61]
    """
    result: NDArray[np.float64] = np.minimum(tones[:, _GOOD], tones[:, _BAD])
    return result


def token_features(
    tokens: Tokens, starts: Positions, lexicon: Lexicon, count: int
) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """Bucket numbers in 0..count-1, one column a feature, and polarities, good and bad; one row a token.

    `count` is a power of two.
    """
    if not len(tokens):
        return np.empty((0, FEATURES), dtype=np.intp), np.empty((0, 2), dtype=np.int32)
    turned = negated(tokens, starts)
    valence = lexicon.valence(tokens.norm)
    return _buckets(tokens, starts, turned, valence, count), polarities(valence, turned)


def polarities(valence: NDArray[np.int8], turned: Flags) -> NDArray[np.int32]:
    """How good and how bad each token is, in quarter steps of the lexicon; two columns."""
    strength = valence.astype(np.int32) * np.where(turned, _TURNED, _PLAIN).astype(np.int32)
    return np.stack([np.maximum(strength, 0), np.maximum(-strength, 0)], axis=1)


def _buckets(
    tokens: Tokens, starts: Positions, turned: Flags, valence: NDArray[np.int8], count: int
) -> NDArray[np.intp]:
    salt = np.where(turned, np.uint64(_NEGATED), _NOTHING)
    first = np.zeros(len(tokens), dtype=bool)
    first[starts] = True
    previous = np.where(first, _NOTHING, np.append(_NOTHING, tokens.norm[:-1]))
    second = np.zeros(len(tokens), dtype=bool)
    second[1:] = first[:-1]
    before = np.where(first | second, _NOTHING, np.append([_NOTHING, _NOTHING], tokens.norm[:-2])[: len(tokens)])
    pair = join(previous, tokens.norm)
    hashes = np.stack(
        [
            scramble(tokens.norm ^ salt, _WORD),
            scramble(tokens.stem ^ salt, _STEM),
            scramble(pair, _PAIR),
            scramble(join(before, pair), _TRIPLE),
            scramble(tokens.suffix, _SUFFIX),
            scramble(valence.astype(np.int64).view(np.uint64) ^ salt, _VALENCE),
        ],
        axis=1,
    )
    # The upper bits of a scrambled hash are the best mixed; bucket 0 stays free for "no feature".
    numbers = (hashes >> np.uint64(40)) % np.uint64(count - 1) + np.uint64(1)
    result = numbers.astype(np.intp)
    result[before == _NOTHING, _TRIPLE] = 0
    result[valence == 0, _VALENCE] = 0
    result[tokens.is_kind(Kind.SPACE, Kind.LINE, Kind.PARAGRAPH)] = 0
    return result
