"""Write: rows become Parquet files in their final place, durable and not yet visible.

No rename and no temporary folder: a file counts only once the table's log names it, so a crash leaves orphans
that no reader sees. Within a batch the first row of an identity is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from schemas.tables import TABLES, TableSpec
from transforms.delta import DataFile
from transforms.elements import BatchId, Clock
from transforms.parquet import write_file

_ROW_ORDER: Final = ("occurred_at", "received_at")
"""Rows of a file are sorted by these and the identity, so that input order leaves no trace."""

_WRITERS: Final = 4
"""Threads that write and fsync: waiting for the disk releases the interpreter."""


def write(
    root: str, spec: TableSpec, batches: Iterable[pa.RecordBatch], *, batch_id: str, clock: Clock
) -> list[DataFile]:
    """Write rows of one table, one file a partition, each forced to disk.

    In: record batches in the table's schema without `committed_at` and `batch_id`, plus the partition column.
    """
    table = pa.Table.from_batches(list(batches)).combine_chunks()
    table, repeated = _first_of_each(table, spec)
    written_at = clock()
    stamps = {"committed_at": pa.scalar(written_at, pa.timestamp("us", tz="UTC")), "batch_id": pa.scalar(batch_id)}
    for name in spec.schema.names:
        if name in stamps and name not in table.schema.names:
            table = table.append_column(name, pa.repeat(stamps[name], table.num_rows))
    table = in_row_order(table, spec)
    slices = list(_by_partition(table, spec))
    repeated_in = {label: repeated.get(label, 0) for label, _ in slices}

    def write_one(part: tuple[str | None, pa.Table]) -> DataFile:
        label, rows = part
        file = write_file(root, spec, rows, partition=label, written_at=written_at)
        return replace(file, repeated=repeated_in[label])

    if len(slices) == 1:
        return [write_one(slices[0])]
    with ThreadPoolExecutor(_WRITERS) as writers:
        return list(writers.map(write_one, slices))


def in_row_order(table: pa.Table, spec: TableSpec) -> pa.Table:
    """Rows in the order of a file: by partition, where it is a column, by time and by identity."""
    wanted = (spec.partition, *_ROW_ORDER, spec.identity)
    order = [(name, "ascending") for name in wanted if name is not None and name in table.schema.names]
    return table.sort_by(order) if order else table


def _first_of_each(table: pa.Table, spec: TableSpec) -> tuple[pa.Table, dict[str | None, int]]:
    """Keep the first row of each identity; count the others by partition."""
    if spec.identity is None:
        return table, {}
    numbered = table.select([spec.identity]).append_column("row", pa.array(range(table.num_rows), pa.int64()))
    first = numbered.group_by(spec.identity).aggregate([("row", "min")]).column("row_min").combine_chunks()
    if len(first) == table.num_rows:
        return table, {}
    kept = pa.array(sorted(first.to_pylist()), pa.int64())
    dropped = pc.invert(pc.is_in(numbered.column("row"), kept))
    if spec.partition is None:
        counts: dict[str | None, int] = {None: table.num_rows - len(kept)}
    else:
        tally = pc.value_counts(table.column(spec.partition).filter(dropped))
        counts = {entry["values"]: entry["counts"] for entry in tally.to_pylist()}
    return table.take(kept), counts


def _by_partition(table: pa.Table, spec: TableSpec) -> Iterator[tuple[str | None, pa.Table]]:
    """Slices of a table sorted by its partition column."""
    if spec.partition is None:
        yield None, table
        return
    runs = pc.run_end_encode(table.column(spec.partition).combine_chunks())
    start = 0
    for end, label in zip(runs.run_ends.to_pylist(), runs.values.to_pylist(), strict=True):
        yield label, table.slice(start, end - start)
        start = end


class _WriteFn(beam.DoFn):
    def __init__(self, root: str, batch_id: BatchId, clock: Clock) -> None:
        self._root = root
        self._batch_id = batch_id
        self._clock = clock

    def process(self, element: tuple[tuple[str, int], Iterable[pa.RecordBatch]]) -> Iterator[DataFile]:
        (name, _), batches = element
        yield from write(self._root, TABLES[name], batches, batch_id=self._batch_id(), clock=self._clock)


@dataclass
class Write(beam.PTransform):
    """`PCollection[(Destination, RecordBatch)] -> PCollection[DataFile]`."""

    root: str
    batch_id: BatchId
    clock: Clock

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, rows: beam.PCollection) -> beam.PCollection:
        return (
            rows
            | "GroupByDestination" >> beam.GroupByKey()
            | "WriteFiles"
            >> beam.ParDo(_WriteFn(self.root, self.batch_id, self.clock)).with_output_types(DataFile)
        )
