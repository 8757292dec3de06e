"""Trains the shipped model: `tribometer train --data DIR --out FOLDER`.

Learns from the sets whose licence lets a trained model ship, on whole texts and without the rows that judge it;
deterministic; a few minutes on two cores. What is learned is written as an ordinary spaCy pipeline.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import spacy
from numpy.typing import NDArray
from ruamel.yaml import YAML
from scipy import sparse
from scipy.optimize import minimize_scalar
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.svm import LinearSVC
from spacy.language import Language
from spacy.util import minibatch

from models import MODEL_NAME
from models.cues import CUES
from models.data import EVALUATION_SETS, LabelledSets, Row, without_overlap
from models.features import FEATURES, TONES, Lexicon, token_features, tone
from models.heads import FeedbackHeads
from models.language import LANGUAGE, norm
from models.phrases import Phrase
from models.scores import SENTIMENTS, TOUCHPOINTS
from models.segments import clause_rows, segment_sums
from models.tokens import Tokens, word_hashes
from models.weights import DEFAULT_BLEND, HEADS, Weights
from schemas.taxonomy import load_taxonomy

MODEL_RELEASE: Final = "0.2.0"
BUCKETS: Final = 1 << 18
SEED: Final = 20261121

_LEAST_DOCUMENTS: Final = 2
_SHARPNESS: Final = 2.0
_MOST_STEPS: Final = 60
_TOLERANCE: Final = 1e-3
_SENTIMENT_LABELS: Final = frozenset(("neg", "neu", "pos"))
_NEGATIVE, _NEUTRAL = SENTIMENTS.index("negative"), SENTIMENTS.index("neutral")
_STRONG, _FAIR, _WEAK = 3, 2, 1
_CUES: Final = Path(__file__).with_name("cues.yaml")
_VALENCES: Final = Path(__file__).with_name("valences.yaml")
_INT8_MOST: Final = 127

SENTIMENT_SHARE: Final = {
    **{"goemotions": 0.2, "pros_cons": 0.25, "vader_movie": 0.6, "hu_liu_products": 0.1},
    **{"vader_tweets": 2.0, "vader_amazon": 2.0, "uci_amazon": 2.0, "uci_yelp": 2.0},
    **{"amazon_polarity10k": 2.0, "umsab_english": 2.0},
}
"""Weight of a row by set; sets not named weigh 1. The big sets are furthest from product feedback; what is left of
hu_liu_products is nearly all neutral, for its other rows judge the model, and would teach that products are."""
_INTENT_SHARE: Final = 0.3

CALIBRATION_SETS: Final = ("vader_tweets", "vader_amazon", "uci_amazon", "uci_yelp", "semeval2017_tweets")
"""Sets kept back while the sharpness of the sentiment head is fitted on them, each counting the same, and then
learned from like the others."""

FRICTION_SETS: Final = ("pros_cons", "hu_liu_products", "vader_amazon", "uci_amazon", "uci_yelp", "vader_tweets")
"""Sets about products and services, where a negative text is friction and any other is not."""


PLAIN_SETS: Final = ("goemotions", "vader_nyt")
"""Sets of talk and news, where a negative text is seldom about a product; their other texts are no friction."""


@dataclass(frozen=True)
class Features:
    """Texts as a matrix of weighted buckets, one row a text, each of length one; the same with their tones after it."""

    matrix: sparse.csr_matrix
    with_tone: sparse.csr_matrix
    squared_idf: NDArray[np.int16]


@dataclass(frozen=True)
class Examples:
    """Rows to learn from, by number, with their class and weight."""

    rows: NDArray[np.int64]
    label: NDArray[np.int64]
    weight: NDArray[np.float64]

    def where(self, kept: NDArray[np.bool_]) -> Examples:
        """Some of them."""
        return Examples(self.rows[kept], self.label[kept], self.weight[kept])


@dataclass(frozen=True)
class Learned:
    """The heads' coefficients, filled in one after the other: a column a head."""

    buckets: NDArray[np.float64]
    tone: NDArray[np.float64]
    bias: NDArray[np.float64]

    @classmethod
    def nothing(cls) -> Learned:
        """All zero."""
        return cls(np.zeros((BUCKETS, len(HEADS))), np.zeros((TONES, len(HEADS))), np.zeros(len(HEADS)))

    def take(self, columns: Sequence[int], coefficients: NDArray[Any], intercepts: NDArray[Any]) -> None:
        """Fill these heads from a linear model, which may have been without tones."""
        heads = list(columns)
        self.buckets[:, heads] = coefficients[:, :BUCKETS].T
        if coefficients.shape[1] > BUCKETS:
            self.tone[:, heads] = coefficients[:, BUCKETS:].T
        self.bias[heads] = intercepts


