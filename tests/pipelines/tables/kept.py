"""Small tables to look after, and what stands in them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pyarrow as pa

from schemas import tables
from schemas.tables import TableSpec
from tests.pipelines.feedback_table import dead_letter, event, launch, mention, store, store_small
from transforms.delta import LiveFile, live_files, open_table
from transforms.parquet import read_file

DAYS = ("2024-03-01", "2024-03-02", "2024-03-03")


def feedback_row(batch: int, day: str, **others: Any) -> dict[str, Any]:
    return event(f"{batch}-{day}", day, mention("billing", 0.9), author=f"author-{batch}", **others)


def fill(root: str, batches: int = 5) -> None:
    """A row a day in every batch of `feedback`, a dead letter, and a launch."""
    for batch in range(batches):
        store(root, [feedback_row(batch, day) for day in DAYS], batch_id=f"batch-{batch}")
        store_small(root, tables.DEAD_LETTERS, [dead_letter("tickets", f"{{{batch}".encode())])
        store_small(root, tables.LAUNCHES, [launch(f"launch-{batch}", "app", DAYS[0])])


def files(root: str, spec: TableSpec) -> list[LiveFile]:
    table = open_table(root, spec)
    return [] if table is None else live_files(table)


def content(root: str, spec: TableSpec) -> str:
    """A digest of the table's rows with their partitions, whatever the files they are in."""
    parts = [
        read_file(root, spec, file).append_column("partition", [[file.partition] * file.rows])
        for file in files(root, spec)
    ]
    rows = sorted(map(repr, pa.concat_tables(parts).to_pylist()))
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def on_disk(root: str, spec: TableSpec) -> set[str]:
    folder = Path(root) / spec.name
    return {str(path.relative_to(folder)) for path in folder.rglob("*.parquet") if "_delta_log" not in path.parts}
