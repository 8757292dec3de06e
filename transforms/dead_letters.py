"""Dead letters: every step's refusals take one road to one table."""

from __future__ import annotations

from collections.abc import Iterator

import apache_beam as beam
import pyarrow as pa

from schemas import tables
from schemas.dead_letter import DeadLetter, dead_letter_batch


class _ToRowsFn(beam.DoFn):
    def process(self, element: list[DeadLetter]) -> Iterator[tuple[tuple[str, int], pa.RecordBatch]]:
        if element:
            yield (tables.DEAD_LETTERS.name, 0), dead_letter_batch(element)


class RouteDeadLetters(beam.PTransform):
    """`tuple of PCollection[list[DeadLetter]] -> PCollection[(Destination, RecordBatch)]`."""

    def expand(self, failures: tuple[beam.PCollection, ...]) -> beam.PCollection:
        return (
            failures
            | "AllSteps" >> beam.Flatten()
            | "ToRows" >> beam.ParDo(_ToRowsFn()).with_output_types(tuple[tuple[str, int], pa.RecordBatch])
        )
