"""One Parquet file of a table: written in its final place and forced to disk."""

from __future__ import annotations

import uuid
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.tables import TableSpec
from transforms.delta import DataFile, fsync, table_path


def write_file(
    root: str, spec: TableSpec, rows: pa.Table, *, partition: str | None, written_at: datetime
) -> DataFile:
    """Write `rows` (columns of the table's schema) as one file nobody sees before its commit."""
    name = f"{uuid.uuid4().hex}.parquet"
    relative = f"{spec.partition}={partition}/{name}" if spec.partition else name
    path = table_path(root, spec) / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = rows.select(spec.schema.names).cast(spec.schema)
    pq.write_table(columns, path, compression="zstd", write_statistics=_statistics(spec), store_schema=False)
    fsync(path)
    ids = tuple(columns.column(spec.identity).to_pylist()) if spec.identity else ()
    return DataFile(spec.name, relative, partition, rows.num_rows, path.stat().st_size, written_at, ids)


def _statistics(spec: TableSpec) -> list[str]:
    """Columns whose range lets a reader skip a file; ranges of the others only make small files larger."""
    return [name for name in ("occurred_at", "received_at", "product") if name in spec.schema.names]
