"""Gives rows of `feedback` the scores of another model, as rows of `scores`."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from models.scorer import SCORES as SCORER_COLUMNS
from models.scorer import Scorer
from schemas.identity import score_id
from schemas.tables import SCORES
from transforms.score import SCORED_BY, scores_of

_COPIED: Final = (
    *("event_id", "source", "account", "native_id", "author_key"),  # whose it is, for erasures
    *("occurred_at", "received_at"),  # how old it is, for retention
)

RESCORED_BY: Final = (*_COPIED, *SCORED_BY)
"""The columns of `feedback` that `rescore` reads."""


def rescore(rows: pa.RecordBatch, scorer: Scorer) -> pa.RecordBatch:
    """Rows of `feedback` (columns `RESCORED_BY`) -> rows of `scores` without its stamps, row by row, in order.

    The stored language is taken as given. Deterministic: a row's scores do not depend on the other rows, and are those
    the event would have got had it come in with this model.
    """
    scores = scores_of(rows, scorer)
    ids = [score_id(event_id, scorer.version) for event_id in rows.column("event_id").to_pylist()]
    columns = {
        "score_id": pa.array(ids, pa.string()),
        **{name: rows.column(name) for name in _COPIED},
        **{name: scores.column(name) for name in SCORER_COLUMNS.names},
    }
    kept = [field for field in SCORES.schema if field.name in columns]
    return pa.RecordBatch.from_arrays([columns[field.name] for field in kept], schema=pa.schema(kept))
