"""Makes a model of a user's own: their touchpoints and seeds, and what their labels teach, on top of a base model.

Each group of labels (touchpoint, sentiment, friction) gets a linear head over the hashed features of the labelled
clauses and the base model's probabilities (`models.adapted`): a support vector machine a class, whose margins on rows
it did not learn from are weighed against the base model's evidence by maximum likelihood (Platt 1999, in the form of
stacking, Wolpert 1992). Few labels leave the weight with the base; many move it to the head. A group whose corrected
scores are not better than the base's on rows kept back, in log loss and in macro-F1, stays as it was.

Rows with the same text are never on both sides. Deterministic; needs scikit-learn (the extra `train`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import spacy
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from sklearn.metrics import f1_score
from sklearn.svm import LinearSVC
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch

from models.adapted import GROUPS, Adapted, probabilities
from models.cues import PRODUCT_KEY
from models.features import FEATURES, TONES, token_features, tone
from models.heads import FeedbackHeads, Reading
from models.own_words import MAX_SCORED_CHARACTERS
from models.phrases import Phrase, PhraseTable
from models.scores import SENTIMENTS, TOUCHPOINTS
from models.segments import clause_rows, segment_sums
from models.weights import Weights
from schemas.errors import UsageError
from schemas.label import Label
from schemas.own_touchpoints import NO_OWN, OwnSeeds, OwnTouchpoints

SEED: Final = 20261122
DEFAULT_PRECISION: Final = 0.8
"""Share of the touchpoints given that should be right."""

_FOLDS: Final = 5
_STRENGTHS: Final = (0.1, 0.3, 1.0)
"""Inverse regularisation of the head; cross-validation chooses."""
_TOLERANCE: Final = 1e-2
_FEWEST: Final = 10
"""Different labelled texts of a group below which nothing is learned from them."""
_FEWEST_NAMED: Final = 20
"""Named rows below which a precision says nothing."""
_SHARE_PRIOR, _GAIN_PRIOR, _BIAS_PRIOR = 0.5, 2.0, 1.0
"""How far, as standard deviations, the share of the base, the gain of the head and the biases may stray unasked."""
_INT8_MOST: Final = 127
_NEVER: Final = -1.0
"""Margin of a class without labels: what a support vector machine says of what it is sure is not meant."""


@dataclass(frozen=True)
class Judged:
    """Scores of one group on labelled rows, all by models that did not learn from them. Shares are 0 to 1.

    `coverage` is the share of rows given a touchpoint, `precision` the share of these that is right; for sentiment and
    friction all rows are given a class.
    """

    macro_f1: float
    log_loss: float
    coverage: float
    precision: float


@dataclass(frozen=True)
class GroupReport:
    """What the labels of one group did. `learned` is False where the base model was kept."""

    group: str
    labels: int
    learned: bool
    before: Judged
    after: Judged


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


@dataclass(frozen=True)
class Fit:
    """One group's correction, before it is put into the table of a model."""

    coefficients: NDArray[np.float64]
    """A row a column of the evidence; columns are buckets, tones, base probabilities."""
    bias: NDArray[np.float64]
    share: float


def with_own(base: Language, own: OwnTouchpoints) -> Weights:
    """The weights of a base model with a user's touchpoints and seeds.

    Raises `UsageError` for a phrase that the tokenizer cuts into too many words, and where `base` was adapted before.
    """
    weights = _heads(base).weights
    if weights.touchpoints != TOUCHPOINTS or weights.products or weights.adapted:
        raise UsageError(
            f"the base model {base.meta['name']}-{base.meta['version']} was adapted before; adapt the model it was "
            "made from, with all labels"
        )
    weights = replace(weights, touchpoints=own.names)
    column = {name: number for number, name in enumerate(weights.columns_of_cues)}

    def cues(seeds: dict[str, OwnSeeds]) -> list[Phrase]:
        phrases = []
        for touchpoint, given in seeds.items():
            for text, weight in given.weighted():
                phrase = Phrase(text, column[touchpoint], weight)
                try:
                    PhraseTable(base, [phrase])
                except ValueError as error:
                    raise UsageError(f"{own.where(text)}: {error}") from None
                phrases.append(phrase)
        return phrases

    return replace(
        weights,
        cues=[*weights.cues, *cues(dict(own.seeds))],
        products={name.strip().casefold(): cues(dict(seeds)) for name, seeds in own.products.items()},
    )


