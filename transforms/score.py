"""Gives every event its scores, and every clause of it a mention.

`score` is the pure function, `Score` the PTransform that applies it with a model loaded once per process.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from models.scorer import Scorer, load_scorer
from schemas.arrow import REDACTED, SCORED

__all__ = ["SCORED_BY", "Score", "Scorer", "load_scorer", "score", "scores_of"]


def score(batch: pa.RecordBatch, scorer: Scorer) -> pa.RecordBatch:
    """Events with their scores: a batch in `REDACTED` becomes one in `SCORED`, row by row, in order.

    Reads `text`, `rating` (-1..1), `language`, `deleted` and `product`; `language` is filled in where the source
    did not say. An event without scores says why in `unscored_reason`. Deterministic: a row's scores do not depend
    on the other rows.
    """
    scores = scores_of(batch, scorer)
    given = batch.column("language")
    columns = [batch.column(field.name) for field in REDACTED]
    columns[REDACTED.get_field_index("language")] = pc.coalesce(given, scores.column("language"))
    columns += [scores.column(field.name) for field in SCORED if field.name not in REDACTED.names]
    return pa.RecordBatch.from_arrays(columns, schema=SCORED)


SCORED_BY: Final = ("text", "rating", "language", "deleted", "product")
"""The columns of an event that its scores depend on."""


def scores_of(rows: pa.RecordBatch, scorer: Scorer) -> pa.RecordBatch:
    """What the scorer says of rows that have the columns `SCORED_BY`: `models.scorer.SCORES`, row by row, in order."""
    return scorer.score(*(rows.column(name).to_pylist() for name in SCORED_BY))


@dataclass
class Score(beam.PTransform):
    """Record batches in `REDACTED` -> record batches in `SCORED`; `model` is a folder, None the shipped one."""

    model: str | None = None

    def expand(self, batches: beam.PCollection[pa.RecordBatch]) -> beam.PCollection[pa.RecordBatch]:
        return batches | "ScoreBatch" >> beam.ParDo(_ScoreFn(self.model))


class _ScoreFn(beam.DoFn):
    def __init__(self, model: str | None) -> None:
        self._model = model

    def setup(self) -> None:
        self._scorer = load_scorer(self._model)

    def process(self, batch: pa.RecordBatch) -> Iterable[pa.RecordBatch]:
        yield score(batch, self._scorer)
