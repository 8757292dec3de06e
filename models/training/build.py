"""From labelled sets to a spaCy pipeline."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import spacy
from scipy import sparse
from spacy.language import Language

from models import MODEL_NAME
from models.data import LabelledSets, Row
from models.heads import FeedbackHeads
from models.language import LANGUAGE
from models.scores import SENTIMENTS, TOUCHPOINTS
from models.training import fit
from models.training.corpus import (
    friction_labels,
    sentiment_labels,
    sentiment_rows_of,
    touchpoint_labels,
    touchpoint_rows_of,
)
from models.training.cues import cues, lexicon
from models.training.kept import Kept
from models.training.matrix import Matrix, matrix
from models.training.recipe import recipe
from models.weights import DEFAULT_BLEND, Weights

MODEL_RELEASE: Final = "0.2.0"
_MODELS: Final = Path(__file__).parents[1]

Say = Callable[[str], None]


def source_files(sets: LabelledSets) -> list[Path]:
    """All that a trained model depends on: the sets, the recipe and the code."""
    labels = sorted(path for path in sets.folder.rglob("*") if path.is_file())
    code = [path for path in sorted(_MODELS.glob("*")) if path.suffix in (".py", ".yaml") and path.is_file()]
    return [*labels, *code, *sorted(path for path in Path(__file__).parent.glob("*.*") if path.is_file())]


def build(sets: LabelledSets, say: Say, kept: Kept) -> Language:
    """Train on these sets; `kept` remembers each head that is finished."""
    sentiment_rows, touchpoint_rows = sentiment_rows_of(sets), touchpoint_rows_of(sets)
    rows = [*sentiment_rows, *touchpoint_rows]
    say(
        f"1/5 features of {len(sentiment_rows):,} texts with a sentiment, {len(touchpoint_rows):,} with a touchpoint"
    )
    known = kept.step("features", lambda: _arrays_of_matrix(_matrix(rows, say)))
    features = _matrix_of_arrays(known)

    def head(name: str, what: str, learn: Callable[[], fit.Head]) -> fit.Head:
        say(f"{what} (known from the run before)" if kept.has(name) else what)
        return fit.Head(**kept.step(name, lambda: vars(learn())))

    told = sentiment_labels(rows)
    apart = ", ".join(recipe().sentiment.calibration_sets)
    say(f"2/5 sharpness of the sentiment head, from a training without {apart}")
    factor = kept.step("sharpness", lambda: {"factor": np.array(fit.sharpness(rows, features, told))})["factor"]
    heads = [
        head("sentiment", "3/5 sentiment head", lambda: fit.sentiment(features, told, float(factor))),
        head("friction", "4/5 friction head", lambda: fit.friction(features, friction_labels(rows))),
        head(
            "touchpoints",
            "5/5 touchpoint head",
            lambda: fit.touchpoints(features, touchpoint_labels(rows, sets)),
        ),
    ]
    return _assembled(_weights(heads, features), sets)


def build_touchpoints(sets: LabelledSets, leave_out: Collection[str], say: Say = lambda step: None) -> Language:
    """A pipeline that learned touchpoints as `build` does, but without the sets left out.

    Its sentiment and friction know cues only. What a touchpoint is in a domain never seen can be asked of it, in a
    third of the time that all heads would take.
    """
    rows = touchpoint_rows_of(sets, leave_out)
    features = _matrix(rows, say)
    return _assembled(_weights([fit.touchpoints(features, touchpoint_labels(rows, sets))], features), sets)


def renew_cues(model: Path, sets: LabelledSets) -> Language:
    """The model with the learned weights it has, and the cues, seed phrases and blend of this version."""
    heads = spacy.load(model).get_pipe("feedback_heads")
    assert isinstance(heads, FeedbackHeads)
    return _assembled(replace(heads.weights, cues=cues(), blend=dict(DEFAULT_BLEND)), sets)


def _matrix(rows: Sequence[Row], say: Say) -> Matrix:
    return matrix([row.text for row in rows], lexicon(), say)


def _arrays_of_matrix(features: Matrix) -> dict[str, Any]:
    buckets = features.buckets
    return {
        "data": buckets.data,
        "indices": buckets.indices,
        "indptr": buckets.indptr,
        "shape": np.array(buckets.shape),
        "tones": features.tones,
        "squared_idf": features.squared_idf,
    }


def _matrix_of_arrays(arrays: Mapping[str, Any]) -> Matrix:
    buckets = sparse.csr_matrix(
        (arrays["data"], arrays["indices"], arrays["indptr"]), shape=tuple(arrays["shape"])
    )
    return Matrix(buckets, arrays["tones"], arrays["squared_idf"])


def _weights(heads: Sequence[fit.Head], features: Matrix) -> Weights:
    table, scale, bias, tones = fit.quantised(heads, features.squared_idf)
    return Weights(table, scale, bias, tones, lexicon(), cues(), dict(DEFAULT_BLEND))


def _assembled(weights: Weights, sets: LabelledSets) -> Language:
    # A fresh vocabulary: the words of the training texts are nobody's business.
    nlp = spacy.blank(LANGUAGE)
    nlp.add_pipe("clauses")
    heads = nlp.add_pipe("feedback_heads")
    assert isinstance(heads, FeedbackHeads)
    heads.use(weights)
    nlp.meta.update(_meta(sets, weights))
    return nlp


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
