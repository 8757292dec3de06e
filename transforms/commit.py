"""Commit: a batch's files become visible, table by table, each exactly once.

One Delta transaction a table, in the order of `tables.COMMIT_ORDER`. Before it, rows whose identity the table
already has are dropped, and rows that an erasure has suppressed since the batch began; the checks and the
commit share one snapshot, so of two rivals the slower one checks again. After it, the log is forced to disk.
Whoever is told of the commit may acknowledge the messages.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from apache_beam.metrics import Metrics

from schemas.errors import StaleSnapshotError, TribometerError
from schemas.tables import COMMIT_ORDER, TableSpec
from transforms.delta import (
    CommitConflictError,
    DataFile,
    StagedFileTakenError,
    active_files,
    add_files,
    make_durable,
    open_or_create,
    table_path,
)
from transforms.elements import BatchId
from transforms.failpoints import failpoint
from transforms.identities import known_identities
from transforms.parquet import write_file
from transforms.suppressions import NONE, SUBJECT_COLUMNS, read_suppressions

_ATTEMPTS: Final = 50
"""Rivals commit in tens of milliseconds; whoever loses fifty times in a row has met something else."""


@dataclass(frozen=True)
class Committed:
    """What one table gained: `added` rows, `duplicate` rows it already had or was given twice.

    `conflicts` counts the rivals that were faster, `suppressed` the rows left out because of an erasure.
    """

    table: str
    added: int
    duplicate: int
    version: int | None
    conflicts: int = 0
    suppressed: int = 0


def commit(
    root: str,
    spec: TableSpec,
    files: Iterable[DataFile],
    *,
    batch_id: str,
    configuration: dict[str, str] | None = None,
) -> Committed:
    """Commit `files` to one table; a batch committed before adds nothing.

    Raises `StagedFileTakenError` when an erasure was faster than the batch, or vacuum took its files for leftovers
    because the process had been stopped for longer than the retention, and `TribometerError` when rivals win again
    and again; nothing of the batch is visible then.
    """
    files = list(files)
    total = sum(file.rows + file.repeated for file in files)
    suppressed = 0
    for attempt in range(_ATTEMPTS):
        table = open_or_create(root, spec, configuration)
        # After the snapshot, not before: an erasure states what it suppresses before its own transaction, which
        # makes every commit on an older snapshot fail. So what this one must not store, it reads here.
        allowed = _without_suppressed(root, spec, files)
        suppressed += _rows(files) - _rows(allowed)
        files = allowed
        try:
            kept = [file for file in _without_known(root, spec, table, files) if file.rows]
            added = _rows(kept)
            if not kept:
                return Committed(spec.name, 0, total - suppressed, None, attempt, suppressed)
            # After the snapshot was opened: vacuum deletes first and bars older snapshots afterwards.
            _check_there(root, spec, kept)
            version = add_files(table, spec, kept, {"batchId": batch_id, "rows": str(added)})
        except StaleSnapshotError:
            continue  # compacted and vacuumed while its identities were read; the next snapshot names other files
        except CommitConflictError:
            time.sleep(random.uniform(0, 0.02 * (attempt + 1)))  # noqa: S311 - spreads rivals, guards nothing
            files = kept  # rows dropped once stay dropped: identities only ever enter a table
            continue
        make_durable(root, spec, kept, version)
        failpoint("after_commit")
        return Committed(spec.name, added, total - added - suppressed, version, attempt, suppressed)
    raise TribometerError(
        f"the table {table_path(root, spec)} changed {_ATTEMPTS} times while committing; try again"
    )


def _rows(files: Iterable[DataFile]) -> int:
    return sum(file.rows for file in files)


def _without_suppressed(root: str, spec: TableSpec, files: list[DataFile]) -> list[DataFile]:
    """The files, rewritten where they hold rows that must not be stored."""
    columns = SUBJECT_COLUMNS.get(spec.name, ())
    suppressed = read_suppressions(root) if columns else NONE
    if not suppressed:
        return files
    allowed = []
    for file in files:
        if file.rows:
            rows = _read_staged(table_path(root, spec) / file.path, columns=list(columns))
            file = _rewrite(root, spec, file, pc.invert(suppressed.matching(rows)))  # noqa: PLW2901
        allowed.append(file)
    return allowed


def _read_staged(path: Path, **options: Any) -> pa.Table:
    """Rows of a file that no log names yet."""
    try:
        return pq.read_table(path, partitioning=None, **options)
    except FileNotFoundError:
        raise StagedFileTakenError(path) from None


def _without_known(root: str, spec: TableSpec, table: object, files: list[DataFile]) -> list[DataFile]:
    """The files, rewritten where they hold rows that the table's snapshot already has."""
    if spec.identity is None or not files:
        return files
    partitions = {file.partition for file in files if file.partition is not None}
    present = active_files(table, partitions if spec.partition else None)
    if not present:
        return files
    wanted = pa.table({"id": pa.array([identity for file in files for identity in file.ids], pa.string())})
    known = known_identities(present, spec.identity, wanted)
    if not len(known):
        return files
    return [
        _rewrite(root, spec, file, pc.invert(pc.is_in(pa.array(file.ids, pa.string()), known)))
        if file.rows
        else file
        for file in files
    ]


