"""Sums over the rows of a batch that belong together: the tokens of a clause, the clauses of a document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc

from models.clauses import starts_of
from models.tokens import Positions, Tokens


def clause_rows(docs: Sequence[Doc], tokens: Tokens) -> Positions:
    """Rows of `tokens` at which the clauses of these split documents begin."""
    parts = [starts_of(doc) + begin for doc, begin in zip(docs, tokens.document_start[:-1].tolist(), strict=True)]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)


def segment_sums(values: NDArray[Any], bounds: Positions) -> NDArray[np.int64]:
    """Sums of the rows between consecutive bounds; an empty segment sums to zero."""
    totals = np.zeros((len(bounds) - 1, values.shape[1]), dtype=np.int64)
    filled = np.flatnonzero(np.diff(bounds) > 0)
    if len(filled):
        totals[filled] = np.add.reduceat(values, bounds[filled], axis=0)
    return totals


def grouped_sums(values: NDArray[np.int64], group: Positions, groups: int) -> NDArray[np.int64]:
    """Sums of the rows of each group; `group` ascends."""
    return segment_sums(values, np.searchsorted(group, np.arange(groups + 1)))


def counts(flags: NDArray[np.bool_], bounds: Positions) -> Positions:
    """How many of the flags between consecutive bounds are set."""
    total = np.append(0, np.cumsum(flags))
    result: Positions = total[bounds[1:]] - total[bounds[:-1]]
    return result
