"""spaCy component: linear heads over hashed features, for every clause and for the whole text.

Weights are small integers, so that sums are exact: a score does not depend on the order or the company in which
texts are scored. A logit is  scale * (sum of weights) / sqrt(sum of squared idf) + tone . its weights + bias.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch

from models.adapted import GROUPS, Adapted, probabilities
from models.clauses import starts_of
from models.features import ENGLISH_NEGATIONS, FEATURES, TONES, Lexicon, ambivalence, negated, token_features, tone
from models.language import Kind
from models.phrases import Phrase, PhraseTable
from models.scores import CLAUSE, EVENT, INTENTS, SENTIMENTS
from models.tokens import Hashes, Positions, Tokens, forget_tokens, word_hashes
from schemas.touchpoint import OTHER, Touchpoint

HEADS: Final = (*SENTIMENTS, "friction", *(touchpoint.value for touchpoint in Touchpoint), OTHER)
TOUCHPOINTS: Final = (*(touchpoint.value for touchpoint in Touchpoint), OTHER)
CUES: Final = (*(touchpoint.value for touchpoint in Touchpoint), "effort", "problem", "courtesy", *INTENTS)

_POLARITY: Final = slice(-2, None)
_SQUARED_IDF: Final = -3
"""Sums of a token: a column a head, the squared idf, and two of polarity."""
_SENTIMENT: Final = slice(0, len(SENTIMENTS))
_FRICTION: Final = len(SENTIMENTS)
_TOUCHPOINT: Final = slice(_FRICTION + 1, len(HEADS))
_SEED: Final = slice(0, len(Touchpoint))
_NOWHERE: Final = -1
_EFFORT: Final = CUES.index("effort")
_PROBLEM: Final = CUES.index("problem")
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
_OF_WHOLE: Final = 0.7
"""Share of the whole text in an event's friction; the rest is that of its worst clause."""
_SURE: Final = 4
"""Power of a head's largest probability: high enough that only a head which knows a domain speaks up."""
_COURTEOUS: Final = 3
_FEW_WORDS: Final = 5

PRODUCT_KEY: Final = "product"
"""Under which a document carries the product it is about, in lower case, for cues of products."""
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
    touchpoints: tuple[str, ...] = TOUCHPOINTS
    """What a text can be about, in the order of the records' numbers; `other` is the last."""
    products: Mapping[str, Sequence[Phrase]] = field(default_factory=dict)
    """Cues that hold for texts about one product, by its name in lower case; they go before `cues`."""
    adapted: Mapping[str, Adapted] = field(default_factory=dict)
    """Corrections learned from a user's labels, by group; their columns stand in the table behind `HEADS`."""
    whole_texts: bool = False
    """Whether a text's touchpoint is told from all of it, as its labels were, and not gathered from its clauses."""

    @property
    def columns_of_cues(self) -> tuple[str, ...]:
        """What a cue can speak for: `CUES`, then the user's own touchpoints."""
        return (*CUES, *(name for name in self.touchpoints if name not in TOUCHPOINTS))

    def columns_of_group(self, group: str) -> slice:
        """Where the table holds what labels taught about a group."""
        widths = [self.adapted[name].mix.shape[1] if name in self.adapted else 0 for name in GROUPS]
        place = GROUPS.index(group)
        first = len(HEADS) + sum(widths[:place])
        return slice(first, first + widths[place])

    @classmethod
    def untrained(cls) -> Weights:
        """Two empty buckets: every logit is its bias, zero."""
        nothing = Lexicon(np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int8))
        zeros = np.zeros(len(HEADS))
        table, tones = np.zeros((2, len(HEADS) + 1), dtype=np.int16), np.zeros((TONES, len(HEADS)))
        return cls(table, zeros, zeros, tones, nothing, [], dict(DEFAULT_BLEND))


