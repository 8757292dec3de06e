"""Rows of single files of a table, whichever version wrote them, named by a log or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.tables.disk import stored_files
from schemas.tables import TableSpec
from transforms.delta import LiveFile, table_path


def read_columns(path: Path, spec: TableSpec, names: Iterable[str]) -> pa.Table:
    """The named columns of a file; those younger than the file are null."""
    wanted = list(names)
    with pq.ParquetFile(path) as file:
        rows = file.read([name for name in wanted if name in file.schema_arrow.names])
    for name in wanted:
        if name not in rows.schema.names:
            rows = rows.append_column(name, pa.nulls(rows.num_rows, spec.schema.field(name).type))
    return rows


def read_chunks(path: Path, names: Iterable[str], *, rows: int, size_bytes: int) -> Iterator[pa.RecordBatch]:
    """The named columns of a file, `rows` rows at a time, or fewer where so many take more than `size_bytes`."""
    with pq.ParquetFile(path) as file:
        footer = file.metadata
        held = sum(footer.row_group(group).total_byte_size for group in range(footer.num_row_groups))
        mean_bytes = max(held // max(footer.num_rows, 1), 1)
        yield from file.iter_batches(max(min(rows, size_bytes // mean_bytes), 1), columns=list(names))


def place_of(root: str, spec: TableSpec, file: LiveFile) -> Path:
    """Where a file of a snapshot lies."""
    return table_path(root, spec) / file.path


def stored_paths(root: str, spec: TableSpec) -> list[Path]:
    """Every Parquet file below the table's folder, whether its log names it or not."""
    return [table_path(root, spec) / file.path for file in stored_files(root, spec)]