def adapt(
    base: Path,
    labels: Sequence[Label],
    own: OwnTouchpoints = NO_OWN,
    *,
    precision: float = DEFAULT_PRECISION,
    name: str = "adapted",
) -> tuple[Language, list[GroupReport]]:
    """A model of `base`, a model's folder, with own touchpoints and what `labels` teach; and how it was judged.

    `precision` is the share of the touchpoints given that should be right; where no threshold reaches it on rows kept
    back, the base model's stays. Raises `UsageError`.
    """
    reader = spacy.load(base)
    weights = with_own(reader, own)
    _heads(reader).use(weights)
    adapted, reports = learn(weights, see(reader, labels), labels, precision) if labels else (weights, [])
    # Loaded afresh: the vocabulary of the one that read the labels knows their words, which are nobody's business.
    nlp = spacy.load(base)
    _heads(nlp).use(adapted)
    nlp.meta.update(_meta(nlp, name, labels, own, precision))
    return nlp, reports


def learn(
    weights: Weights, seen: Seen, labels: Sequence[Label], precision: float = DEFAULT_PRECISION
) -> tuple[Weights, list[GroupReport]]:
    """The weights corrected by labels, `seen` with the same weights; and how each group of labels was judged."""
    fits: dict[str, Fit] = {}
    reports = []
    blend = dict(weights.blend)
    for group in GROUPS:
        rows, target = _targets(group, labels, weights.touchpoints)
        texts = [_wording(labels[row]) for row in rows]
        if len(set(texts)) < _FEWEST:
            continue
        fit, threshold, report = _fit_group(
            group, _matrix(seen, group, weights.table[:, -1])[rows], seen.evidence[group][rows], target,
            texts, blend["touchpoint_threshold"], precision,
        )  # fmt: skip
        reports.append(report)
        if report.learned:
            fits[group] = fit
            if group == "touchpoint":
                blend["touchpoint_threshold"] = threshold
    about = [label for label in labels if label.touchpoint is not None]
    whole = "touchpoint" in fits and 2 * sum(label.whole_text for label in about) > len(about)
    return replace(_with_columns(weights, fits), blend=blend, whole_texts=whole), reports


def scored(weights: Weights, seen: Seen, group: str) -> NDArray[np.float64]:
    """Probabilities of a group's classes, as these weights, which may be corrected, score what was seen."""
    evidence = seen.evidence[group]
    if group in weights.adapted:
        columns = weights.columns_of_group(group)
        length = np.sqrt(np.maximum(seen.buckets @ weights.table[:, -1].astype(np.float64), 1))[:, None]
        sums = seen.buckets @ weights.table[:, columns].astype(np.float64)
        logits = (
            sums * weights.scale[columns] / length + weights.bias[columns] + seen.tones @ weights.tone[:, columns]
        )
        evidence = weights.adapted[group].apply(evidence, logits)
    return probabilities(evidence)


def see(nlp: Language, labels: Sequence[Label]) -> Seen:
    """What the model `nlp`, without corrections, sees of the labelled clauses or of whole texts, a row a label.

    `labels` are one or more; what they say is not looked at.
    """
    heads = _heads(nlp)
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


def _heads(nlp: Language) -> FeedbackHeads:
    heads = nlp.get_pipe("feedback_heads")
    if not isinstance(heads, FeedbackHeads):
        raise UsageError(f"the model {nlp.meta['name']} was not made by `tribometer train`; name one that was")
    return heads


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


