"""Trains the shipped model: `python -m models.train --data DIR [--output FOLDER]`.

Learns from the sets whose licence lets a trained model ship, on whole texts and without the rows that judge it;
deterministic; a few minutes on two cores. What is learned is written as an ordinary spaCy pipeline.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import spacy
from numpy.typing import NDArray
from ruamel.yaml import YAML
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from spacy.language import Language
from spacy.util import minibatch

from models import MODEL_NAME, SHIPPED
from models.data import EVALUATION_SETS, LabelledSets, Row, without_overlap
from models.features import FEATURES, Lexicon, buckets
from models.heads import CUES, DEFAULT_BLEND, HEADS, TOUCHPOINTS, FeedbackHeads, Weights, clause_rows
from models.language import LANGUAGE, norm
from models.phrases import Phrase
from models.scores import SENTIMENTS
from models.tokens import Tokens, word_hashes
from schemas.taxonomy import load_taxonomy

MODEL_RELEASE: Final = "0.1.0"
BUCKETS: Final = 1 << 18
SEED: Final = 20261121

_LEAST_DOCUMENTS: Final = 2
_SHARPNESS: Final = 2.0
_NEUTRAL_BIAS: Final = -0.6
"""Much of what the big sets call neutral is small talk, so neutral is likelier there than in feedback."""
_STRONG, _FAIR, _WEAK = 3, 2, 1
_CUES: Final = Path(__file__).with_name("cues.yaml")
_INT8_MOST: Final = 127

SENTIMENT_SHARE: Final = {"goemotions": 0.6, "vader_movie": 0.6, "vader_nyt": 0.5, "pros_cons": 0.5}
"""Weight of a row by set; sets not named weigh 1. The big sets are furthest from product feedback."""

FRICTION_SETS: Final = ("pros_cons", "hu_liu_products", "vader_amazon", "uci_amazon", "uci_yelp", "vader_tweets")
"""Sets about products and services, where a negative text is friction and any other is not."""


@dataclass(frozen=True)
class Features:
    """Texts as a matrix of weighted buckets, one row a text, each of length one."""

    matrix: sparse.csr_matrix
    squared_idf: NDArray[np.int16]


def build(sets: LabelledSets, report: bool = True) -> Language:
    """Train on these sets and return the pipeline."""
    cues = _cues()
    nlp = spacy.blank(LANGUAGE)
    nlp.add_pipe("clauses")
    lexicon = _lexicon()
    judges = [row for name in EVALUATION_SETS for row in sets.read("sentiment", name)]
    sentiment_rows = without_overlap(
        [row for name in sets.shipped("sentiment") for row in sets.read("sentiment", name)], judges
    )
    touchpoint_rows = [
        row for name in sets.shipped("touchpoint") for row in sets.read("touchpoint", name) if row.split != "test"
    ]
    if report:
        click.echo(
            f"rows: {dict(Counter(row.set for row in sentiment_rows))}, {len(touchpoint_rows)} touchpoint rows"
        )
    rows = [*sentiment_rows, *touchpoint_rows]
    features = _features(nlp, [row.text for row in rows], lexicon)
    is_sentiment = np.arange(len(rows)) < len(sentiment_rows)

    coefficients = np.zeros((BUCKETS, len(HEADS)))
    bias = np.zeros(len(HEADS))
    weight = np.array([SENTIMENT_SHARE.get(row.set, 1.0) for row in sentiment_rows])
    label = np.array([row.sentiment for row in sentiment_rows])
    _learn(
        coefficients,
        bias,
        columns=range(len(SENTIMENTS)),
        matrix=features.matrix[is_sentiment],
        label=label,
        weight=weight,
        cost=0.3,
    )
    bias[HEADS.index("neutral")] += _NEUTRAL_BIAS

    chosen, target = _friction_labels(rows)
    friction = HEADS.index("friction")
    _learn_binary(coefficients, bias, column=friction, matrix=features.matrix[chosen], target=target, cost=1.0)

    named, touchpoint, weight = _touchpoint_labels(rows, sets)
    first = friction + 1
    columns = [first + index for index in sorted(set(touchpoint.tolist()))]
    absent = [column for column in range(first, len(HEADS)) if column not in columns]
    _learn(
        coefficients,
        bias,
        columns=columns,
        matrix=features.matrix[named],
        label=touchpoint,
        weight=weight,
        cost=0.3,
    )
    # What was never seen in training is as likely as the average, not impossible.
    bias[absent] = 0.0

    table, scale = _quantise(coefficients, features.squared_idf)
    return _assembled(Weights(table, scale, bias, lexicon, cues, dict(DEFAULT_BLEND)), sets)


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
    for docs in minibatch(nlp.pipe(texts), 1000):
        tokens = Tokens.of(docs)
        indices.append(buckets(tokens, clause_rows(docs, tokens), lexicon, BUCKETS).ravel())
        lengths.append(np.diff(tokens.document_start) * FEATURES)
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
    return Features(sparse.csr_matrix(matrix, dtype=np.float32), squared)


def _learn(
    coefficients: NDArray[np.float64],
    bias: NDArray[np.float64],
    *,
    columns: Sequence[int],
    matrix: sparse.csr_matrix,
    label: NDArray[Any],
    weight: NDArray[np.float64],
    cost: float,
) -> None:
    # Classes weigh the square root of what would balance them: rare ones are heard, common ones stay likely.
    totals = np.bincount(label, weights=weight)
    balance = np.sqrt(totals.sum() / np.maximum(totals, 1) / (totals > 0).sum())
    # One margin a class; a softmax over twice the margins is close to calibrated on the development sets.
    model = LinearSVC(C=cost, random_state=SEED).fit(matrix, label, sample_weight=weight * balance[label])
    coefficients[:, list(columns)] = _SHARPNESS * model.coef_.T
    bias[list(columns)] = _SHARPNESS * model.intercept_


def _learn_binary(
    coefficients: NDArray[np.float64],
    bias: NDArray[np.float64],
    *,
    column: int,
    matrix: sparse.csr_matrix,
    target: NDArray[np.bool_],
    cost: float,
) -> None:
    model = LogisticRegression(C=cost, solver="liblinear", random_state=SEED).fit(matrix, target)
    coefficients[:, column] = model.coef_[0]
    bias[column] = model.intercept_[0]


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


def _friction_labels(rows: Sequence[Row]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    chosen, target = [], []
    for number, row in enumerate(rows):
        if row.set in FRICTION_SETS:
            chosen.append(number)
            target.append(row.label == "neg")
        elif row.set == "goemotions" and row.label != "neg":
            if number % 4 == 0:
                chosen.append(number)
                target.append(False)
        elif row.set == "cfpb_issue":
            chosen.append(number)
            target.append(True)
        elif row.set in INTENT_SETS and row.label not in {"contentonly", "oos", "outofdomain"}:
            problem = any(part in row.label.lower() for part in PROBLEM_LABELS)
            if problem or number % 3 == 0:
                chosen.append(number)
                target.append(problem)
    return np.array(chosen), np.array(target)


def _touchpoint_labels(
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
    behaviour.update(repr((weights.cues, sorted(weights.blend.items()), weights.bias.tolist())).encode())
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


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder that holds labels/.")
@click.option("--output", type=click.Path(path_type=Path), default=SHIPPED, help="Where the model is written.")
@click.option(
    "--cues-only", is_flag=True, help="Keep the learned weights of --output; renew cues and seed phrases."
)
def main(data: Path, output: Path, cues_only: bool) -> None:
    """Train the model and write it."""
    sets = LabelledSets(data)
    nlp = renew_cues(output, sets) if cues_only else build(sets)
    nlp.to_disk(output)
    click.echo(f"{nlp.meta['name']} {nlp.meta['version']} written to {output}")


if __name__ == "__main__":
    main()
