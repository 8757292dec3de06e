"""What a mention is about, as terms: its content words in a normal form, each once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.function_words import function_words

TERMS_VERSION: Final = 1
"""Of the rules below: a theme is found by the terms of the version it was made with."""

_WORD: Final = re.compile(r"[^\W_]+(?:['’.][^\W_]+)*")
_PLACEHOLDER: Final = re.compile(r"\[[A-Z_]+\]|https?://\S+")
_SHORTEST: Final = 2
_LONGEST: Final = 30

Ids = NDArray[np.int64]


def words(text: str) -> Iterator[str]:
    """The words of a text in lower case, in order, without addresses and the placeholders of personal data."""
    return (found.group().replace("’", "'") for found in _WORD.finditer(_PLACEHOLDER.sub(" ", text).lower()))


def term(word: str) -> str | None:
    """The term of a word: without a plural s; None for a function word, a single letter and endless strings."""
    if not _SHORTEST <= len(word) <= _LONGEST or word in function_words():
        return None
    word = word.removesuffix("'s")
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def terms(text: str) -> tuple[str, ...]:
    """The terms of a text, each once, in order of appearance."""
    return tuple(dict.fromkeys(found for word in words(text) if (found := term(word)) is not None))


@dataclass
class Vocabulary:
    """Numbers for terms, in order of appearance."""

    _ids: dict[str, int]

    @classmethod
    def empty(cls) -> Vocabulary:
        return cls({})

    def __len__(self) -> int:
        return len(self._ids)

    def number(self, found: str) -> int:
        """The number of a term, a new one for a new term."""
        return self._ids.setdefault(found, len(self._ids))

    def known(self, found: str) -> int | None:
        """The number of a term; None for one that no text had."""
        return self._ids.get(found)

    def names(self) -> list[str]:
        """The terms by their numbers."""
        return list(self._ids)


@dataclass(frozen=True)
class Bags:
    """The terms of many texts, flat: those of text t are `ids[starts[t] : starts[t + 1]]`, each once."""

    ids: Ids
    starts: Ids
    vocabulary: Vocabulary

    @classmethod
    def of(cls, texts: Iterable[str], vocabulary: Vocabulary | None = None) -> Bags:
        """The bags of texts; new terms enter the vocabulary."""
        numbers = Vocabulary.empty() if vocabulary is None else vocabulary
        rows = [[numbers.number(found) for found in terms(text)] for text in texts]
        starts = np.zeros(len(rows) + 1, np.int64)
        np.cumsum([len(row) for row in rows], out=starts[1:])
        flat = np.fromiter((one for row in rows for one in row), np.int64, count=int(starts[-1]))
        return cls(flat, starts, numbers)

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def owners(self) -> Ids:
        """The text of each entry of `ids`."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def take(self, rows: Ids | Sequence[int]) -> Bags:
        """The bags of these texts, in this order."""
        pieces = [self.ids[self.starts[row] : self.starts[row + 1]] for row in rows]
        starts = np.zeros(len(pieces) + 1, np.int64)
        np.cumsum([len(piece) for piece in pieces], out=starts[1:])
        return Bags(np.concatenate([np.empty(0, np.int64), *pieces]), starts, self.vocabulary)

    def weigh(self, weights: dict[str, float]) -> NDArray[np.float64]:
        """For each text the sum of the weights of its terms."""
        dense = np.zeros(len(self.vocabulary) + 1)
        for name, weight in weights.items():
            number = self.vocabulary.known(name)
            if number is not None:
                dense[number] = weight
        sums = np.concatenate([[0.0], np.cumsum(dense[self.ids])])
        return np.asarray(sums[self.starts[1:]] - sums[self.starts[:-1]])