def _targets(
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


def _matrix(seen: Seen, group: str, squared_idf: NDArray[Any]) -> sparse.csr_matrix:
    """Rows of length one over the buckets, then tones, then the base model's probabilities."""
    length = np.sqrt(np.maximum(seen.buckets @ squared_idf.astype(np.float64), 1))
    buckets = sparse.diags(1 / length) @ seen.buckets @ sparse.diags(np.sqrt(squared_idf.astype(np.float64)))
    return sparse.hstack([buckets, seen.tones, probabilities(seen.evidence[group])]).tocsr()


def _fit_group(
    group: str,
    matrix: sparse.csr_matrix,
    evidence: NDArray[np.float64],
    target: NDArray[np.int64],
    texts: Sequence[str],
    threshold: float,
    precision: float,
) -> tuple[Fit, float, GroupReport]:
    """The correction of one group, the probability below which nothing is named, and how both were judged."""
    single = evidence.shape[1] == 1
    base = np.column_stack([np.zeros(len(evidence)), evidence]) if single else evidence
    folds = _folds(texts, target)
    other = base.shape[1] - 1 if group == "touchpoint" else None
    before = probabilities(base)

    def tried(strength: float) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        margins = np.empty_like(base)
        for fold in range(_FOLDS):
            kept = folds == fold
            coefficients, bias = _head(matrix[~kept], target[~kept], base.shape[1], strength)
            margins[kept] = matrix[kept] @ coefficients.T + bias
        after = np.empty_like(base)
        for fold in range(_FOLDS):
            kept = folds == fold
            share, gain, bias = _weighed(base[~kept], margins[~kept], target[~kept])
            after[kept] = probabilities(share * base[kept] + gain * margins[kept] + bias)
        return strength, margins, after

    strength, margins, after = min(map(tried, _STRENGTHS), key=lambda each: _log_loss(each[2], target))
    reached = _threshold(after, target, other, precision)
    after_threshold = threshold if reached is None else reached or threshold
    old, new = _judged(before, target, other, threshold), _judged(after, target, other, after_threshold)
    learned = new.log_loss < old.log_loss and new.macro_f1 >= old.macro_f1
    share, gain, bias = _weighed(base, margins, target)
    coefficients, intercepts = _head(matrix, target, base.shape[1], strength)
    coefficients, bias = gain * coefficients, gain * intercepts + bias
    if single:
        coefficients, bias = coefficients[1:] - coefficients[:1], bias[1:] - bias[:1]
    report = GroupReport(group, len(target), learned, old, new if learned else old)
    return Fit(coefficients, bias, share), after_threshold, report


def _folds(texts: Sequence[str], target: NDArray[np.int64]) -> NDArray[np.int64]:
    """A fold a row: the same text always in the same, the classes spread over all."""
    chance = np.random.default_rng(SEED).permutation(len(texts))
    fold_of: dict[str, int] = {}
    for row in np.lexsort((chance, target)):
        fold_of.setdefault(texts[row], len(fold_of) % _FOLDS)
    return np.array([fold_of[text] for text in texts])


def _wording(label: Label) -> str:
    """The labelled text without what copies of it differ in."""
    return " ".join(label.text.casefold().split())


def _head(
    matrix: sparse.csr_matrix, target: NDArray[np.int64], classes: int, strength: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients, a row a class, and intercepts; a class without rows is sure not to be meant."""
    coefficients, bias = np.zeros((classes, matrix.shape[1])), np.full(classes, _NEVER)
    present = np.unique(target)
    if len(present) == 1:
        bias[present] = -_NEVER
        return coefficients, bias
    used = np.flatnonzero(matrix.getnnz(axis=0))
    model = LinearSVC(C=strength, class_weight="balanced", tol=_TOLERANCE, random_state=SEED)
    model.fit(matrix[:, used], target)
    # Of two classes there is one set of coefficients, for the second.
    signs = np.array([-1.0, 1.0]) if len(present) == 2 else np.ones(len(present))
    coefficients[np.ix_(present, used)] = signs[:, None] * model.coef_
    bias[present] = signs * model.intercept_
    return coefficients, bias


def _weighed(
    base: NDArray[np.float64], margins: NDArray[np.float64], target: NDArray[np.int64]
) -> tuple[float, float, NDArray[np.float64]]:
    """Share of the base's evidence, gain of the head's margins, and biases, that make the labels likeliest.

    With a normal prior each: nothing strays from the base unless labels say so. Rare classes are heard and common ones
    stay likely: a row weighs by the square root of what would balance its class.
    """
    rows, classes = np.arange(len(target)), base.shape[1]
    weight = np.sqrt(len(target) / np.bincount(target, minlength=classes)[target])
    weight /= weight.mean()

    def surprise(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        share, gain, bias = values[0], values[1], values[2:]
        p = probabilities(share * base + gain * margins + bias)
        wrong = p.copy()
        wrong[rows, target] -= 1
        wrong *= weight[:, None]
        astray = np.array([(share - 1) / _SHARE_PRIOR, gain / _GAIN_PRIOR, *(bias / _BIAS_PRIOR)])
        spread = np.array([_SHARE_PRIOR, _GAIN_PRIOR, *[_BIAS_PRIOR] * classes])
        slope = np.array([np.sum(wrong * base), np.sum(wrong * margins), *wrong.sum(axis=0)])
        surprises = -weight * np.log(np.maximum(p[rows, target], np.finfo(float).tiny))
        value = surprises.sum() + np.sum(astray**2) / 2
        return float(value), slope + astray / spread

    start = np.array([1.0, 0.0, *np.zeros(classes)])
    bounds = [(0, None), (0, None), *[(None, None)] * classes]
    found = minimize(surprise, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return float(found[0]), float(found[1]), found[2:]


def _log_loss(p: NDArray[np.float64], target: NDArray[np.int64]) -> float:
    return float(-np.log(np.maximum(p[np.arange(len(target)), target], np.finfo(float).tiny)).mean())


def _threshold(
    p: NDArray[np.float64], target: NDArray[np.int64], other: int | None, precision: float
) -> float | None:
    """The lowest probability from which on the touchpoints named are right as often as asked; None if there is none."""
    best = np.argmax(p, axis=1)
    named = np.flatnonzero(best != other)
    named = named[np.argsort(-p[named, best[named]], kind="stable")]
    right = np.cumsum(best[named] == target[named]) / np.arange(1, len(named) + 1)
    enough = np.flatnonzero(right[_FEWEST_NAMED - 1 :] >= precision) + _FEWEST_NAMED - 1
    if not len(enough):
        return None
    # Where all that was named is right often enough, nothing tells where it would begin to be wrong.
    last = named[enough[-1]]
    return 0.0 if enough[-1] == len(named) - 1 else float(p[last, best[last]])


def _judged(p: NDArray[np.float64], target: NDArray[np.int64], other: int | None, threshold: float) -> Judged:
    best = np.argmax(p, axis=1)
    named = np.ones(len(best), dtype=bool)
    if other is not None:
        named = (best != other) & (p[np.arange(len(best)), best] >= threshold)
    # Where nobody labelled a row `other` it is no answer, and a model that gives it must not look the worse for it.
    answer = best if other is None or (target == other).any() else np.argmax(np.delete(p, other, axis=1), axis=1)
    return Judged(
        float(f1_score(target, answer, labels=np.unique(target), average="macro", zero_division=0)),
        _log_loss(p, target),
        float(named.mean()),
        float((best == target)[named].mean()) if named.any() else 0.0,
    )


def _with_columns(weights: Weights, fits: dict[str, Fit]) -> Weights:
    """The weights with a column for each corrected class, as small integers like the others."""
    idf = np.sqrt(weights.table[:, -1].astype(np.float64))
    buckets = len(weights.table)
    tables, scales, biases, tones = [weights.table[:, :-1]], [weights.scale], [weights.bias], [weights.tone]
    adapted: dict[str, Adapted] = {}
    for group in GROUPS:
        if group not in fits:
            continue
        fit = fits[group]
        weighted = fit.coefficients[:, :buckets].T * idf[:, None]
        scale = np.maximum(np.abs(weighted).max(axis=0), np.finfo(float).tiny) / _INT8_MOST
        tables.append(np.round(weighted / scale).astype(np.int16))
        scales.append(scale)
        biases.append(fit.bias)
        tones.append(fit.coefficients[:, buckets : buckets + TONES].T)
        adapted[group] = Adapted(fit.share, fit.coefficients[:, buckets + TONES :].T)
    return replace(
        weights,
        table=np.concatenate([*tables, weights.table[:, -1:]], axis=1),
        scale=np.concatenate(scales),
        bias=np.concatenate(biases),
        tone=np.concatenate(tones, axis=1),
        adapted=adapted,
    )


def _meta(
    base: Language, name: str, labels: Sequence[Label], own: OwnTouchpoints, precision: float
) -> dict[str, Any]:
    """What the model says of itself; its version is the base's and a digest of all that made it another."""
    given = sorted((*label.key, *map(str, label.given), label.product or "", label.text) for label in labels)
    seeds = {touchpoint: sorted(its.weighted()) for touchpoint, its in sorted(own.seeds.items())}
    products = {
        product: {touchpoint: sorted(its.weighted()) for touchpoint, its in sorted(touchpoints.items())}
        for product, touchpoints in sorted(own.products.items())
    }
    everything = repr((given, own.names, seeds, products, precision))
    digest = hashlib.sha256(everything.encode("utf-8", "replace")).hexdigest()[:8]
    return {
        "name": name,
        "version": f"{base.meta['version']}.{digest}",
        "description": f"{base.meta['name']} {base.meta['version']}, adapted with {len(labels):,} labels of its user",
        "own_touchpoints": dict(own.definitions),
    }
