"""Texts in, columns of scores out: the model with its rules for language, stars and odd input.

Rules of an event's scores
- Only the first `MAX_SCORED_CHARACTERS` of a text are scored.
- A text in a language the model does not know is unscored: `language:es`. A deleted event is unscored:
  `deleted`. A
  text without any word or sign and without a rating is unscored: `empty`.
- A rating anchors the event: the class probabilities of its text count for `TEXT_SHARE`, those its rating stands
  for
  (`RATING_ANCHORS`) for the rest, so that a one-star "ok" is negative. A rating without text counts alone.
- Mentions are scored from their text only, whatever the rating.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import spacy
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from models import SHIPPED
from models.detection import detect, primary
from models.heads import EVENT_KEY, MENTIONS_KEY, PRODUCT_KEY, FeedbackHeads
from models.scores import CLAUSE, EVENT, INTENTS, SENTIMENTS
from schemas.arrow import MENTION, REDACTED, SCORED
from schemas.errors import UsageError
from schemas.touchpoint import OTHER

MAX_SCORED_CHARACTERS: Final = 20_000

TEXT_SHARE: Final = 0.35
RATING_ANCHORS: Final = {
    #     negative neutral positive friction
    -1.0: (0.95, 0.04, 0.01, 0.90),
    -0.5: (0.80, 0.15, 0.05, 0.80),
    0.0: (0.30, 0.45, 0.25, 0.50),
    0.5: (0.07, 0.20, 0.73, 0.20),
    1.0: (0.02, 0.03, 0.95, 0.05),
}
"""What a rating on -1..1 stands for; between these points, linear."""

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
_WORDS_KEPT: Final = 100_000
"""Distinct words whose attributes stay in memory between batches; others are forgotten after theirs."""


class Scorer:
    """A loaded model. Scores do not depend on the order or number of texts given at once; safe between threads."""

    def __init__(self, nlp: Language) -> None:
        self.nlp = nlp
        self._busy = threading.Lock()
        self.languages: frozenset[str] = frozenset({nlp.meta["scored_language"]})
        self.meta: Mapping[str, Any] = nlp.meta
        heads = nlp.get_pipe("feedback_heads")
        if not isinstance(heads, FeedbackHeads):
            raise UsageError(f"the model {nlp.meta['name']} was not made by `tribometer train`; train it again")
        self.touchpoints: tuple[str, ...] = heads.weights.touchpoints
        self._touchpoint_names = pa.array(self.touchpoints)
        self._products = frozenset(heads.weights.products)
        self.version: str = f"{nlp.meta['name']}-{nlp.meta['version']}"

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
        own = next(iter(self.languages))
        tags = [primary(tag) for tag in languages] if languages is not None else [None] * count
        found = [tag or detect(text, own) for tag, text in zip(tags, texts, strict=True)]
        rating = np.array([np.nan] * count if ratings is None else ratings, dtype=np.float64)
        gone = np.zeros(count, dtype=bool) if deleted is None else np.array(deleted, dtype=bool)
        known = np.fromiter((language in self.languages for language in found), dtype=bool, count=count)

        readable = known & ~gone
        events, mentions, lengths = self._read(
            [text if ok else "" for text, ok in zip(texts, readable, strict=True)], products
        )
        said = lengths > 0
        scored = readable & (said | ~np.isnan(rating))
        reasons = [
            None if ok else "deleted" if away else "empty" if speaks else f"language:{language}"
            for ok, away, speaks, language in zip(scored, gone, known, found, strict=True)
        ]
        probabilities, friction = _anchored(events, said, rating)
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
            ],
            schema=SCORES,
        )

    def _read(
        self, texts: Sequence[str], products: Sequence[str | None] | None
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.int64]]:
        """EVENT records one a text, CLAUSE records of all texts in order, and how many of these each text has."""
        events: list[NDArray[Any]] = []
        mentions: list[NDArray[Any]] = []
        with self._busy:
            # spaCy keeps the attributes of every word it ever saw; in a memory zone it forgets those of this call.
            many = len(self.nlp.vocab) > _WORDS_KEPT
            with self.nlp.memory_zone() if many else contextlib.nullcontext():
                capped: Iterable[str | Doc] = (text[:MAX_SCORED_CHARACTERS] for text in texts)
                if self._products and products is not None:
                    capped = map(self._about, capped, products)
                for doc in self.nlp.pipe(capped, batch_size=_BATCH_TEXTS):
                    events.append(doc.user_data[EVENT_KEY])
                    mentions.append(doc.user_data[MENTIONS_KEY])
        lengths = np.fromiter((len(some) for some in mentions), dtype=np.int64, count=len(mentions))
        return _joined(events, EVENT), _joined(mentions, CLAUSE), lengths

    def _about(self, text: str, product: str | None) -> Doc:
        """A document that knows the product it is about."""
        doc = self.nlp.make_doc(text)
        if product is not None:
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


def _anchored(
    events: NDArray[Any], said: NDArray[np.bool_], rating: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Class probabilities and friction of events, text and rating put together; see the module's rules."""
    points = np.array(list(RATING_ANCHORS))
    anchors = np.array(list(RATING_ANCHORS.values()))
    rated = ~np.isnan(rating)
    at = np.where(rated, rating, 0.0)
    from_rating = np.stack([np.interp(at, points, column) for column in anchors.T], axis=1)
    from_text = np.column_stack(
        [events["sentiment_p"].astype(np.float64), events["friction_p"].astype(np.float64)]
    )
    share = np.where(said, np.where(rated, TEXT_SHARE, 1.0), 0.0)[:, None]
    both = share * from_text + (1 - share) * from_rating
    return both[:, :-1], both[:, -1]


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
