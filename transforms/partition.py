"""Partition: a scored event goes to two tables, each row to the partition its immutable date names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from schemas import tables
from schemas.event import INVALID_DAY, PLAUSIBLE_YEARS
from schemas.tables import TableSpec

Destination = tuple[str, int]
"""Table name and shard: rows of one destination are written by one worker."""


def partition(batch: pa.RecordBatch, *, keep_raw: bool) -> Iterator[tuple[TableSpec, pa.RecordBatch]]:
    """Rows for `raw` (restricted, with the bytes) and for `feedback` (without), each with its partition column.

    In: `arrow.SCORED`. Out: the table and a record batch that ends in the table's partition column.
    """
    instants = batch.column("occurred_at")
    plausible = pc.is_in(pc.year(instants), pa.array(PLAUSIBLE_YEARS, pa.int64()))
    if keep_raw:
        raw = batch.select(tables.RAW.schema.names)
        yield tables.RAW, _with_partition(raw, tables.RAW, instants, plausible, "%Y-%m")
    columns = [name for name in batch.schema.names if name != "payload"]
    feedback = batch.select(columns)
    yield tables.FEEDBACK, _with_partition(feedback, tables.FEEDBACK, instants, plausible, "%Y-%m-%d")


def _with_partition(
    batch: pa.RecordBatch, spec: TableSpec, instants: pa.Array, plausible: pa.Array, pattern: str
) -> pa.RecordBatch:
    labels = pc.if_else(plausible, pc.strftime(instants, format=pattern), INVALID_DAY)
    return batch.append_column(spec.partition, labels)


class _PartitionFn(beam.DoFn):
    def __init__(self, shards: int, keep_raw: bool) -> None:
        self._shards = shards
        self._keep_raw = keep_raw

    def process(self, element: pa.RecordBatch) -> Iterator[tuple[Destination, pa.RecordBatch]]:
        for spec, rows in partition(element, keep_raw=self._keep_raw):
            yield from shard(spec, rows, self._shards)


def shard(spec: TableSpec, rows: pa.RecordBatch, shards: int) -> Iterator[tuple[Destination, pa.RecordBatch]]:
    """Split rows so that one partition of the table always has one shard."""
    if shards == 1 or spec.partition is None:
        yield (spec.name, 0), rows
        return
    labels = rows.column(spec.partition).dictionary_encode()
    of_label = pa.array([sum(label.as_py().encode()) % shards for label in labels.dictionary], pa.int32())
    numbers = of_label.take(labels.indices)
    for number in sorted(pc.unique(numbers).to_pylist()):
        yield (spec.name, number), rows.filter(pc.equal(numbers, number))


@dataclass
class Partition(beam.PTransform):
    """`PCollection[RecordBatch SCORED] -> PCollection[(Destination, RecordBatch)]`."""

    shards: int = 1
    keep_raw: bool = True

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, scored: beam.PCollection) -> beam.PCollection:
        return scored | "PartitionRows" >> beam.ParDo(_PartitionFn(self.shards, self.keep_raw)).with_output_types(
            tuple[tuple[str, int], pa.RecordBatch]
        )
