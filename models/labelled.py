"""Labelled clauses and texts as a model sees them: hashed features, tones, and its evidence for each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch

from models.adapted import GROUPS
from models.cues import PRODUCT_KEY
from models.features import FEATURES, token_features, tone
from models.heads import FeedbackHeads, Reading
from models.own_words import MAX_SCORED_CHARACTERS
from models.scores import SENTIMENTS
from models.segments import clause_rows, segment_sums
from schemas.errors import UsageError
from schemas.label import Label


@dataclass(frozen=True)
class Seen:
    """Labelled rows as a model sees them: hashed features, tones, and the base model's evidence by group."""

    buckets: sparse.csr_matrix
    tones: NDArray[np.float64]
    evidence: dict[str, NDArray[np.float64]]

    def of(self, rows: NDArray[np.int64]) -> Seen:
        """Some of them."""
        return Seen(
            self.buckets[rows], self.tones[rows], {group: every[rows] for group, every in self.evidence.items()}
        )


def see(nlp: Language, labels: Sequence[Label]) -> Seen:
    """What the model `nlp`, without corrections, sees of the labelled clauses or of whole texts, a row a label.

    `labels` are one or more; what they say is not looked at.
    """
    heads = heads_of(nlp)
    buckets, tones = [], []
    evidence: dict[str, list[NDArray[np.float64]]] = {group: [] for group in GROUPS}
    with nlp.select_pipes(disable=["feedback_heads"]):
        texts = (_document(nlp, label) for label in labels)
        for docs, given in zip(minibatch(nlp.pipe(texts), 256), minibatch(labels, 256), strict=True):
            reading = heads.read(docs)
            counts, sums = _clause_features(heads, docs, reading)
            clauses = heads.evidence.uncorrected(reading.clauses, reading.content)
            events = heads.evidence.uncorrected(reading.events, ~reading.empty)
            counted = reading.content | reading.empty[reading.document]
            chosen = np.zeros((len(docs), len(reading.document)))
            for row, label in enumerate(given):
                mine = (reading.document == row) & counted
                place = None if label.whole_text or not mine.any() else _labelled_clause(label, reading, row)
                chosen[row] = mine if place is None else np.arange(len(mine)) == place
                for group in GROUPS:
                    evidence[group].append(events[group][row] if place is None else clauses[group][place])
            buckets.append(sparse.csr_matrix(chosen) @ counts)
            tones.append(tone((chosen @ sums).astype(np.int64)))
    return Seen(
        sparse.vstack(buckets).tocsr(),
        np.concatenate(tones),
        {group: np.array(rows) for group, rows in evidence.items()},
    )


def heads_of(nlp: Language) -> FeedbackHeads:
    """The heads of a model that can be adapted. Raises `UsageError`."""
    heads = nlp.get_pipe("feedback_heads")
    if not isinstance(heads, FeedbackHeads):
        raise UsageError(f"the model {nlp.meta['name']} was not made by `tribometer train`; name one that was")
    return heads


def targets(
    group: str, labels: Sequence[Label], touchpoints: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which labels say something of a group, and which class each names."""
    numbers = {"touchpoint": touchpoints, "sentiment": SENTIMENTS, "friction": (False, True)}[group]
    index = {value: number for number, value in enumerate(numbers)}
    said = [
        (row, index[getattr(label, group)]) for row, label in enumerate(labels) if getattr(label, group) in index
    ]
    rows, target = zip(*said, strict=True) if said else ((), ())
    return np.array(rows, dtype=np.int64), np.array(target, dtype=np.int64)


def wording(label: Label) -> str:
    """The labelled text without what copies of it differ in."""
    return " ".join(label.text.casefold().split())


def _document(nlp: Language, label: Label) -> Doc:
    doc = nlp.make_doc(label.text[:MAX_SCORED_CHARACTERS])
    if label.product is not None:
        doc.user_data[PRODUCT_KEY] = label.product.strip().casefold()
    return doc


def _labelled_clause(label: Label, reading: Reading, document: int) -> int:
    """The clause of a document that shares most characters with what was labelled."""
    starts, ends = reading.tokens.start[reading.bounds[:-1]], reading.tokens.end[reading.bounds[1:] - 1]
    shared = np.minimum(ends, label.end) - np.maximum(starts, label.start)
    return int(np.argmax(np.where(reading.document == document, shared, np.iinfo(np.int64).min)))


def _clause_features(
    heads: FeedbackHeads, docs: Sequence[Doc], reading: Reading
) -> tuple[sparse.csr_matrix, NDArray[np.int64]]:
    """How often each bucket occurs in each clause, and the clauses' polarities."""
    table, tokens = heads.weights.table, reading.tokens
    numbers, polarity = token_features(tokens, clause_rows(docs, tokens), heads.weights.lexicon, len(table))
    counts = sparse.csr_matrix(
        (np.ones(numbers.size), numbers.ravel(), reading.bounds * FEATURES),
        shape=(len(reading.document), len(table)),
    )
    counts.sum_duplicates()
    return counts, segment_sums(polarity, reading.bounds)
