"""Rows of single files of a table, whichever version wrote them, named by a log or not."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

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


def place_of(root: str, spec: TableSpec, file: LiveFile) -> Path:
    """Where a file of a snapshot lies; the log spells its path as in an address."""
    return table_path(root, spec) / unquote(file.path)