def sentiment_rows_of(sets: LabelledSets) -> list[Row]:
    """Rows of the sentiment sets that the model learns from: none shares its text with a row that judges it."""
    judges = [row for name in EVALUATION_SETS for row in sets.read("sentiment", name)]
    names = sets.shipped("sentiment")
    return without_overlap(
        [row for name in names for row in sets.read("sentiment", name) if row.split != "test"], judges
    )


def touchpoint_rows_of(sets: LabelledSets, leave_out: Collection[str] = ()) -> list[Row]:
    """Rows of the touchpoint sets that the model learns from, or would if it had never seen the sets left out."""
    names = [name for name in sets.shipped("touchpoint") if name not in leave_out]
    return [row for name in names for row in sets.read("touchpoint", name) if row.split != "test"]


def build(sets: LabelledSets, report: bool = True) -> Language:
    """Train on these sets and return the pipeline."""
    cues = _cues()
    nlp = spacy.blank(LANGUAGE)
    nlp.add_pipe("clauses")
    lexicon = _lexicon()
    sentiment_rows, touchpoint_rows = sentiment_rows_of(sets), touchpoint_rows_of(sets)
    if report:
        click.echo(
            f"rows: {dict(Counter(row.set for row in sentiment_rows))}, {len(touchpoint_rows)} touchpoint rows"
        )
    rows = [*sentiment_rows, *touchpoint_rows]
    features = _features(nlp, [row.text for row in rows], lexicon)
    heads = Learned.nothing()

    told = sentiment_labels(rows)
    sharpness = _calibrated(rows, features, told)
    if report:
        click.echo(f"sharpness of the sentiment head, fitted on {', '.join(CALIBRATION_SETS)}: {sharpness:.3f}")
    model = _sentiment_model(features, told)
    heads.take(range(len(SENTIMENTS)), sharpness * model.coef_, sharpness * model.intercept_)

    chosen, target = _friction_labels(rows)
    friction = HEADS.index("friction")
    model = LogisticRegression(C=1.0, solver="liblinear", random_state=SEED).fit(
        features.with_tone[chosen], target
    )
    heads.take([friction], model.coef_, model.intercept_)

    _learn_touchpoints(heads, rows, features, sets)

    table, scale = _quantise(heads.buckets, features.squared_idf)
    return _assembled(Weights(table, scale, heads.bias, heads.tone, lexicon, cues, dict(DEFAULT_BLEND)), sets)


def build_touchpoints(sets: LabelledSets, leave_out: Collection[str]) -> Language:
    """A pipeline that learned touchpoints as `build` does, but without the sets left out.

    Its sentiment and friction know cues only. What a touchpoint is in a domain never seen can be asked of it, in a
    third of the time that all heads would take.
    """
    lexicon = _lexicon()
    nlp = spacy.blank(LANGUAGE)
    nlp.add_pipe("clauses")
    rows = touchpoint_rows_of(sets, leave_out)
    features = _features(nlp, [row.text for row in rows], lexicon)
    heads = Learned.nothing()
    _learn_touchpoints(heads, rows, features, sets)
    table, scale = _quantise(heads.buckets, features.squared_idf)
    return _assembled(Weights(table, scale, heads.bias, heads.tone, lexicon, _cues(), dict(DEFAULT_BLEND)), sets)


