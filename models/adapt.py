"""Makes a model of a user's own: their touchpoints and seeds, and what their labels teach, on top of a base model.

Each group of labels (touchpoint, sentiment, friction) gets a correction of its own (`models.correction`). A group whose
corrected scores are not better than the base's on rows kept back, in log loss and in macro-F1, stays as it was.

Deterministic; needs scikit-learn (the extra `train`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import spacy
from numpy.typing import NDArray
from spacy.language import Language

from models.adapted import GROUPS, Adapted, probabilities
from models.correction import Fit, design, fit_group
from models.features import TONES
from models.judging import GroupReport
from models.labelled import Seen, heads_of, see, targets, wording
from models.phrases import Phrase, PhraseTable
from models.scores import TOUCHPOINTS
from models.weights import Weights
from schemas.errors import UsageError
from schemas.label import Label
from schemas.own_touchpoints import NO_OWN, OwnSeeds, OwnTouchpoints

DEFAULT_PRECISION: Final = 0.8
"""Share of the touchpoints given that should be right."""

_FEWEST: Final = 10
"""Different labelled texts of a group below which nothing is learned from them."""
_INT8_MOST: Final = 127


def with_own(base: Language, own: OwnTouchpoints) -> Weights:
    """The weights of a base model with a user's touchpoints and seeds.

    Raises `UsageError` for a phrase that the tokenizer cuts into too many words, and where `base` was adapted before.
    """
    weights = heads_of(base).weights
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
    heads_of(reader).use(weights)
    adapted, reports = learn(weights, see(reader, labels), labels, precision) if labels else (weights, [])
    # Loaded afresh: the vocabulary of the one that read the labels knows their words, which are nobody's business.
    nlp = spacy.load(base)
    heads_of(nlp).use(adapted)
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
        rows, target = targets(group, labels, weights.touchpoints)
        texts = [wording(labels[row]) for row in rows]
        if len(set(texts)) < _FEWEST:
            continue
        fit, threshold, report = fit_group(
            group, design(seen, group, weights.table[:, -1])[rows], seen.evidence[group][rows], target,
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