DEFAULT_BLEND: Final = {
    "touchpoint_head": 0.6,
    "touchpoint_head_sure": 1.5,
    "touchpoint_seed": 0.9,
    "touchpoint_context": 4.0,
    "touchpoint_other": 1.0,
    "touchpoint_problem": 0.2,
    "touchpoint_threshold": 0.4,
    "sentiment_problem": 0.15,
    "sentiment_ambivalence": 0.7,
    "friction_head": 0.5,
    "friction_problem": 0.32,
    "friction_question": -0.5,
    "friction_sentiment": 2.5,
    "friction_bias": -0.85,
}
"""How learned logits and the evidence of cues are weighed; chosen by hand on the development data."""


@Language.factory("feedback_heads")
def create_heads(nlp: Language, name: str) -> FeedbackHeads:
    """The factory that a spaCy config names."""
    return FeedbackHeads(nlp)


class Seen(NamedTuple):
    """Of each clause or text: the heads' logits, how much of both praise and blame is in it (0..1), the sums of its
    cues, and those of the whole text it stands in."""

    logits: NDArray[np.float64]
    ambivalence: NDArray[np.float64]
    cues: NDArray[np.int64]
    context: NDArray[np.int64]


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
    empty_words = _EMPTY_WORDS
    polarity = _POLARITY

    def __init__(self, nlp: Language, weights: Weights | None = None) -> None:
        self._nlp = nlp
        self.use(weights or Weights.untrained())

    def use(self, weights: Weights) -> None:
        """Score with these weights from now on."""
        self.weights = weights
        self._phrases = PhraseTable(self._nlp, weights.cues)
        self._of_products = {
            name: PhraseTable(self._nlp, [*weights.cues, *cues]) for name, cues in weights.products.items()
        }
        self._other = len(weights.touchpoints) - 1
        reliability = Touchpoint.RELIABILITY.value
        self._reliability = [weights.touchpoints.index(reliability)] if reliability in weights.touchpoints else []
        self._cues = len(weights.columns_of_cues)
        named = weights.touchpoints[:-1]
        shipped = weights.touchpoints == TOUCHPOINTS
        self._seed = _SEED if shipped else np.array([weights.columns_of_cues.index(name) for name in named])
        self._head = _TOUCHPOINT if shipped else _head_columns(weights.touchpoints)

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
        cues = segment_sums(self._cue_sums(tokens, starts, docs), np.searchsorted(starts, tokens.document_start))
        return probabilities(self._touchpoint(self._logits(sums), cues, cues))

    def _score(self, docs: Sequence[Doc]) -> tuple[NDArray[Any], NDArray[Any], Positions]:
        """CLAUSE records, EVENT records, and where the clauses of each document begin and end."""
        tokens, bounds, document, content, empty, clause, event = self.read(docs)
        clauses = np.zeros(len(document), dtype=CLAUSE)
        clauses["start"], clauses["end"], spoken = _spans(tokens, bounds)
        self._fill(clauses, clause, content)
        events = np.zeros(len(docs), dtype=EVENT)
        self._fill(events, event, ~empty)
        clauses, document = clauses[spoken], document[spoken]
        own = events["touchpoint"].copy(), events["touchpoint_p"].copy()
        _gather(events, clauses, document, self._other)
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
        cues = self._cue_sums(tokens, starts, docs)
        content = _has_content(tokens, bounds, cues, self.empty_words)
        # What an event says is what its clauses with content say; a text of courtesies speaks for itself.
        empty = np.bincount(document, weights=content, minlength=len(docs)) == 0
        counted = np.where((content | empty[document])[:, None], sums, 0)
        event_sums = _grouped(counted, document, len(docs))
        event_cues = _grouped(np.where(content[:, None], cues, 0), document, len(docs))
        return Reading(
            tokens, bounds, document, content, empty,
            Seen(self._logits(sums), self._ambivalence(sums), cues, event_cues[document]),
            Seen(self._logits(event_sums), self._ambivalence(event_sums), event_cues, event_cues),
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

    def _logits(self, sums: NDArray[np.int64]) -> NDArray[np.float64]:
        length = np.sqrt(np.maximum(sums[:, _SQUARED_IDF, None], 1).astype(np.float64))
        logits: NDArray[np.float64] = sums[:, :_SQUARED_IDF] * self.weights.scale / length + self.weights.bias
        # Term by term: a matrix product may add up in another order for another number of rows.
        for column, weights in zip(tone(sums[:, _POLARITY]).T, self.weights.tone, strict=True):
            logits += column[:, None] * weights
        return logits

    def _ambivalence(self, sums: NDArray[np.int64]) -> NDArray[np.float64]:
        return ambivalence(tone(sums[:, self.polarity]))

    def _cue_sums(self, tokens: Tokens, starts: Positions, docs: Sequence[Doc]) -> NDArray[np.int64]:
        """Per clause, the summed weights of the cues found in it.

        Under a negation effort counts the other way round, and what would be a problem is none.
        """
        rows, columns, weights = self._found(tokens, docs)
        turned = negated(tokens, starts, self.negations)[rows]
        signed = np.where(turned & (columns == _EFFORT), -weights, weights)
        signed[turned & np.isin(columns, _OF_PROBLEMS) & (weights > 0)] = 0
        clause = np.searchsorted(starts, rows, side="right") - 1
        total = np.bincount(
            clause * self._cues + columns, weights=signed.astype(np.float64), minlength=len(starts) * self._cues
        )
        return total.astype(np.int64).reshape(len(starts), self._cues)

    def _found(self, tokens: Tokens, docs: Sequence[Doc]) -> tuple[Positions, Positions, Positions]:
        """Rows, columns and weights of the cues that hold for each document's product."""
        products = [doc.user_data.get(PRODUCT_KEY) for doc in docs] if self._of_products else []
        own = sorted({product for product in products if product in self._of_products})
        if not own:
            return self._phrases.find(tokens)
        which = np.array([own.index(product) + 1 if product in own else 0 for product in products])
        of_row = np.repeat(which, np.diff(tokens.document_start))
        found = []
        for number, table in enumerate([self._phrases, *(self._of_products[product] for product in own)]):
            rows, columns, weights = table.find(tokens)
            kept = of_row[rows] == number
            found.append((rows[kept], columns[kept], weights[kept]))
        rows, columns, weights = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return rows, columns, weights

    def evidence(self, seen: Seen, content: NDArray[np.bool_]) -> dict[str, NDArray[np.float64]]:
        """Of each group of `GROUPS` the evidence for its classes, a column a class, before any correction."""
        logits, both, cues, context = seen
        # Whoever tells of a problem is not happy about it, also in words that no one would call negative; whoever says
        # that there is none, or no more than a courtesy, is not sad.
        told = np.where(
            content, np.clip(cues[:, _PROBLEM], -_TELLING_PROBLEM, _TELLING_PROBLEM), -_TELLING_PROBLEM
        )
        misery = self.weights.blend["sentiment_problem"] * told[:, None] * _MISERY
        # Who praises and blames at once can be read either way.
        sharpness = 1 / (1 + self.weights.blend["sentiment_ambivalence"] * both)
        sentiment = sharpness[:, None] * (logits[:, _SENTIMENT] + misery)
        friction = self._friction(logits, probabilities(sentiment), cues)
        return {
            "touchpoint": self._touchpoint(logits, cues, context),
            "sentiment": sentiment,
            "friction": friction[:, None],
        }

    def _fill(self, records: NDArray[Any], seen: Seen, content: NDArray[np.bool_]) -> None:
        """Turn logits and cues into scores."""
        evidence = self.evidence(seen, content)
        for group, adapted in self.weights.adapted.items():
            columns = seen.logits[:, self.weights.columns_of_group(group)]
            evidence[group] = adapted.apply(evidence[group], columns)
        sentiment, friction = probabilities(evidence["sentiment"]), probabilities(evidence["friction"])[:, 0]
        touchpoint, p = self._named(evidence["touchpoint"])
        records["sentiment_p"] = np.round(sentiment, 4)
        records["friction_p"] = np.round(np.where(content, friction, _NO_FRICTION), 4)
        records["touchpoint"] = np.where(content, touchpoint, self._other)
        records["touchpoint_p"] = np.round(np.where(content, p, 1.0), 4)
        effort = seen.cues[:, _EFFORT]
        records["has_effort"] = content & (effort != 0)
        records["effort"] = np.clip(effort, -_MOST_EFFORT, _MOST_EFFORT)
        records["intents"] = _intents(sentiment, records["friction_p"], seen.cues, content)

    def _friction(
        self, logits: NDArray[np.float64], sentiment: NDArray[np.float64], cues: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        blend = self.weights.blend
        evidence: NDArray[np.float64] = (
            blend["friction_head"] * logits[:, _FRICTION]
            + blend["friction_problem"] * np.minimum(cues[:, _PROBLEM], _MOST_EVIDENCE)
            + blend["friction_sentiment"] * (sentiment[:, 0] - sentiment[:, 2])
            + blend["friction_question"] * ((cues[:, _INTENT["question"]] > 0) & (cues[:, _PROBLEM] <= 0))
            + blend["friction_bias"]
        )
        return evidence

    def _touchpoint(
        self, logits: NDArray[np.float64], cues: NDArray[np.int64], context: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Evidence for each touchpoint and for `other`.

        A clause without words of its own for a touchpoint ("it drives me mad") is about what its text is about,
        when that is clear. A problem told without any such word is most often one of reliability. The learned head
        weighs more where it is sure of itself: it is in domains it has learned from, and seldom in others.
        """
        blend = self.weights.blend
        heads = self._head_logits(logits)
        sure = probabilities(heads).max(axis=1, keepdims=True) ** _SURE
        evidence: NDArray[np.float64] = (blend["touchpoint_head"] + blend["touchpoint_head_sure"] * sure) * heads
        around = np.minimum(context[:, self._seed], _MOST_CONTEXT)
        share = around / (around.sum(axis=1, keepdims=True) + _SOME_CONTEXT)
        evidence[:, :-1] += blend["touchpoint_seed"] * np.minimum(cues[:, self._seed], _MOST_EVIDENCE)
        evidence[:, :-1] += blend["touchpoint_context"] * share
        told = np.clip(cues[:, [_PROBLEM]], 0, _TELLING_PROBLEM) * ~cues[:, self._seed].any(axis=1, keepdims=True)
        evidence[:, self._reliability] += blend["touchpoint_problem"] * told
        evidence[:, -1] += blend["touchpoint_other"]
        return evidence

    def _head_logits(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """The touchpoint head, a column a touchpoint of this model."""
        heads = logits[:, self._head]
        # The base model knows nothing of a user's own touchpoint: to its head that is as likely as the least likely.
        unknown = self._head == _NOWHERE if isinstance(self._head, np.ndarray) else np.zeros(0, dtype=bool)
        if unknown.any():
            heads[:, unknown] = heads[:, ~unknown].min(axis=1, keepdims=True)
        return heads

    def _named(self, evidence: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The likeliest touchpoint of each record, or `other`, and its probability."""
        p = probabilities(evidence)
        best = np.argmax(p, axis=1)
        rows = np.arange(len(best))
        best = np.where(p[rows, best] < self.weights.blend["touchpoint_threshold"], self._other, best)
        return best, p[rows, best]

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
        names = weights.columns_of_cues
        content: dict[str, Any] = {
            "heads": HEADS,
            "blend": dict(weights.blend),
            "cues": [[cue.text, names[cue.column], cue.weight] for cue in weights.cues],
        }
        if weights.touchpoints != TOUCHPOINTS or weights.products or weights.adapted:
            content["own"] = {
                "touchpoints": weights.touchpoints,
                "products": {
                    product: [[cue.text, names[cue.column], cue.weight] for cue in cues]
                    for product, cues in weights.products.items()
                },
                "adapted": {
                    group: {"share": adapted.share, "mix": adapted.mix.tolist()}
                    for group, adapted in weights.adapted.items()
                },
                "whole_texts": weights.whole_texts,
            }
        (folder / "cues.json").write_text(json.dumps(content, ensure_ascii=False, indent=0), encoding="utf-8")

    def from_disk(self, path: Path | str, exclude: Sequence[str] = ()) -> FeedbackHeads:
        """Read what `to_disk` wrote; `ValueError` when it was written for other heads."""
        folder = Path(path)
        content = json.loads((folder / "cues.json").read_text(encoding="utf-8"))
        if tuple(content["heads"]) != HEADS or content["blend"].keys() != DEFAULT_BLEND.keys():
            raise ValueError(f"{folder} holds a model for other heads; train it again with this version")
        with np.load(folder / "weights.npz", allow_pickle=False) as arrays:
            table = np.concatenate([arrays["table"].astype(np.int16), arrays["squared_idf"][:, None]], axis=1)
            lexicon = Lexicon(arrays["lexicon_keys"], arrays["lexicon_valences"])
            scale, bias, tones = arrays["scale"], arrays["bias"], arrays["tone"]
        own = content.get("own", {})
        weights = Weights(
            table=np.ascontiguousarray(table), scale=scale, bias=bias, tone=tones, lexicon=lexicon,
            cues=[], blend=content["blend"],
            touchpoints=tuple(own.get("touchpoints", TOUCHPOINTS)),
            adapted={
                group: Adapted(stored["share"], np.array(stored["mix"], dtype=np.float64))
                for group, stored in own.get("adapted", {}).items()
            },
            whole_texts=own.get("whole_texts", False),
        )  # fmt: skip
        column = {name: number for number, name in enumerate(weights.columns_of_cues)}

        def phrases(stored: Iterable[Sequence[Any]]) -> list[Phrase]:
            return [Phrase(text, column[name], weight) for text, name, weight in stored]

        products = {product: phrases(stored) for product, stored in own.get("products", {}).items()}
        self.use(replace(weights, cues=phrases(content["cues"]), products=products))
        return self


def _gather(events: NDArray[Any], clauses: NDArray[Any], document: Positions, other: int) -> None:
    """Let an event say what its clauses say: its touchpoint, friction and intents are theirs."""
    # An event is about the touchpoint its clauses speak of most surely, each weighed by the friction it carries.
    weight = np.zeros((len(events), other + 1))
    named = clauses["touchpoint"] != other
    np.add.at(
        weight,
        (document[named], clauses["touchpoint"][named]),
        (clauses["touchpoint_p"] * (0.25 + clauses["friction_p"]))[named].astype(np.float64),
    )
    best = np.argmax(weight, axis=1)
    some = weight.max(axis=1, initial=0) > 0
    strongest = np.zeros((len(events), other + 1), dtype=np.float32)
    np.maximum.at(strongest, (document, clauses["touchpoint"]), clauses["touchpoint_p"])
    events["touchpoint"] = np.where(some, best, other)
    events["touchpoint_p"] = strongest[np.arange(len(events)), events["touchpoint"]]
    friction = np.zeros(len(events), dtype=np.float32)
    np.maximum.at(friction, document, clauses["friction_p"])
    events["friction_p"] = np.round(_OF_WHOLE * events["friction_p"] + (1 - _OF_WHOLE) * friction, 4)
    intents = np.zeros(len(events), dtype=np.uint16)
    np.bitwise_or.at(intents, document, clauses["intents"])
    events["intents"] = intents


def _head_columns(touchpoints: Sequence[str]) -> NDArray[np.int64]:
    """Where the heads speak of each touchpoint, `_NOWHERE` for a user's own."""
    return np.array([_TOUCHPOINT.start + TOUCHPOINTS.index(name) if name in TOUCHPOINTS else _NOWHERE
                     for name in touchpoints])  # fmt: skip


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
