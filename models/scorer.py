"""Texts in, columns of scores out: the models with their rules for language, noise, stars and odd input.

A text goes to the pipeline that knows its language: the given model for its own, the shipped multilingual one for
others.

Rules of an event's scores
- The author's own words are scored (`models.own_words`), of the first `MAX_SCORED_CHARACTERS` of the text.
- An event without scores says why: `deleted`; `language:ja`, a language no pipeline knows; `script:cyrillic`,
  letters it cannot read, whatever the language is said to be; `noise:spam` and the other kinds of `models.noise`;
  and, where there is no rating either, `quoted`, a text of quotations only, and `empty`, one without any word or sign.
- A rating anchors the event by a fitted rule (`models.stars`), so that a one-star "ok" is negative; `text_sentiment`
  and `text_friction_p` are what the text says without it. A rating without text counts alone.
- Mentions are scored from their text only, whatever the rating.
"""

from __future__ import annotations

import contextlib
import functools
import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import spacy
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from models import MULTILINGUAL, SHIPPED
from models.cues import PRODUCT_KEY
from models.detection import detect, primary
from models.heads import EVENT_KEY, MENTIONS_KEY, FeedbackHeads
from models.own_words import QUOTED, OwnWords, own_words
from models.scores import CLAUSE, EVENT, INTENTS, SENTIMENTS, TOUCHPOINTS
from models.stars import fitted_rule
from models.tokens import speak
from schemas.arrow import MENTION, REDACTED, SCORED
from schemas.errors import UsageError
from schemas.touchpoint import OTHER

SCORES: Final = pa.schema(
    [SCORED.field("language"), *(field for field in SCORED if field.name not in REDACTED.names)]
)
"""What a `Scorer` says of each text, row by row."""

_SENTIMENT_NAMES: Final = pa.array(SENTIMENTS)
_INTENT_SETS: Final = pa.array(
    [[name for bit, name in enumerate(INTENTS) if bits >> bit & 1] for bits in range(1 << len(INTENTS))],
    type=pa.list_(pa.string()),
)
_BATCH_TEXTS: Final = 256
_WORDS_KEPT: Final = 30_000
"""Distinct words whose attributes stay in memory between batches; others are forgotten after theirs."""
_FEWER: Final = 8
"""The pipeline for other languages, which most texts do not need, keeps so many times fewer."""


