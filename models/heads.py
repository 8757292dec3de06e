"""spaCy component: linear heads over hashed features, for every clause and for the whole text.

Weights are small integers, so that sums are exact: a score does not depend on the order or the company in which
texts are scored. A logit is  scale * (sum of weights) / sqrt(sum of squared idf) + bias.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch

from models.clauses import starts_of
from models.features import FEATURES, Lexicon, buckets, negated
from models.language import Kind
from models.phrases import Phrase, PhraseTable
from models.scores import CLAUSE, EVENT, INTENTS, SENTIMENTS
from models.tokens import Positions, Tokens, word_hashes
from schemas.touchpoint import OTHER, Touchpoint

HEADS: Final = (*SENTIMENTS, "friction", *(touchpoint.value for touchpoint in Touchpoint), OTHER)
TOUCHPOINTS: Final = (*(touchpoint.value for touchpoint in Touchpoint), OTHER)
CUES: Final = (*(touchpoint.value for touchpoint in Touchpoint), "effort", "problem", *INTENTS)

_SENTIMENT: Final = slice(0, len(SENTIMENTS))
_FRICTION: Final = len(SENTIMENTS)
_TOUCHPOINT: Final = slice(_FRICTION + 1, len(HEADS))
_SEED: Final = slice(0, len(Touchpoint))
_EFFORT: Final = CUES.index("effort")
_PROBLEM: Final = CUES.index("problem")
_INTENT: Final = {intent: CUES.index(intent) for intent in INTENTS}
_MOST_EVIDENCE: Final = 12.0

EVENT_KEY: Final = "event"
MENTIONS_KEY: Final = "mentions"

_EMPTY_WORDS: Final = word_hashes(
    """a an the this that these those i me my we us our you your he she it its they them their and or so if then
    of to in on at by for with from as is am are was were be been being do does did have has had will would can could
    should may might just very really too also there here hi hello hey dear greetings good morning afternoon evening
    day thanks thank thx ty cheers regards best kind sincerely please pls ok okay yes yeah yep bye welcome all
    everyone team guys folks sir madam firefox mozilla help need someone anyone in advance much again any""".split()
)
"""Words that alone say nothing about a product: a clause of them is no mention of anything."""


@dataclass
class Weights:
    """What training leaves behind. `table` has a row a bucket; its last column is the squared idf of the bucket."""

    table: NDArray[np.int16]
    scale: NDArray[np.float64]
    bias: NDArray[np.float64]
    lexicon: Lexicon
    cues: Sequence[Phrase]
    blend: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def untrained(cls) -> Weights:
        """Two empty buckets: every logit is its bias, zero."""
        nothing = Lexicon(np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int8))
        zeros = np.zeros(len(HEADS))
        return cls(np.zeros((2, len(HEADS) + 1), dtype=np.int16), zeros, zeros, nothing, [], dict(DEFAULT_BLEND))


DEFAULT_BLEND: Final = {
    "touchpoint_head": 0.35,
    "touchpoint_seed": 0.9,
    "touchpoint_other": 2.2,
    "friction_problem": 0.25,
    "touchpoint_threshold": 0.35,
}
"""How learned logits and seed evidence are weighed; fitted in models/train.py where labels allow it."""


@Language.factory("feedback_heads")
def create_heads(nlp: Language, name: str) -> FeedbackHeads:
    """The factory that a spaCy config names."""
    return FeedbackHeads(nlp)


class FeedbackHeads:
    """Writes `doc.user_data["mentions"]` (one `CLAUSE` record a clause) and `["event"]` (one `EVENT` record)."""

    def __init__(self, nlp: Language, weights: Weights | None = None) -> None:
        self._nlp = nlp
        self.use(weights or Weights.untrained())

    def use(self, weights: Weights) -> None:
        """Score with these weights from now on."""
        self.weights = weights
        self._phrases = PhraseTable(self._nlp, weights.cues)

    def __call__(self, doc: Doc) -> Doc:
        return next(iter(self.pipe([doc])))

    def pipe(self, stream: Iterable[Doc], batch_size: int = 256) -> Iterator[Doc]:
        """Score many documents at once; the result does not depend on `batch_size`."""
        for docs in minibatch(stream, batch_size):
            mentions, events, cuts = self._score(docs)
            for position, doc in enumerate(docs):
                doc.user_data[MENTIONS_KEY] = mentions[cuts[position] : cuts[position + 1]]
                doc.user_data[EVENT_KEY] = events[position : position + 1]
            yield from docs

    def logits(self, docs: Sequence[Doc]) -> NDArray[np.float64]:
        """The heads' logits for whole texts, one row a document and one column a head of `HEADS`."""
        tokens = Tokens.of(docs)
        sums = self._token_sums(tokens, _starts(docs, tokens))
        return self._logits(_segment_sums(sums, tokens.document_start))

    def _score(self, docs: Sequence[Doc]) -> tuple[NDArray[Any], NDArray[Any], Positions]:
        tokens = Tokens.of(docs)
        starts = _starts(docs, tokens)
        sums = self._token_sums(tokens, starts)
        bounds = np.append(starts, len(tokens))
        clause_document = np.searchsorted(tokens.document_start, starts, side="right") - 1
        cues = self._cue_sums(tokens, starts)
        visible = np.flatnonzero(~tokens.is_kind(Kind.SPACE, Kind.LINE, Kind.PARAGRAPH))
        spoken = _spoken(tokens, visible, bounds)

        clauses = np.zeros(len(starts), dtype=CLAUSE)
        first = (
            visible[np.minimum(np.searchsorted(visible, bounds[:-1]), max(len(visible) - 1, 0))]
            if len(visible)
            else starts
        )
        last = visible[np.searchsorted(visible, bounds[1:]) - 1] if len(visible) else starts
        clauses["start"] = tokens.start[first]
        clauses["end"] = tokens.end[last]
        content = _any(tokens.is_kind(Kind.UPPER, Kind.LOWER) & ~np.isin(tokens.norm, _EMPTY_WORDS), bounds)
        self._fill(clauses, self._logits(_segment_sums(sums, bounds)), cues, content)

        events = np.zeros(len(docs), dtype=EVENT)
        document_cues = np.zeros((len(docs), len(CUES)), dtype=np.int64)
        np.add.at(document_cues, clause_document, cues)
        self._fill(
            events,
            self._logits(_segment_sums(sums, tokens.document_start)),
            document_cues,
            np.ones(len(docs), bool),
        )
        keep = spoken
        clauses, clause_document = clauses[keep], clause_document[keep]
        _gather(events, clauses, clause_document)
        return clauses, events, np.searchsorted(clause_document, np.arange(len(docs) + 1))

    def _token_sums(self, tokens: Tokens, starts: Positions) -> NDArray[np.int64]:
        """Per token, the sum of the weights of its features; integers, exact in any order."""
        table = self.weights.table
        numbers = buckets(tokens, starts, self.weights.lexicon, len(table))
        sums = table[numbers[:, 0]].astype(np.int32)
        for column in range(1, FEATURES):
            sums += table[numbers[:, column]]
        return sums

    def _logits(self, sums: NDArray[np.int64]) -> NDArray[np.float64]:
        length = np.sqrt(np.maximum(sums[:, -1:], 1).astype(np.float64))
        logits: NDArray[np.float64] = sums[:, :-1] * self.weights.scale / length + self.weights.bias
        return logits

    def _cue_sums(self, tokens: Tokens, starts: Positions) -> NDArray[np.int64]:
        """Per clause, the summed weights of the cues found in it; negated effort counts the other way round."""
        rows, columns, weights = self._phrases.find(tokens)
        flipped = negated(tokens, starts)[rows] & (columns == _EFFORT)
        signed = np.where(flipped, -weights, weights)
        clause = np.searchsorted(starts, rows, side="right") - 1
        total = np.bincount(
            clause * len(CUES) + columns, weights=signed.astype(np.float64), minlength=len(starts) * len(CUES)
        )
        return total.astype(np.int64).reshape(len(starts), len(CUES))

    def _fill(
        self,
        records: NDArray[Any],
        logits: NDArray[np.float64],
        cues: NDArray[np.int64],
        content: NDArray[np.bool_],
    ) -> None:
        blend = self.weights.blend
        sentiment = _softmax(logits[:, _SENTIMENT])
        records["sentiment_p"] = np.round(sentiment, 4)

        problem = np.minimum(cues[:, _PROBLEM], _MOST_EVIDENCE)
        friction = 1 / (1 + np.exp(-(logits[:, _FRICTION] + blend["friction_problem"] * problem)))
        records["friction_p"] = np.round(np.where(content, friction, 0.02), 4)

        seeds = np.minimum(cues[:, _SEED], _MOST_EVIDENCE)
        evidence = blend["touchpoint_head"] * logits[:, _TOUCHPOINT]
        evidence[:, :-1] += blend["touchpoint_seed"] * seeds
        evidence[:, -1] += blend["touchpoint_other"]
        touchpoint = _softmax(evidence)
        best = np.argmax(touchpoint, axis=1)
        p = touchpoint[np.arange(len(best)), best]
        unsure = (best != len(Touchpoint)) & (p < blend["touchpoint_threshold"])
        best = np.where(unsure | ~content, len(Touchpoint), best)
        records["touchpoint"] = best
        records["touchpoint_p"] = np.round(touchpoint[np.arange(len(best)), best], 4)

        records["has_effort"] = cues[:, _EFFORT] != 0
        records["effort"] = np.clip(cues[:, _EFFORT], -5, 5)
        records["content"] = content
        bits = np.zeros(len(records), dtype=np.uint16)
        for number, intent in enumerate(INTENTS):
            bits |= (cues[:, _INTENT[intent]] > 0).astype(np.uint16) << number
        label = np.argmax(sentiment, axis=1)
        bits |= (content & (records["friction_p"] >= 0.5) & (label == 0)).astype(np.uint16) << INTENTS.index(
            "complaint"
        )
        bits |= (content & (sentiment[:, 2] >= 0.6)).astype(np.uint16) << INTENTS.index("praise")
        records["intents"] = bits

    def to_disk(self, path: Path | str, exclude: Sequence[str] = ()) -> None:
        """Write the weights as two files: arrays and cues."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        weights = self.weights
        np.savez_compressed(
            folder / "weights.npz",
            table=weights.table[:, :-1].astype(np.int8),
            squared_idf=weights.table[:, -1],
            scale=weights.scale,
            bias=weights.bias,
            lexicon_keys=weights.lexicon.keys,
            lexicon_valences=weights.lexicon.valences,
        )
        cues = [[cue.text, CUES[cue.column], cue.weight] for cue in weights.cues]
        content = {"heads": HEADS, "blend": dict(weights.blend), "cues": cues}
        (folder / "cues.json").write_text(json.dumps(content, ensure_ascii=False, indent=0), encoding="utf-8")

    def from_disk(self, path: Path | str, exclude: Sequence[str] = ()) -> FeedbackHeads:
        """Read what `to_disk` wrote; `ValueError` when it was written for other heads."""
        folder = Path(path)
        content = json.loads((folder / "cues.json").read_text(encoding="utf-8"))
        if tuple(content["heads"]) != HEADS:
            raise ValueError(f"{folder} holds a model for other heads; train it again with this version")
        with np.load(folder / "weights.npz", allow_pickle=False) as arrays:
            table = np.concatenate([arrays["table"].astype(np.int16), arrays["squared_idf"][:, None]], axis=1)
            lexicon = Lexicon(arrays["lexicon_keys"], arrays["lexicon_valences"])
            scale, bias = arrays["scale"], arrays["bias"]
        cues = [Phrase(text, CUES.index(column), weight) for text, column, weight in content["cues"]]
        self.use(Weights(np.ascontiguousarray(table), scale, bias, lexicon, cues, content["blend"]))
        return self


def _gather(events: NDArray[Any], clauses: NDArray[Any], document: Positions) -> None:
    """Let an event say what its clauses say: its touchpoint, friction and intents are theirs."""
    # An event is about the touchpoint its clauses speak of most surely, each weighed by the friction it carries.
    weight = np.zeros((len(events), len(TOUCHPOINTS)))
    named = clauses["touchpoint"] != len(Touchpoint)
    np.add.at(
        weight,
        (document[named], clauses["touchpoint"][named]),
        (clauses["touchpoint_p"] * (0.25 + clauses["friction_p"]))[named].astype(np.float64),
    )
    best = np.argmax(weight, axis=1)
    some = weight.max(axis=1, initial=0) > 0
    strongest = np.zeros((len(events), len(TOUCHPOINTS)), dtype=np.float32)
    np.maximum.at(strongest, (document, clauses["touchpoint"]), clauses["touchpoint_p"])
    events["touchpoint"] = np.where(some, best, len(Touchpoint))
    events["touchpoint_p"] = strongest[np.arange(len(events)), events["touchpoint"]]
    friction = np.zeros(len(events), dtype=np.float32)
    np.maximum.at(friction, document, clauses["friction_p"])
    events["friction_p"] = np.round((events["friction_p"] + friction) / 2, 4)
    intents = np.zeros(len(events), dtype=np.uint16)
    np.bitwise_or.at(intents, document, clauses["intents"])
    events["intents"] = intents


def _starts(docs: Sequence[Doc], tokens: Tokens) -> Positions:
    parts = [starts_of(doc) + begin for doc, begin in zip(docs, tokens.document_start[:-1].tolist(), strict=True)]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)


def _segment_sums(values: NDArray[Any], bounds: Positions) -> NDArray[np.int64]:
    """Sums of the rows between consecutive bounds; an empty segment sums to zero."""
    totals = np.zeros((len(bounds) - 1, values.shape[1]), dtype=np.int64)
    filled = np.flatnonzero(np.diff(bounds) > 0)
    if len(filled):
        totals[filled] = np.add.reduceat(values, bounds[filled], axis=0)
    return totals


def _any(flags: NDArray[np.bool_], bounds: Positions) -> NDArray[np.bool_]:
    counts = np.append(0, np.cumsum(flags))
    result: NDArray[np.bool_] = counts[bounds[1:]] > counts[bounds[:-1]]
    return result


def _spoken(tokens: Tokens, visible: Positions, bounds: Positions) -> NDArray[np.bool_]:
    flags = np.zeros(len(tokens), dtype=bool)
    flags[visible] = True
    return _any(flags, bounds)


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return result
