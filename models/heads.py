"""spaCy component: linear heads over hashed features, for every clause and for the whole text.

Weights are small integers, so that sums are exact: a score does not depend on the order or the company in which
texts are scored. A logit is  scale * (sum of weights) / sqrt(sum of squared idf) + tone . its weights + bias.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch

from models.adapted import probabilities
from models.content import EMPTY_WORDS, has_content
from models.cues import CueTable
from models.evidence import Evidence, Seen
from models.features import ENGLISH_NEGATIONS, FEATURES, ambivalence, token_features, tone
from models.records import fill, gather, spans
from models.scores import CLAUSE, EVENT
from models.segments import clause_rows, grouped_sums, segment_sums
from models.tokens import Positions, Tokens, forget_tokens
from models.weights import Weights

_POLARITY: Final = slice(-2, None)
_SQUARED_IDF: Final = -3
"""Sums of a token: a column a head, the squared idf, and two of polarity."""

EVENT_KEY: Final = "event"
MENTIONS_KEY: Final = "mentions"


@Language.factory("feedback_heads")
def create_heads(nlp: Language, name: str) -> FeedbackHeads:
    """The factory that a spaCy config names."""
    return FeedbackHeads(nlp)


class Reading(NamedTuple):
    """A batch as the model sees it. `bounds` are where clauses begin, `document` the text each of them stands in;
    `content` says which clauses tell anything, `empty` which texts have no such clause."""

    tokens: Tokens
    bounds: Positions
    document: Positions
    content: NDArray[np.bool_]
    empty: NDArray[np.bool_]
    clauses: Seen
    events: Seen


class FeedbackHeads:
    """Writes `doc.user_data["mentions"]` (one `CLAUSE` record a clause) and `["event"]` (one `EVENT` record)."""

    negations = ENGLISH_NEGATIONS
    empty_words = EMPTY_WORDS
    polarity = _POLARITY

    def __init__(self, nlp: Language, weights: Weights | None = None) -> None:
        self._nlp = nlp
        self.use(weights or Weights.untrained())

    def use(self, weights: Weights) -> None:
        """Score with these weights from now on."""
        self.weights = weights
        self.evidence = Evidence(weights)
        self._cues = CueTable(self._nlp, weights.cues, weights.products, len(weights.columns_of_cues))

    def __call__(self, doc: Doc) -> Doc:
        return next(iter(self.pipe([doc])))

    def pipe(self, stream: Iterable[Doc], batch_size: int = 256) -> Iterator[Doc]:
        """Score many documents at once; the result does not depend on `batch_size`."""
        for docs in minibatch(stream, batch_size):
            mentions, events, cuts = self._score(docs)
            for position, doc in enumerate(docs):
                doc.user_data[MENTIONS_KEY] = mentions[cuts[position] : cuts[position + 1]]
                doc.user_data[EVENT_KEY] = events[position : position + 1]
                forget_tokens(doc)
            yield from docs

    def logits(self, docs: Sequence[Doc]) -> NDArray[np.float64]:
        """The heads' logits for whole texts, one row a document and one column a head of `HEADS`."""
        tokens = Tokens.of(docs)
        sums = self._token_sums(tokens, clause_rows(docs, tokens))
        return self._logits(segment_sums(sums, tokens.document_start))

    def touchpoint_probabilities(self, docs: Sequence[Doc]) -> NDArray[np.float64]:
        """How likely each of `TOUCHPOINTS` is for whole split texts, one row a document, before the scorer abstains."""
        tokens = Tokens.of(docs)
        starts = clause_rows(docs, tokens)
        sums = segment_sums(self._token_sums(tokens, starts), tokens.document_start)
        cues = segment_sums(
            self._cues.sums(tokens, starts, docs, self.negations), np.searchsorted(starts, tokens.document_start)
        )
        return probabilities(self.evidence.touchpoint(self._logits(sums), cues, cues))

    def _score(self, docs: Sequence[Doc]) -> tuple[NDArray[Any], NDArray[Any], Positions]:
        """CLAUSE records, EVENT records, and where the clauses of each document begin and end."""
        tokens, bounds, document, content, empty, clause, event = self.read(docs)
        clauses = np.zeros(len(document), dtype=CLAUSE)
        clauses["start"], clauses["end"], spoken = spans(tokens, bounds)
        fill(clauses, clause, content, self.evidence)
        events = np.zeros(len(docs), dtype=EVENT)
        fill(events, event, ~empty, self.evidence)
        clauses, document = clauses[spoken], document[spoken]
        own = events["touchpoint"].copy(), events["touchpoint_p"].copy()
        gather(events, clauses, document, self.evidence.other)
        if self.weights.whole_texts:
            events["touchpoint"], events["touchpoint_p"] = own
        return clauses, events, np.searchsorted(document, np.arange(len(docs) + 1))

    def read(self, docs: Sequence[Doc]) -> Reading:
        """What the model sees in these split documents, before it scores them."""
        tokens = Tokens.of(docs)
        starts = clause_rows(docs, tokens)
        bounds = np.append(starts, len(tokens))
        document = np.searchsorted(tokens.document_start, starts, side="right") - 1
        sums = segment_sums(self._token_sums(tokens, starts), bounds)
        cues = self._cues.sums(tokens, starts, docs, self.negations)
        content = has_content(tokens, bounds, cues, self.empty_words)
        # What an event says is what its clauses with content say; a text of courtesies speaks for itself.
        empty = np.bincount(document, weights=content, minlength=len(docs)) == 0
        counted = np.where((content | empty[document])[:, None], sums, 0)
        event_sums = grouped_sums(counted, document, len(docs))
        event_cues = grouped_sums(np.where(content[:, None], cues, 0), document, len(docs))
        return Reading(
            tokens, bounds, document, content, empty,
            self._seen(sums, cues, event_cues[document]), self._seen(event_sums, event_cues, event_cues),
        )  # fmt: skip

    def _token_sums(self, tokens: Tokens, starts: Positions) -> NDArray[np.int32]:
        """Per token, its features' weights and squared idf summed, then its polarity; integers, exact in any order."""
        table = self.weights.table
        numbers, polarity = token_features(tokens, starts, self.weights.lexicon, len(table))
        sums = np.empty((len(tokens), table.shape[1] + polarity.shape[1]), dtype=np.int32)
        sums[:, _POLARITY] = polarity
        weights = sums[:, : table.shape[1]]
        weights[:] = table[numbers[:, 0]]
        for column in range(1, FEATURES):
            weights += table[numbers[:, column]]
        return sums

    def _seen(self, sums: NDArray[np.int64], cues: NDArray[np.int64], context: NDArray[np.int64]) -> Seen:
        return Seen(self._logits(sums), ambivalence(tone(sums[:, self.polarity])), cues, context)

    def _logits(self, sums: NDArray[np.int64]) -> NDArray[np.float64]:
        length = np.sqrt(np.maximum(sums[:, _SQUARED_IDF, None], 1).astype(np.float64))
        logits: NDArray[np.float64] = sums[:, :_SQUARED_IDF] * self.weights.scale / length + self.weights.bias
        # Term by term: a matrix product may add up in another order for another number of rows.
        for column, weights in zip(tone(sums[:, _POLARITY]).T, self.weights.tone, strict=True):
            logits += column[:, None] * weights
        return logits

    def to_disk(self, path: Path | str, exclude: Sequence[str] = ()) -> None:
        """Write the weights into a folder."""
        self.weights.to_folder(Path(path))

    def from_disk(self, path: Path | str, exclude: Sequence[str] = ()) -> FeedbackHeads:
        """Read what `to_disk` wrote; `ValueError` when it was written for other heads."""
        self.use(Weights.from_folder(Path(path)))
        return self