def _check_there(root: str, spec: TableSpec, files: list[DataFile]) -> None:
    for file in files:
        path = table_path(root, spec) / file.path
        if not path.exists():
            raise StagedFileTakenError(path)


def _rewrite(root: str, spec: TableSpec, file: DataFile, wanted: pa.Array) -> DataFile:
    """The file with the `wanted` rows only; the old one was never visible and is removed."""
    remaining = pc.sum(wanted).as_py() or 0
    if remaining == file.rows:
        return file
    path = table_path(root, spec) / file.path
    if remaining:
        rows = _read_staged(path, schema=spec.schema).filter(wanted)
        rewritten = write_file(root, spec, rows, partition=file.partition, written_at=file.written_at)
    else:
        rewritten = replace(file, rows=0, ids=(), size_bytes=0)
    path.unlink(missing_ok=True)
    return rewritten


class _CommitFn(beam.DoFn):
    def __init__(self, root: str, batch_id: BatchId, configuration: dict[str, str]) -> None:
        self._root = root
        self._batch_id = batch_id
        self._configuration = configuration

    def process(self, element: tuple[int, Iterable[DataFile]]) -> Iterator[Committed]:
        files = defaultdict(list)
        for file in element[1]:
            files[file.table].append(file)
        failpoint("after_stage")
        for spec in COMMIT_ORDER:
            if spec.name not in files:
                continue
            outcome = commit(
                self._root, spec, files[spec.name], batch_id=self._batch_id(), configuration=self._configuration
            )
            Metrics.counter("commit", f"{spec.name}_added").inc(outcome.added)
            Metrics.counter("commit", f"{spec.name}_duplicate").inc(outcome.duplicate)
            Metrics.counter("commit", f"{spec.name}_suppressed").inc(outcome.suppressed)
            Metrics.counter("commit", "conflicts").inc(outcome.conflicts)
            yield outcome


@dataclass
class Commit(beam.PTransform):
    """`PCollection[DataFile] -> PCollection[Committed]`, one element for each table that was given files."""

    root: str
    batch_id: BatchId
    configuration: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, files: beam.PCollection) -> beam.PCollection:
        return (
            files
            | "OneCommitter" >> beam.WithKeys(0)
            | "GatherFiles" >> beam.GroupByKey()
            | "CommitTables" >> beam.ParDo(_CommitFn(self.root, self.batch_id, self.configuration))
        )


def append(root: str, spec: TableSpec, rows: pa.Table, *, batch_id: str, written_at: datetime) -> Committed:
    """Write and commit rows of a small, unpartitioned table (launches, exposure, runs) in one go."""
    path = table_path(root, spec)
    path.mkdir(parents=True, exist_ok=True)
    file = write_file(root, spec, rows, partition=None, written_at=written_at)
    return commit(root, spec, [file], batch_id=batch_id)
