"""Splits a text into clauses: sentences, cut again where a contrast begins.

"Love the design, but checkout is broken" says two things about two touchpoints. A clause is the unit that gets a
touchpoint, a sentiment and a friction probability of its own.

A clause begins
- after the end of a sentence, a semicolon or an empty line;
- after a line break, unless the next line goes on in lower case (hard-wrapped mail);
- at a word of contrast (`CONTRAST`), when at least two words stand before it and two after it in its sentence;
- after the first comma of a sentence that opens with a concession (`CONCESSION`): "Although I like it, it
  crashes".

The words of contrast and concession are English unless the config of the pipeline names those of other languages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import minibatch

from models.language import Kind
from models.tokens import Flags, Hashes, Positions, Tokens, remember_tokens, spoken_hashes

CONTRAST: Final = (
    "but",
    "however",
    "although",
    "though",
    "whereas",
    "yet",
    "nevertheless",
    "except",
    "unfortunately",
)
CONCESSION: Final = ("although", "though", "while", "despite")

_STARTS: Final = "clause_starts"
_LEAST_WORDS: Final = 2


@dataclass(frozen=True)
class Joints:
    """NORM hashes of the words that join two clauses."""

    contrast: Hashes
    concession: Hashes


def clause_starts(tokens: Tokens, joints: Joints) -> Positions:
    """Rows of `tokens` at which a clause begins, ascending; every document with a token begins one."""
    word = tokens.is_kind(Kind.UPPER, Kind.LOWER)
    words = np.flatnonzero(word)
    first_rows = tokens.document_start[:-1][np.diff(tokens.document_start) > 0]
    if not len(words):
        return first_rows
    hard = _after_a_break(tokens, words)
    soft = _at_a_contrast(tokens, words, hard, joints.contrast)
    starts = words[hard | soft]
    concessions = _after_a_concession(tokens, words, words[hard], joints.concession)
    rows = np.unique(np.concatenate([starts, concessions]))
    # A bracket, quote or bullet directly before the first word belongs to the clause it opens.
    rows = rows - (tokens.is_kind(Kind.OPEN)[rows - 1] & ~np.isin(rows, first_rows))
    # Whatever stands before the first word of a document belongs to its first clause.
    document = np.searchsorted(tokens.document_start, rows, side="right") - 1
    first = np.append(True, document[1:] != document[:-1])
    rows[first] = tokens.document_start[document[first]]
    return np.union1d(rows, first_rows)


def _after_a_break(tokens: Tokens, words: Positions) -> Flags:
    """Which words are the first after the end of a sentence, a paragraph or a line, or of their document."""
    closes = np.cumsum(tokens.is_kind(Kind.END, Kind.SEMICOLON, Kind.PARAGRAPH))
    lines = np.cumsum(tokens.is_kind(Kind.LINE))
    capital = tokens.is_kind(Kind.UPPER)[words[1:]] | tokens.is_kind(Kind.OPEN)[words[1:] - 1]
    document = np.searchsorted(tokens.document_start, words, side="right")
    broken = (
        (closes[words[1:]] > closes[words[:-1]])
        | ((lines[words[1:]] > lines[words[:-1]]) & capital)
        | (document[1:] != document[:-1])
    )
    return np.concatenate([[True], broken])


def _at_a_contrast(tokens: Tokens, words: Positions, hard: Flags, contrast: Hashes) -> Flags:
    """Which words open a contrast with enough of their sentence on either side."""
    order = np.arange(len(words))
    since = order - np.maximum.accumulate(np.where(hard, order, 0))
    next_hard = np.append(np.flatnonzero(hard), len(words))
    left = next_hard[np.searchsorted(next_hard, order, side="right")] - order
    found = np.isin(tokens.norm[words], contrast)
    return found & (since >= _LEAST_WORDS) & (left > _LEAST_WORDS)


def _after_a_concession(tokens: Tokens, words: Positions, starts: Positions, concession: Hashes) -> Positions:
    """First words after the comma that ends a concession standing at the start of a sentence."""
    commas = np.flatnonzero(tokens.is_kind(Kind.COMMA))
    opening = np.isin(tokens.norm[starts], concession)
    if not len(commas) or not opening.any():
        return np.empty(0, dtype=np.int64)
    ends = np.append(starts[1:], len(tokens))[opening]
    at = np.searchsorted(commas, starts[opening])
    comma = np.append(commas, len(tokens))[at]
    following = np.append(words, len(tokens))[np.searchsorted(words, np.minimum(comma, len(tokens)))]
    result: Positions = following[(comma < ends) & (following < ends)]
    return result


@Language.factory(
    "clauses", default_config={"contrast": {"en": list(CONTRAST)}, "concession": {"en": list(CONCESSION)}}
)
def create_clauses(
    nlp: Language, name: str, contrast: Mapping[str, Sequence[str]], concession: Mapping[str, Sequence[str]]
) -> ClauseSplitter:
    """The factory that a spaCy config names; the words are in their normal form, by language."""
    return ClauseSplitter(Joints(spoken_hashes(contrast), spoken_hashes(concession)))


class ClauseSplitter:
    """spaCy component: notes where the clauses of a document begin; `doc._.clauses` are their spans."""

    def __init__(self, joints: Joints) -> None:
        self.joints = joints

    def __call__(self, doc: Doc) -> Doc:
        return next(iter(self.pipe([doc])))

    def pipe(self, stream: Iterable[Doc], batch_size: int = 256) -> Iterator[Doc]:
        """Split many documents at once; the result does not depend on `batch_size`."""
        for docs in minibatch(stream, batch_size):
            for doc in docs:
                remember_tokens(doc)
            tokens = Tokens.of(docs)
            starts = clause_starts(tokens, self.joints)
            cuts = np.searchsorted(starts, tokens.document_start)
            for position, doc in enumerate(docs):
                own = starts[cuts[position] : cuts[position + 1]]
                doc.user_data[_STARTS] = own - tokens.document_start[position]
            yield from docs


def starts_of(doc: Doc) -> Positions:
    """Token positions at which the clauses of a split document begin."""
    starts: Positions = doc.user_data[_STARTS]
    return starts


def _clauses(doc: Doc) -> list[Span]:
    bounds: list[Any] = [*starts_of(doc).tolist(), len(doc)]
    return [doc[start:end] for start, end in pairwise(bounds)]


if not Doc.has_extension("clauses"):
    Doc.set_extension("clauses", getter=_clauses)
