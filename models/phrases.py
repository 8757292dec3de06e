"""Finds thousands of short phrases in a batch of documents at once, by the hashes of their stems."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language

from models.hashing import Hashes, join
from models.tokens import Positions, Tokens, speak

LONGEST: Final = 4
"""Tokens in a phrase."""


@dataclass(frozen=True)
class Phrase:
    """A phrase of one to four words of a language; finding it adds `weight` to `column`."""

    text: str
    column: int
    weight: int
    language: str = "en"


class PhraseTable:
    """Phrases of one vocabulary, ready to be looked up.

    Phrases that have the same stems in the same column count once, with the weight that was given last.
    """

    def __init__(self, nlp: Language, phrases: Iterable[Phrase]) -> None:
        tables: list[dict[tuple[int, int], int]] = [{} for _ in range(LONGEST)]
        phrases = list(phrases)
        # All at once: a thousand batches of one phrase would take most of the time of loading a model.
        tokens = Tokens.of([speak(nlp.make_doc(phrase.text), phrase.language) for phrase in phrases])
        for phrase, start, end in zip(phrases, tokens.document_start, tokens.document_start[1:], strict=False):
            stems = tokens.stem[start:end]
            if not 0 < len(stems) <= LONGEST:
                raise ValueError(f"the phrase {phrase.text!r} has {len(stems)} tokens; it may have 1 to {LONGEST}")
            key = stems[:1]
            for position in range(1, len(stems)):
                key = join(key, stems[position : position + 1])
            tables[len(stems) - 1][(int(key[0]), phrase.column)] = phrase.weight
        self._tables = [_sorted(table) for table in tables]

    def find(self, tokens: Tokens) -> tuple[Positions, Positions, Positions]:
        """Every occurrence: the row of its first token, its column and its weight.

        A phrase does not reach over the end of a document. Longer phrases do not hide the shorter ones in them.
        """
        ends = np.repeat(tokens.document_start[1:], np.diff(tokens.document_start))
        rows = np.arange(len(tokens))
        key = tokens.stem
        found_rows, found_columns, found_weights = [], [], []
        for length, (keys, columns, weights) in enumerate(self._tables, start=1):
            if length > 1:
                key = join(key[:-1], tokens.stem[length - 1 :])
            if not len(keys) or not len(key):
                continue
            inside = rows[: len(key)][rows[: len(key)] + length <= ends[: len(key)]]
            low = np.searchsorted(keys, key[inside], side="left")
            hit = inside[keys[np.minimum(low, len(keys) - 1)] == key[inside]]
            # The same phrase may speak for several columns; equal keys stand side by side.
            low = np.searchsorted(keys, key[hit], side="left")
            count = np.searchsorted(keys, key[hit], side="right") - low
            entry = np.repeat(low - np.cumsum(count) + count, count) + np.arange(count.sum())
            found_rows.append(np.repeat(hit, count))
            found_columns.append(columns[entry])
            found_weights.append(weights[entry])
        if not found_rows:
            nothing = np.empty(0, dtype=np.int64)
            return nothing, nothing, nothing
        return np.concatenate(found_rows), np.concatenate(found_columns), np.concatenate(found_weights)


def _sorted(table: dict[tuple[int, int], int]) -> tuple[Hashes, NDArray[np.int64], NDArray[np.int64]]:
    entries = sorted((key, column, weight) for (key, column), weight in table.items())
    keys = np.array([key for key, _, _ in entries], dtype=np.uint64)
    columns = np.array([column for _, column, _ in entries], dtype=np.int64)
    weights = np.array([weight for _, _, weight in entries], dtype=np.int64)
    return keys, columns, weights