def _learn_touchpoints(heads: Learned, rows: Sequence[Row], features: Features, sets: LabelledSets) -> None:
    named, touchpoint, weight = touchpoint_labels(rows, sets)
    first = HEADS.index(TOUCHPOINTS[0])
    columns = [first + index for index in sorted(set(touchpoint.tolist()))]
    absent = [column for column in range(first, len(HEADS)) if column not in columns]
    svm = _touchpoint_model(features.matrix[named], touchpoint, weight)
    heads.take(columns, _SHARPNESS * svm.coef_, _SHARPNESS * svm.intercept_)
    # What was never seen in training starts from where the others start on the average; it is not impossible.
    heads.bias[absent] = heads.bias[columns].mean()


def renew_cues(model: Path, sets: LabelledSets) -> Language:
    """The model with the learned weights it has, and the cues, seed phrases and blend of this version."""
    heads = spacy.load(model).get_pipe("feedback_heads")
    assert isinstance(heads, FeedbackHeads)
    return _assembled(replace(heads.weights, cues=_cues(), blend=dict(DEFAULT_BLEND)), sets)


def _assembled(weights: Weights, sets: LabelledSets) -> Language:
    # A fresh vocabulary: the words of the training texts are nobody's business.
    nlp = spacy.blank(LANGUAGE)
    nlp.add_pipe("clauses")
    heads = nlp.add_pipe("feedback_heads")
    assert isinstance(heads, FeedbackHeads)
    heads.use(weights)
    nlp.meta.update(_meta(sets, weights))
    return nlp


def _features(nlp: Language, texts: Sequence[str], lexicon: Lexicon) -> Features:
    indices: list[NDArray[np.intp]] = []
    lengths: list[NDArray[np.int64]] = []
    tones: list[NDArray[np.float64]] = []
    for docs in minibatch(nlp.pipe(texts), 1000):
        tokens = Tokens.of(docs)
        numbers, polarity = token_features(tokens, clause_rows(docs, tokens), lexicon, BUCKETS)
        indices.append(numbers.ravel())
        lengths.append(np.diff(tokens.document_start) * FEATURES)
        tones.append(tone(segment_sums(polarity, tokens.document_start)))
    pointers = np.append(0, np.cumsum(np.concatenate(lengths)))
    flat = np.concatenate(indices)
    counts = sparse.csr_matrix((np.ones(len(flat)), flat, pointers), shape=(len(texts), BUCKETS))
    counts.sum_duplicates()
    frequency = np.bincount(counts.indices, minlength=BUCKETS)
    idf = np.log((1 + len(texts)) / (1 + frequency)) + 1
    idf[(frequency < _LEAST_DOCUMENTS)] = 0
    idf[0] = 0
    squared = np.round(idf**2).astype(np.int16)
    # The length that scoring will see: squared idf is rounded there, and repeats add up.
    length = np.sqrt(np.maximum(counts @ squared.astype(np.float64), 1))
    matrix = sparse.diags(1 / length) @ counts @ sparse.diags(np.sqrt(squared.astype(np.float64)))
    with_tone = sparse.hstack([matrix, np.concatenate(tones)])
    return Features(
        sparse.csr_matrix(matrix, dtype=np.float32), sparse.csr_matrix(with_tone, dtype=np.float64), squared
    )


