"""Hashed features of tokens in several languages: what the multilingual head sees.

Like `models.features`, with what five languages have in common: each token gives its word, its stem, its root, the
pair it ends and the valence of its stem; and the runs of letters within its word (`NGrams`), because these
languages inflect and compound, and there is little to learn from. A negation turns what follows it, and in the
languages where it may also follow what it denies ("funktioniert nicht", "ne marche pas") what precedes it. Bucket
0 is empty on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from spacy.strings import StringStore, get_string_id

from models.features import Lexicon, negated, polarities
from models.hashing import Hashes, join, scramble
from models.language import Kind
from models.tokens import Flags, Positions, Tokens, spoken_hashes

FEATURES: Final = 5
_WORD, _STEM, _ROOT, _PAIR, _VALENCE = range(FEATURES)

_SHORTEST, _LONGEST = 2, 5
"""Letters in a run; the ends of a word count as letters."""
_LONGEST_WORD: Final = 30
_NGRAM: Final = FEATURES
_WORDS_KEPT: Final = 10_000
_REACH_BACK_TOKENS: Final = 3
_NEGATED: Final = np.uint64(7919)
_NOTHING: Final = np.uint64(0)


@dataclass(frozen=True)
class FunctionWords:
    """NORM hashes of words that do something to others: turn what follows, turn what precedes, or say nothing."""

    negations: Hashes
    negations_after: Hashes
    empty: Hashes

    @classmethod
    def of(cls, words: Mapping[str, Mapping[str, Sequence[str]]]) -> FunctionWords:
        """From lists in their normal form, by kind and language."""
        return cls(*(spoken_hashes(words[kind]) for kind in ("negations", "negations_after", "empty")))


def spoken_features(
    tokens: Tokens, starts: Positions, lexicon: Lexicon, words: FunctionWords, count: int
) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """Bucket numbers in 0..count-1, one column a feature, and polarities, good and bad; one row a token.

    `lexicon` holds STEM hashes; `count` is a power of two.
    """
    if not len(tokens):
        return np.empty((0, FEATURES), dtype=np.intp), np.empty((0, 2), dtype=np.int32)
    turned = negated(tokens, starts, words.negations) | _turned_back(tokens, starts, words.negations_after)
    valence = lexicon.valence(tokens.stem)
    salt = np.where(turned, _NEGATED, _NOTHING)
    previous = np.append(_NOTHING, tokens.norm[:-1])
    previous[starts] = _NOTHING
    hashes = np.stack(
        [
            scramble(tokens.norm ^ salt, _WORD),
            scramble(tokens.stem ^ salt, _STEM),
            scramble(tokens.suffix, _ROOT),
            scramble(join(previous, tokens.norm), _PAIR),
            scramble(valence.astype(np.int64).view(np.uint64) ^ salt, _VALENCE),
        ],
        axis=1,
    )
    numbers = buckets(hashes, count)
    numbers[valence == 0, _VALENCE] = 0
    numbers[tokens.is_kind(Kind.SPACE, Kind.LINE, Kind.PARAGRAPH)] = 0
    return numbers, polarities(valence, turned)


class NGrams:
    """The buckets of the runs of letters of words, remembered by word."""

    def __init__(self, strings: StringStore, count: int) -> None:
        self._strings = strings
        self._count = count
        self._known: dict[int, NDArray[np.int32]] = {}

    def of(self, tokens: Tokens) -> tuple[list[NDArray[np.int32]], Positions]:
        """The buckets of each different word of these tokens, and which of them each token is.

        What is no word has none.
        """
        words, first, which = np.unique(tokens.norm, return_index=True, return_inverse=True)
        word = tokens.is_kind(Kind.UPPER, Kind.LOWER)[first]
        if len(self._known) > _WORDS_KEPT:
            self._known.clear()
        keys = words.tolist()
        self._learn(keys, tokens.spoken[first].tolist(), word.tolist())
        return [self._known[key] for key in keys], which

    def _learn(self, keys: Sequence[int], salts: Sequence[int], are_words: Sequence[bool]) -> None:
        """Remember those of these words that are new, all at once."""
        new = [
            (key, salt, self._runs(self._strings[key ^ salt]) if counts else [])
            for key, salt, counts in zip(keys, salts, are_words, strict=True)
            if key not in self._known
        ]
        lengths = [len(runs) for _, _, runs in new]
        hashes = np.array([run for _, _, runs in new for run in runs], dtype=np.uint64)
        salted = hashes ^ np.repeat(np.array([salt for _, salt, _ in new], dtype=np.uint64), lengths)
        parts = np.split(buckets(scramble(salted, _NGRAM), self._count).astype(np.int32), np.cumsum(lengths)[:-1])
        self._known.update((key, part) for (key, _, _), part in zip(new, parts, strict=bool(new)))

    @staticmethod
    def _runs(word: str) -> list[int]:
        letters = f"<{word[:_LONGEST_WORD]}>"
        return [
            get_string_id(letters[start : start + length])
            for length in range(_SHORTEST, _LONGEST + 1)
            for start in range(len(letters) - length + 1)
        ]


def buckets(hashes: Hashes, count: int) -> NDArray[np.intp]:
    """Numbers in 1..count-1; the upper bits of a scrambled hash are the best mixed."""
    result: NDArray[np.intp] = ((hashes >> np.uint64(40)) % np.uint64(count - 1) + np.uint64(1)).astype(np.intp)
    return result


def _turned_back(tokens: Tokens, starts: Positions, negations: Hashes) -> Flags:
    """Which tokens stand shortly before a negation that follows what it denies, in the same clause."""
    rows = np.arange(len(tokens))
    begins = np.zeros(len(tokens), dtype=bool)
    begins[starts] = True
    barrier = np.maximum.accumulate(np.where(begins | tokens.is_kind(Kind.COMMA), rows, -1))
    found = np.where(np.isin(tokens.norm, negations), rows, len(tokens) + _REACH_BACK_TOKENS + 1)
    following = np.append(np.minimum.accumulate(found[::-1])[::-1][1:], len(tokens) + _REACH_BACK_TOKENS + 1)
    near = following - rows <= _REACH_BACK_TOKENS
    result: Flags = near & (barrier[np.minimum(following, len(tokens) - 1)] <= rows)
    return result