class Scorer:
    """A loaded model, with one for other languages. Scores do not depend on the order or number of texts given at once;
    safe between threads.

    `multilingual` is the folder of the pipeline for other languages; it is loaded when the first such text comes. The
    version names both: `feedback-0.2.0+<hash>.<hash of the multilingual one>`.
    """

    def __init__(self, nlp: Language, multilingual: Path = MULTILINGUAL) -> None:
        self.nlp = nlp
        self._busy = threading.Lock()
        self._multilingual = multilingual
        other = json.loads((multilingual / "meta.json").read_text(encoding="utf-8"))
        self.language: str = nlp.meta["scored_language"]
        self.languages: frozenset[str] = frozenset({self.language, *other["scored_languages"]})
        self.meta: Mapping[str, Any] = nlp.meta
        heads = nlp.get_pipe("feedback_heads")
        if not isinstance(heads, FeedbackHeads):
            raise UsageError(f"the model {nlp.meta['name']} was not made by `tribometer train`; train it again")
        self.touchpoints: tuple[str, ...] = heads.weights.touchpoints
        self._touchpoint_names = pa.array(self.touchpoints)
        self._products = frozenset(heads.weights.products)
        # The pipeline for other languages knows the common touchpoints only; what this model leaves out is other.
        place = {name: number for number, name in enumerate(self.touchpoints)}
        self._as_spoken_of = np.array([place.get(name, place[OTHER]) for name in TOUCHPOINTS], dtype=np.int16)
        self.version: str = f"{nlp.meta['name']}-{nlp.meta['version']}.{other['version'].split('+')[1]}"

    def score(
        self,
        texts: Sequence[str],
        ratings: Sequence[float | None] | None = None,
        languages: Sequence[str | None] | None = None,
        deleted: Sequence[bool] | None = None,
        products: Sequence[str | None] | None = None,
    ) -> pa.RecordBatch:
        """Scores of these texts as a record batch with the columns `SCORES`, one row a text, in order.

        `ratings` are on -1..1; `languages` are tags as the source gave them, and are detected where None;
        `products` decide where the model has seeds of products, whatever their capitals. Never raises
        on account of what a text says.
        """
        count = len(texts)
        tags = [primary(tag) for tag in languages] if languages is not None else [None] * count
        own_texts = [own_words(text) for text in texts]
        found = [
            tag or detect(words.text or words.reading.text, self.language)
            for tag, words in zip(tags, own_texts, strict=True)
        ]
        rating = np.array([np.nan] * count if ratings is None else ratings, dtype=np.float64)
        gone = np.zeros(count, dtype=bool) if deleted is None else np.array(deleted, dtype=bool)
        known = np.fromiter((language in self.languages for language in found), dtype=bool, count=count)
        refused = [words.reason is not None and words.reason != QUOTED for words in own_texts]

        readable = known & ~gone & ~np.array(refused, dtype=bool)
        events, mentions, lengths = self._read(
            [words.text if ok else "" for words, ok in zip(own_texts, readable, strict=True)],
            found,
            products or [None] * count,
        )
        _to_stored_places(mentions, lengths, own_texts)
        said = lengths > 0
        scored = readable & (said | ~np.isnan(rating))
        reasons = [
            None if ok else _reason(words, language, away, speaks)
            for ok, words, language, away, speaks in zip(scored, own_texts, found, gone, known, strict=True)
        ]
        by_text = events["sentiment_p"].astype(np.float64), events["friction_p"].astype(np.float64)
        probabilities, friction = fitted_rule().anchored(*by_text, said, rating)
        label = np.argmax(probabilities, axis=1)
        told = scored & said
        return pa.RecordBatch.from_arrays(
            [
                pa.array(
                    [
                        language if text.strip() or tag else None
                        for language, text, tag in zip(found, texts, tags, strict=True)
                    ],
                    pa.string(),
                ),
                pa.array(reasons, pa.string()),
                _SENTIMENT_NAMES.take(pa.array(label, mask=~scored)),
                _rounded(probabilities[:, 2] - probabilities[:, 0], ~scored),
                _rounded(probabilities[np.arange(count), label], ~scored),
                _rounded(friction, ~scored),
                self._touchpoint_names.take(
                    pa.array(np.where(told, events["touchpoint"], self.touchpoints.index(OTHER)), mask=~scored)
                ),
                _rounded(events["touchpoint_p"], ~told),
                pa.array(events["effort"], pa.int8(), mask=~(told & events["has_effort"])),
                _INTENT_SETS.take(pa.array(np.where(told, events["intents"], 0))),
                _mentions(mentions, lengths, self._touchpoint_names),
                pa.array([self.version] * count, pa.string()),
                _rounded(by_text[0][:, 2] - by_text[0][:, 0], ~told),
                _rounded(by_text[1], ~told),
            ],
            schema=SCORES,
        )

    def _read(
        self, texts: Sequence[str], languages: Sequence[str], products: Sequence[str | None]
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.int64]]:
        """EVENT records one a text, CLAUSE records of all texts in order, and how many of these each text has."""
        records: list[tuple[NDArray[Any], NDArray[Any]] | None] = [None] * len(texts)
        own = [number for number, text in enumerate(texts) if languages[number] == self.language or not text]
        others = sorted(set(range(len(texts))).difference(own))
        with self._busy:
            pipelines = [(self.nlp, own, _WORDS_KEPT)]
            if others:
                pipelines.append((self._spoken, others, _WORDS_KEPT // _FEWER))
            for nlp, numbers, kept in pipelines:
                # spaCy keeps the attributes of every word it ever saw; in a memory zone it forgets those of this call.
                many = len(nlp.vocab) > kept
                with nlp.memory_zone() if many else contextlib.nullcontext():
                    docs = (
                        speak(nlp.make_doc(texts[number]), languages[number])
                        if numbers is others
                        else self._about(texts[number], products[number])
                        for number in numbers
                    )
                    for number, doc in zip(numbers, nlp.pipe(docs, batch_size=_BATCH_TEXTS), strict=True):
                        records[number] = doc.user_data[EVENT_KEY], doc.user_data[MENTIONS_KEY]
        for number in others:
            for some in records[number] or ():
                some["touchpoint"] = self._as_spoken_of[some["touchpoint"]]
        read = [record for record in records if record is not None]
        lengths = np.fromiter((len(mentions) for _, mentions in read), dtype=np.int64, count=len(read))
        return (
            _joined([event for event, _ in read], EVENT),
            _joined([mentions for _, mentions in read], CLAUSE),
            lengths,
        )

    @functools.cached_property
    def _spoken(self) -> Language:
        """The pipeline for other languages."""
        return spacy.load(self._multilingual)

    def _about(self, text: str, product: str | None) -> Doc:
        """A document, and where the model has seeds of products, the product it is about."""
        doc = self.nlp.make_doc(text)
        if self._products and product is not None:
            doc.user_data[PRODUCT_KEY] = product.strip().casefold()
        return doc


def _joined(records: Sequence[NDArray[Any]], kind: np.dtype[Any]) -> NDArray[Any]:
    """Records put end to end, as plain bytes: numpy would compare the fields of every pair, for 0.1 ms each."""
    if not records:
        return np.empty(0, dtype=kind)
    return np.concatenate([some.view(f"V{kind.itemsize}") for some in records]).view(kind)


def load_scorer(model: str | None = None) -> Scorer:
    """The scorer of a model folder, or of the shipped model; loaded once a process."""
    return _load(str(SHIPPED if model is None else model))


@functools.cache
def _load(folder: str) -> Scorer:
    if not (Path(folder) / "meta.json").is_file():
        raise UsageError(f"{folder} is not a model; give a folder that holds a spaCy pipeline with its meta.json")
    try:
        nlp = spacy.load(folder)
        return Scorer(nlp)
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(f"the model {folder} cannot be loaded: {' '.join(str(error).split())[:300]}") from error


def _reason(words: OwnWords, language: str, deleted: bool, known: bool) -> str:
    """Why an event has no scores, the first reason that holds."""
    if deleted:
        return "deleted"
    return (words.reason or "empty") if known else f"language:{language}"


def _to_stored_places(clauses: NDArray[Any], lengths: NDArray[np.int64], own_texts: Sequence[OwnWords]) -> None:
    """Let clauses of texts that something was taken out of begin and end where they do in the stored text."""
    ends = np.cumsum(lengths)
    for words, length, end in zip(own_texts, lengths.tolist(), ends.tolist(), strict=True):
        if length and words.reading.begin is not None and words.reading.end is not None:
            of_text = clauses[end - length : end]
            of_text["start"] = words.reading.begin[of_text["start"]]
            of_text["end"] = words.reading.end[of_text["end"] - 1]


def _rounded(values: NDArray[Any], null: NDArray[np.bool_]) -> pa.Array:
    return pa.array(np.round(values.astype(np.float64), 4).astype(np.float32), mask=null)


def _mentions(clauses: NDArray[Any], lengths: NDArray[np.int64], touchpoints: pa.Array) -> pa.ListArray:
    """CLAUSE records as the `mentions` column."""
    probabilities = clauses["sentiment_p"].astype(np.float64)
    label = np.argmax(probabilities, axis=1) if len(clauses) else np.empty(0, dtype=np.int64)
    all_there = np.zeros(len(clauses), dtype=bool)
    columns = [
        pa.array(clauses["start"]),
        pa.array(clauses["end"]),
        touchpoints.take(pa.array(clauses["touchpoint"])),
        _rounded(clauses["touchpoint_p"], all_there),
        _SENTIMENT_NAMES.take(pa.array(label)),
        _rounded(probabilities[:, 2] - probabilities[:, 0], all_there),
        _rounded(probabilities[np.arange(len(label)), label], all_there),
        pa.array(clauses["effort"], mask=~clauses["has_effort"]),
        _rounded(clauses["friction_p"], all_there),
        _INTENT_SETS.take(pa.array(clauses["intents"])),
        pa.nulls(len(clauses), pa.string()),
    ]
    fields = [MENTION.field(number) for number in range(MENTION.num_fields)]
    offsets = np.append(0, np.cumsum(lengths)).astype(np.int32)
    return pa.ListArray.from_arrays(
        pa.array(offsets), pa.StructArray.from_arrays(columns, fields=fields), type=pa.list_(MENTION)
    )
