"""Which mentions are worth a person's label: those a model is unsure of, and different from one another.

Of the most uncertain (least confidence, Lewis and Gale 1994) some are drawn one after the other, each with a
probability that grows with the square of how unsure the model is of it and of its distance from those drawn before: the
seeding of k-means++ (Arthur and Vassilvitskii 2007), by which Ash et al. (2020) keep a batch from asking the same thing
many times.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_POOL: Final = 10
"""Mentions considered for each that is drawn."""
_DIMENSIONS: Final = 256
_WORD: Final = re.compile(r"\w+")


def uncertain(texts: Sequence[str], p: NDArray[np.float64], count: int, seed: int) -> list[int]:
    """Numbers of `count` texts, fewer where there are no more, in the order they were drawn.

    `p` is the probability that a model gives to its own answer, a number a text. Deterministic for a seed; equal texts
    are drawn once.
    """
    first: dict[str, int] = {}
    for number in np.argsort(p, kind="stable").tolist():
        first.setdefault(" ".join(_WORD.findall(texts[number].lower())), number)
    pool = np.array(list(first.values())[: _POOL * count], dtype=np.int64)
    if len(pool) <= count:
        return [int(number) for number in pool]
    vectors = _hashed_words([texts[number] for number in pool])
    doubt = np.maximum(1 - p[pool], 1e-6)
    random = np.random.default_rng(seed)
    distance = np.ones(len(pool))
    drawn: list[int] = []
    for _ in range(count):
        weight = doubt**2 * distance
        if not weight.any():
            weight = np.where(np.isin(np.arange(len(pool)), drawn), 0.0, doubt)
        pick = int(random.choice(len(pool), p=weight / weight.sum()))
        drawn.append(pick)
        distance = np.minimum(distance, np.maximum(1 - vectors @ vectors[pick], 0.0))
        distance[drawn] = 0.0
    return [int(pool[place]) for place in drawn]


def _hashed_words(texts: Sequence[str]) -> NDArray[np.float64]:
    """A vector of length one a text, of its words' hashes (feature hashing, Weinberger et al. 2009)."""
    vectors = np.zeros((len(texts), _DIMENSIONS))
    for vector, text in zip(vectors, texts, strict=True):
        for word in _WORD.findall(text.lower()):
            digest = zlib.crc32(word.encode())
            vector[digest % _DIMENSIONS] += 1 if digest >> 31 else -1
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    result: NDArray[np.float64] = vectors / np.maximum(length, 1e-12)
    return result
