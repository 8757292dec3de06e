"""spaCy component: linear heads over hashed features, for every clause and for the whole text.

Weights are small integers, so that sums are exact: a score does not depend on the order or the company in which
texts are scored. A logit is  scale * (sum of weights) / sqrt(sum of squared idf) + tone . its weights + bias.
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
from models.features import ENGLISH_NEGATIONS, FEATURES, TONES, Lexicon, negated, token_features, tone
from models.language import Kind
from models.phrases import Phrase, PhraseTable
from models.scores import CLAUSE, EVENT, INTENTS, SENTIMENTS
from models.tokens import Hashes, Positions, Tokens, forget_tokens, word_hashes
from schemas.touchpoint import OTHER, Touchpoint

HEADS: Final = (*SENTIMENTS, "friction", *(touchpoint.value for touchpoint in Touchpoint), OTHER)
TOUCHPOINTS: Final = (*(touchpoint.value for touchpoint in Touchpoint), OTHER)
CUES: Final = (*(touchpoint.value for touchpoint in Touchpoint), "effort", "problem", "courtesy", *INTENTS)

_SUMS: Final = len(HEADS) + 3
_POLARITY: Final = slice(len(HEADS) + 1, _SUMS)
"""Sums of a token: a column a head, the squared idf, and two of polarity."""
_SENTIMENT: Final = slice(0, len(SENTIMENTS))
_FRICTION: Final = len(SENTIMENTS)
_TOUCHPOINT: Final = slice(_FRICTION + 1, len(HEADS))
_SEED: Final = slice(0, len(Touchpoint))
_EFFORT: Final = CUES.index("effort")
_PROBLEM: Final = CUES.index("problem")
_RELIABILITY: Final = TOUCHPOINTS.index(Touchpoint.RELIABILITY)
_OF_PROBLEMS: Final = (_PROBLEM, CUES.index("bug"))
_COURTESY: Final = CUES.index("courtesy")
_INTENT: Final = {intent: CUES.index(intent) for intent in INTENTS}
_MOST_EVIDENCE: Final = 12
_TELLING_PROBLEM: Final = 5
"""Cue weight at which a problem has been told; more of it does not make it worse."""
_MISERY: Final = np.array([1.0, 0.0, -0.5])
_MOST_CONTEXT: Final = 30
_SOME_CONTEXT: Final = 4
"""Cue weight below which a text does not say what it is about."""
_MOST_EFFORT: Final = 5
_NO_FRICTION: Final = 0.02
"""Friction of a clause that says nothing about a product."""
_PRAISE: Final = 0.6
_COMPLAINT: Final = 0.5
_COURTEOUS: Final = 3
_FEW_WORDS: Final = 5

EVENT_KEY: Final = "event"
MENTIONS_KEY: Final = "mentions"

_EMPTY_WORDS: Final = word_hashes(
    (
        *("a", "an", "the", "this", "that", "these", "those", "i", "me", "my", "we", "us", "our", "you"),
        *("your", "he", "she", "it", "its", "they", "them", "their", "and", "or", "so", "if", "then", "of"),
        *("to", "in", "on", "at", "by", "for", "with", "from", "as", "is", "am", "are", "was", "were", "be"),
        *("been", "being", "do", "does", "did", "have", "has", "had", "will", "would", "can", "could"),
        *("should", "may", "might", "just", "very", "really", "too", "also", "there", "here", "hi", "hello"),
        *("hey", "dear", "greetings", "good", "morning", "afternoon", "evening", "day", "thanks", "thank"),
        *("thx", "ty", "cheers", "regards", "best", "kind", "sincerely", "please", "pls", "ok", "okay"),
        *("yes", "yeah", "yep", "bye", "welcome", "all", "everyone", "team", "guys", "folks", "sir", "madam"),
        *("firefox", "mozilla", "help", "need", "someone", "anyone", "in", "advance", "much", "again", "any"),
    )
)
"""Words that alone say nothing about a product: a clause of them is no mention of anything."""


@dataclass
class Weights:
    """What training leaves behind.

    `table` has a row a bucket; its last column is the bucket's squared idf. `tone` has a row a tone, a column a head.
    """

    table: NDArray[np.int16]
    scale: NDArray[np.float64]
    bias: NDArray[np.float64]
    tone: NDArray[np.float64]
    lexicon: Lexicon
    cues: Sequence[Phrase]
    blend: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def untrained(cls) -> Weights:
        """Two empty buckets: every logit is its bias, zero."""
        nothing = Lexicon(np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int8))
        zeros = np.zeros(len(HEADS))
        table, tones = np.zeros((2, len(HEADS) + 1), dtype=np.int16), np.zeros((TONES, len(HEADS)))
        return cls(table, zeros, zeros, tones, nothing, [], dict(DEFAULT_BLEND))


DEFAULT_BLEND: Final = {
    "touchpoint_head": 0.6,
    "touchpoint_seed": 0.9,
    "touchpoint_context": 4.0,
    "touchpoint_other": 1.5,
    "touchpoint_problem": 0.2,
    "touchpoint_threshold": 0.45,
    "sentiment_problem": 0.2,
    "friction_problem": 0.32,
    "friction_question": -0.5,
    "friction_sentiment": 1.5,
    "friction_bias": -0.85,
}
"""How learned logits and the evidence of cues are weighed; chosen by hand on the development data."""


@Language.factory("feedback_heads")
def create_heads(nlp: Language, name: str) -> FeedbackHeads:
    """The factory that a spaCy config names."""
    return FeedbackHeads(nlp)


class FeedbackHeads:
    """Writes `doc.user_data["mentions"]` (one `CLAUSE` record a clause) and `["event"]` (one `EVENT` record)."""

    negations = ENGLISH_NEGATIONS
    empty_words = _EMPTY_WORDS

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
        cues = segment_sums(self._cue_sums(tokens, starts), np.searchsorted(starts, tokens.document_start))
        return self._touchpoint_p(self._logits(sums), cues, cues)

    def _score(self, docs: Sequence[Doc]) -> tuple[NDArray[Any], NDArray[Any], Positions]:
        """CLAUSE records, EVENT records, and where the clauses of each document begin and end."""
        tokens = Tokens.of(docs)
        starts = clause_rows(docs, tokens)
        bounds = np.append(starts, len(tokens))
        document = np.searchsorted(tokens.document_start, starts, side="right") - 1
        sums = segment_sums(self._token_sums(tokens, starts), bounds)
        cues = self._cue_sums(tokens, starts)
        content = _has_content(tokens, bounds, cues, self.empty_words)
        # What an event says is what its clauses with content say; a text of courtesies speaks for itself.
        empty = np.bincount(document, weights=content, minlength=len(docs)) == 0
        counted = np.where((content | empty[document])[:, None], sums, 0)
        event_sums = _grouped(counted, document, len(docs))
        event_cues = _grouped(np.where(content[:, None], cues, 0), document, len(docs))

        clauses = np.zeros(len(starts), dtype=CLAUSE)
        clauses["start"], clauses["end"], spoken = _spans(tokens, bounds)
        self._fill(clauses, self._logits(sums), cues, event_cues[document], content)
        events = np.zeros(len(docs), dtype=EVENT)
        self._fill(events, self._logits(event_sums), event_cues, event_cues, ~empty)
        clauses, document = clauses[spoken], document[spoken]
        _gather(events, clauses, document)
        return clauses, events, np.searchsorted(document, np.arange(len(docs) + 1))

    def _token_sums(self, tokens: Tokens, starts: Positions) -> NDArray[np.int32]:
        """Per token, its features' weights and squared idf summed, then its polarity; integers, exact in any order."""
        table = self.weights.table
        numbers, polarity = token_features(tokens, starts, self.weights.lexicon, len(table))
        sums = np.empty((len(tokens), _SUMS), dtype=np.int32)
        sums[:, _POLARITY] = polarity
        weights = sums[:, : _POLARITY.start]
        weights[:] = table[numbers[:, 0]]
        for column in range(1, FEATURES):
            weights += table[numbers[:, column]]
        return sums

    def _logits(self, sums: NDArray[np.int64]) -> NDArray[np.float64]:
        length = np.sqrt(np.maximum(sums[:, len(HEADS), None], 1).astype(np.float64))
        logits: NDArray[np.float64] = sums[:, : len(HEADS)] * self.weights.scale / length + self.weights.bias
        # Term by term: a matrix product may add up in another order for another number of rows.
        for column, weights in zip(tone(sums[:, _POLARITY]).T, self.weights.tone, strict=True):
            logits += column[:, None] * weights
        return logits

    def _cue_sums(self, tokens: Tokens, starts: Positions) -> NDArray[np.int64]:
        """Per clause, the summed weights of the cues found in it.

        Under a negation effort counts the other way round, and what would be a problem is none.
        """
        rows, columns, weights = self._phrases.find(tokens)
        turned = negated(tokens, starts, self.negations)[rows]
        signed = np.where(turned & (columns == _EFFORT), -weights, weights)
        signed[turned & np.isin(columns, _OF_PROBLEMS) & (weights > 0)] = 0
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
        context: NDArray[np.int64],
        content: NDArray[np.bool_],
    ) -> None:
        """Turn logits and cues into scores. `context` are the cues of the whole text a clause stands in."""
        # Whoever tells of a problem is not happy about it, also in words that no one would call negative; whoever says
        # that there is none, or no more than a courtesy, is not sad.
        told = np.where(
            content, np.clip(cues[:, _PROBLEM], -_TELLING_PROBLEM, _TELLING_PROBLEM), -_TELLING_PROBLEM
        )
        misery = self.weights.blend["sentiment_problem"] * told[:, None] * _MISERY
        sentiment = _softmax(logits[:, _SENTIMENT] + misery)
        friction = self._friction(logits, sentiment, cues)
        touchpoint, p = self._touchpoint(logits, cues, context)
        records["sentiment_p"] = np.round(sentiment, 4)
        records["friction_p"] = np.round(np.where(content, friction, _NO_FRICTION), 4)
        records["touchpoint"] = np.where(content, touchpoint, len(Touchpoint))
        records["touchpoint_p"] = np.round(np.where(content, p, 1.0), 4)
        records["has_effort"] = content & (cues[:, _EFFORT] != 0)
        records["effort"] = np.clip(cues[:, _EFFORT], -_MOST_EFFORT, _MOST_EFFORT)
        records["intents"] = _intents(sentiment, records["friction_p"], cues, content)

    def _friction(
        self, logits: NDArray[np.float64], sentiment: NDArray[np.float64], cues: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        blend = self.weights.blend
        evidence = (
            logits[:, _FRICTION]
            + blend["friction_problem"] * np.minimum(cues[:, _PROBLEM], _MOST_EVIDENCE)
            + blend["friction_sentiment"] * (sentiment[:, 0] - sentiment[:, 2])
            + blend["friction_question"] * ((cues[:, _INTENT["question"]] > 0) & (cues[:, _PROBLEM] <= 0))
            + blend["friction_bias"]
        )
        result: NDArray[np.float64] = 1 / (1 + np.exp(-evidence))
        return result

    def _touchpoint(
        self, logits: NDArray[np.float64], cues: NDArray[np.int64], context: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The likeliest touchpoint of each record, or `other`, and its probability."""
        probabilities = self._touchpoint_p(logits, cues, context)
        best = np.argmax(probabilities, axis=1)
        rows = np.arange(len(best))
        unsure = probabilities[rows, best] < self.weights.blend["touchpoint_threshold"]
        return np.where(unsure, len(Touchpoint), best), probabilities[rows, best]

    def _touchpoint_p(
        self, logits: NDArray[np.float64], cues: NDArray[np.int64], context: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """The probability of each of `TOUCHPOINTS`, a row a record.

        A clause without words of its own for a touchpoint ("it drives me mad") is about what its text is about,
        when that is clear. A problem told without naming where it struck is most often one of reliability.
        """
        blend = self.weights.blend
        evidence = blend["touchpoint_head"] * logits[:, _TOUCHPOINT]
        around = np.minimum(context[:, _SEED], _MOST_CONTEXT)
        share = around / (around.sum(axis=1, keepdims=True) + _SOME_CONTEXT)
        evidence[:, :-1] += blend["touchpoint_seed"] * np.minimum(cues[:, _SEED], _MOST_EVIDENCE)
        evidence[:, :-1] += blend["touchpoint_context"] * share
        evidence[:, _RELIABILITY] += blend["touchpoint_problem"] * np.clip(cues[:, _PROBLEM], 0, _TELLING_PROBLEM)
        evidence[:, -1] += blend["touchpoint_other"]
        return _softmax(evidence)

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
            tone=weights.tone,
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
            scale, bias, tones = arrays["scale"], arrays["bias"], arrays["tone"]
        cues = [Phrase(text, CUES.index(column), weight) for text, column, weight in content["cues"]]
        self.use(Weights(np.ascontiguousarray(table), scale, bias, tones, lexicon, cues, content["blend"]))
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


def _grouped(values: NDArray[np.int64], group: Positions, groups: int) -> NDArray[np.int64]:
    """Sums of the rows of each group; `group` ascends."""
    return segment_sums(values, np.searchsorted(group, np.arange(groups + 1)))


def _counts(flags: NDArray[np.bool_], bounds: Positions) -> Positions:
    total = np.append(0, np.cumsum(flags))
    result: Positions = total[bounds[1:]] - total[bounds[:-1]]
    return result


def _has_content(
    tokens: Tokens, bounds: Positions, cues: NDArray[np.int64], empty_words: Hashes
) -> NDArray[np.bool_]:
    """Which clauses say anything beyond courtesies."""
    word = tokens.is_kind(Kind.UPPER, Kind.LOWER)
    telling = _counts(word & ~np.isin(tokens.norm, empty_words), bounds) > 0
    courtesy = cues[:, _COURTESY]
    polite = (courtesy >= _COURTEOUS) | ((courtesy > 0) & (_counts(word, bounds) <= _FEW_WORDS))
    result: NDArray[np.bool_] = telling & ~(polite & (cues[:, _PROBLEM] == 0))
    return result


def _spans(tokens: Tokens, bounds: Positions) -> tuple[Positions, Positions, NDArray[np.bool_]]:
    """First and last character of each segment without the white space around it, and whether anything is left."""
    visible = np.flatnonzero(~tokens.is_kind(Kind.SPACE, Kind.LINE, Kind.PARAGRAPH))
    first, after = np.searchsorted(visible, bounds[:-1]), np.searchsorted(visible, bounds[1:])
    spoken = after > first
    start, end = np.zeros(len(spoken), dtype=np.int64), np.zeros(len(spoken), dtype=np.int64)
    start[spoken] = tokens.start[visible[first[spoken]]]
    end[spoken] = tokens.end[visible[after[spoken] - 1]]
    return start, end, spoken


def _intents(
    sentiment: NDArray[np.float64],
    friction: NDArray[np.float32],
    cues: NDArray[np.int64],
    content: NDArray[np.bool_],
) -> NDArray[np.uint16]:
    """Bits of `INTENTS`: what cues say, a complaint where friction is told in anger, praise where all is good."""
    found = {intent: cues[:, column] > 0 for intent, column in _INTENT.items()}
    found["complaint"] |= (friction >= _COMPLAINT) & (np.argmax(sentiment, axis=1) == 0)
    found["praise"] |= (sentiment[:, 2] >= _PRAISE) & (friction < _COMPLAINT)
    bits = np.zeros(len(content), dtype=np.uint16)
    for number, intent in enumerate(INTENTS):
        bits |= (found[intent] & content).astype(np.uint16) << number
    return bits


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return result
