"""Texts as the linear heads see them while they learn: the same buckets and tones as in scoring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import spacy
from numpy.typing import NDArray
from scipy import sparse
from spacy.util import minibatch

from models.features import FEATURES, Lexicon, token_features, tone
from models.language import LANGUAGE
from models.segments import clause_rows, segment_sums
from models.tokens import Tokens
from models.training.recipe import recipe

_AT_ONCE = 1_000
_SAID_EVERY = 20_000


@dataclass(frozen=True)
class Matrix:
    """`buckets` and `tones` have a row a text, those of `buckets` of length one; `squared_idf` has one a bucket."""

    buckets: sparse.csr_matrix
    tones: NDArray[np.float64]
    squared_idf: NDArray[np.int16]

    def with_tones(self, rows: NDArray[np.int64]) -> sparse.csr_matrix:
        """Some rows, their tones behind their buckets."""
        return sparse.csr_matrix(sparse.hstack([self.buckets[rows], self.tones[rows]]), dtype=np.float64)


def matrix(texts: Sequence[str], lexicon: Lexicon, say: Callable[[str], None]) -> Matrix:
    """Count the features of texts and weigh them by how rare they are among these texts."""
    settings = recipe().features
    nlp = spacy.blank(LANGUAGE)
    nlp.add_pipe("clauses")
    indices: list[NDArray[np.intp]] = []
    lengths: list[NDArray[np.int64]] = []
    tones: list[NDArray[np.float64]] = []
    for number, docs in enumerate(minibatch(nlp.pipe(texts), _AT_ONCE)):
        if number * _AT_ONCE % _SAID_EVERY == 0:
            say(f"reading texts: {number * _AT_ONCE:,} of {len(texts):,}")
        tokens = Tokens.of(docs)
        numbers, polarity = token_features(tokens, clause_rows(docs, tokens), lexicon, settings.buckets)
        indices.append(numbers.ravel())
        lengths.append(np.diff(tokens.document_start) * FEATURES)
        tones.append(tone(segment_sums(polarity, tokens.document_start)))
    pointers = np.append(0, np.cumsum(np.concatenate(lengths)))
    flat = np.concatenate(indices)
    counts = sparse.csr_matrix((np.ones(len(flat)), flat, pointers), shape=(len(texts), settings.buckets))
    counts.sum_duplicates()
    squared = _squared_idf(counts, settings.least_documents)
    # The length that scoring will see: squared idf is rounded there, and repeats add up.
    length = np.sqrt(np.maximum(counts @ squared.astype(np.float64), 1))
    weighed = sparse.diags(1 / length) @ counts @ sparse.diags(np.sqrt(squared.astype(np.float64)))
    return Matrix(sparse.csr_matrix(weighed, dtype=np.float32), np.concatenate(tones), squared)


def _squared_idf(counts: sparse.csr_matrix, least_documents: int) -> NDArray[np.int16]:
    texts, buckets = counts.shape
    frequency = np.bincount(counts.indices, minlength=buckets)
    idf = np.log((1 + texts) / (1 + frequency)) + 1
    idf[frequency < least_documents] = 0
    idf[0] = 0
    rounded: NDArray[np.int16] = np.round(idf**2).astype(np.int16)
    return rounded
