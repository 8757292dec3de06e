"""Status: how large and how fresh a table is, and what maintenance would bring. From the log; no file is opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from pipelines.tables.compact import mergeable
from pipelines.tables.disk import stored_files
from schemas.tables import TableSpec
from transforms.delta import live_files, open_table
from transforms.delta_log import entry_paths


@dataclass(frozen=True)
class TableStatus:
    """`committed_at` is the time of the newest log entry by the file system's clock.

    `small_files` are those that compaction would merge now. `reclaimable_bytes` are in `reclaimable_files`, which no
    snapshot names: removed, left by a crash, or just being written. Vacuum deletes them once they are old enough.
    """

    table: str
    rows: int
    files: int
    size_bytes: int
    partitions: int
    version: int
    committed_at: datetime | None
    small_files: int
    reclaimable_files: int
    reclaimable_bytes: int


def status(root: str, spec: TableSpec) -> TableStatus:
    """The table at its newest version. Raises `TribometerError` where its log cannot be read."""
    stored = list(stored_files(root, spec))
    table = open_table(root, spec)
    files = [] if table is None else live_files(table)
    named = {file.path for file in files}
    reclaimable = [file for file in stored if file.path not in named]
    newest = next(reversed(entry_paths(root, spec).values()), None)
    return TableStatus(
        table=spec.name,
        rows=sum(file.rows for file in files),
        files=len(files),
        size_bytes=sum(file.size_bytes for file in files),
        partitions=len({file.partition for file in files}),
        version=-1 if table is None else table.version(),
        committed_at=None if newest is None else datetime.fromtimestamp(newest.stat().st_mtime, UTC),
        small_files=sum(map(len, mergeable(files))),
        reclaimable_files=len(reclaimable),
        reclaimable_bytes=sum(file.size_bytes for file in reclaimable),
    )