def sentiment_labels(rows: Sequence[Row]) -> Examples:
    """The sentiment sets as they are, and what people ask of agents: a problem told is negative, a wish neutral."""
    chosen, label, weight = [], [], []
    for number, row in enumerate(rows):
        if row.label in _SENTIMENT_LABELS:
            chosen.append(number)
            label.append(row.sentiment)
            weight.append(SENTIMENT_SHARE.get(row.set, 1.0))
            continue
        problem = _tells_a_problem(row)
        if problem is not None and (problem or number % 2 == 0):
            chosen.append(number)
            label.append(_NEGATIVE if problem else _NEUTRAL)
            weight.append(_INTENT_SHARE)
    return Examples(np.array(chosen), np.array(label), np.array(weight))


def _balanced(label: NDArray[np.int64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights by which rare classes are heard and common ones stay likely: the square root of full balance."""
    totals = np.bincount(label, weights=weight)
    share = np.sqrt(totals.sum() / np.maximum(totals, 1) / (totals > 0).sum())
    result: NDArray[np.float64] = weight * share[label]
    return result


def _sentiment_model(features: Features, examples: Examples) -> LogisticRegression:
    weight = _balanced(examples.label, examples.weight)
    model = LogisticRegression(C=1.0, max_iter=_MOST_STEPS, tol=_TOLERANCE)
    return model.fit(features.with_tone[examples.rows], examples.label, sample_weight=weight)


def _calibrated(rows: Sequence[Row], features: Features, examples: Examples) -> float:
    """The factor on the logits that makes them likeliest on whole sets the model has not seen.

    Rows kept back at random would not do: feedback comes from other places than the training sets.
    """
    unseen = np.isin([rows[number].set for number in examples.rows], CALIBRATION_SETS)
    model = _sentiment_model(features, examples.where(~unseen))
    judged = examples.where(unseen)
    logits = model.decision_function(features.with_tone[judged.rows])
    _, of_set, sizes = np.unique([rows[n].set for n in judged.rows], return_inverse=True, return_counts=True)

    def surprise(sharpness: float) -> float:
        p = softmax(sharpness * logits, axis=1)
        return float(log_loss(judged.label, p, sample_weight=1 / sizes[of_set]))

    return float(minimize_scalar(surprise, bounds=(0.2, 3.0), method="bounded").x)


def _touchpoint_model(
    matrix: sparse.csr_matrix, label: NDArray[np.int64], weight: NDArray[np.float64]
) -> LinearSVC:
    # One margin a class; a softmax over twice the margins is close to calibrated on the development sets.
    return LinearSVC(C=0.3, random_state=SEED).fit(matrix, label, sample_weight=_balanced(label, weight))


INTENT_SETS: Final = (
    *("banking77", "clinc150"),
    *("multidogo_finance", "multidogo_software", "multidogo_media", "multidogo_insurance"),
)
"""Sets of what people ask an agent for."""

PROBLEM_LABELS: Final = (
    "not_working", "declined", "failed", "not_recognised", "charged", "lost", "stolen", "compromised",
    "not_received", "swallowed", "blocked", "forgotten", "wrong", "reverted", "not_updated", "reportbroken",
    "reportlost", "dispute", "not_showing", "unable_to", "report_fraud", "damaged", "extra_charge", "pending",
)  # fmt: skip
"""Parts of the intent labels that name a problem; the other intents of those sets ask for something."""


_PROBLEM: Final = re.compile(rf"(?:^|_)(?:{'|'.join(PROBLEM_LABELS)})")
_SMALL_TALK: Final = frozenset(
    ("contentonly", "oos", "outofdomain", "openinggreeting", "closinggreeting", "thankyou", "confirmation")
) | {"rejection"}


def _tells_a_problem(row: Row) -> bool | None:
    """Whether what is said to an agent tells of a problem; None where nothing is asked of anyone."""
    if row.set == "cfpb_issue":
        return True
    if row.set not in INTENT_SETS or row.label.lower() in _SMALL_TALK:
        return None
    return _PROBLEM.search(row.label.lower()) is not None


def _friction_labels(rows: Sequence[Row]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    chosen, target = [], []
    for number, row in enumerate(rows):
        problem = _tells_a_problem(row)
        if row.set in FRICTION_SETS:
            chosen.append(number)
            target.append(row.label == "neg")
        elif row.set in PLAIN_SETS and row.label != "neg":
            if number % 3 == 0:
                chosen.append(number)
                target.append(False)
        elif problem is not None and (problem or number % 3 == 0):
            chosen.append(number)
            target.append(problem)
    return np.array(chosen), np.array(target)


def touchpoint_labels(
    rows: Sequence[Row], sets: LabelledSets
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    sure = {"h": 1.0, "m": 0.5}
    chosen, touchpoint, weight = [], [], []
    greetings = {"openinggreeting", "closinggreeting", "thankyou", "outofdomain"}
    for number, row in enumerate(rows):
        mapped = {sets.touchpoint_map.get((row.set, label), ("", "")) for label in row.label.split("|")}
        if len(mapped) != 1:
            continue
        name, confidence = mapped.pop()
        if name and (confidence in sure or row.label in greetings):
            chosen.append(number)
            touchpoint.append(TOUCHPOINTS.index(name))
            weight.append(sure.get(confidence, 0.5))
    return np.array(chosen), np.array(touchpoint), np.array(weight)


def _quantise(
    coefficients: NDArray[np.float64], squared_idf: NDArray[np.int16]
) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
    weighted = coefficients * np.sqrt(squared_idf.astype(np.float64))[:, None]
    most = np.array(
        [np.quantile(np.abs(column[column != 0]), 0.9995) if column.any() else 1.0 for column in weighted.T]
    )
    scale = most / _INT8_MOST
    whole = np.clip(np.round(weighted / scale), -_INT8_MOST, _INT8_MOST).astype(np.int16)
    return np.concatenate([whole, squared_idf[:, None]], axis=1), scale


def _lexicon() -> Lexicon:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    valences = {
        norm(word): value for word, value in SentimentIntensityAnalyzer().lexicon.items() if " " not in word
    }
    for value, words in YAML(typ="safe").load(_VALENCES.read_text(encoding="utf-8")).items():
        valences |= {norm(str(word)): value for word in words}
    steps = {word: int(np.sign(value) * np.ceil(abs(value))) for word, value in valences.items()}
    keys = word_hashes(list(steps))
    order = np.argsort(keys)
    return Lexicon(keys[order], np.array(list(steps.values()), dtype=np.int8)[order])


def _cues() -> list[Phrase]:
    cues = []
    for touchpoint, definition in load_taxonomy().items():
        column = CUES.index(touchpoint.value)
        cues += [Phrase(text, column, _WEAK) for text in definition.seeds.weak]
        cues += [Phrase(text, column, _FAIR) for text in definition.seeds.fair]
        cues += [Phrase(text, column, _STRONG) for text in definition.seeds.strong]
    for group, by_weight in YAML(typ="safe").load(_CUES.read_text(encoding="utf-8")).items():
        cues += [Phrase(text, CUES.index(group), weight) for weight, texts in by_weight.items() for text in texts]
    return cues


def _meta(sets: LabelledSets, weights: Weights) -> dict[str, Any]:
    behaviour = hashlib.sha256(weights.table.tobytes())
    behaviour.update(
        repr((weights.cues, sorted(weights.blend.items()), weights.bias.tolist(), weights.tone.tolist())).encode()
    )
    digest = behaviour.hexdigest()[:8]
    return {
        "name": MODEL_NAME,
        "version": f"{MODEL_RELEASE}+{digest}",
        "description": "Sentiment, touchpoint, effort, friction and intent of the clauses of customer feedback",
        "scored_language": "en",
        "license": "Apache-2.0",
        "author": "The Tribometer authors",
        "sources": sorted({name for kind in ("sentiment", "touchpoint") for name in sets.shipped(kind)}),
        "labels": {"sentiment": list(SENTIMENTS), "touchpoint": list(TOUCHPOINTS)},
    }
